"""A job over a folder of partitions as a value: what is read, who labels, what is written, where.

It holds the records of a job over one table (``lingula.pipeline.job``), whose paths are folders
here; the job of a partition is made of them in the worker that labels it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lingula.engines.stores import address_of
from lingula.engines.summary import FolderProgress
from lingula.errors import InputError
from lingula.labels import Labeler
from lingula.pipeline.job import Output, Source, output_of, source_of, taken

#: Names of engines, in the order in which help shows them.
ENGINES = ("local", "ray")
#: How often a partition that failed is tried again.
RETRIES = 2

_RULES = (None, "rules", "builtin")


@dataclass(frozen=True)
class LabelerChoice:
    """A labeler as ``lingula.load`` is asked for it; each worker loads it once.

    Attributes:
        name: A name or path, the default labeler if None.
        schema: A schema's name or file, or None.
        options: What else ``lingula.load`` takes.
    """

    name: str | None = None
    schema: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_model(self) -> bool:
        """Whether it is a checkpoint or a model folder, which uses all cores, or a GPU, itself."""
        return self.name not in _RULES and Path(str(self.name)).exists()

    @property
    def wants_gpu(self) -> bool:
        """Whether a GPU is asked for by name."""
        return str(self.options.get("device") or "").startswith("cuda")

    @property
    def may_use_gpu(self) -> bool:
        """Whether it is a model that nobody keeps from a GPU."""
        return self.is_model and self.options.get("device") is None

    def load(self, threads: int | None = None) -> Labeler:
        """The labeler; a model is given so many threads, unless its options say how many.

        Raises:
            LingulaError: As ``lingula.load`` does.
        """
        from lingula.loading import load

        options = dict(self.options)
        if threads and self.is_model and not self.wants_gpu:
            options.setdefault("threads", threads)
        return load(self.name, schema=self.schema, **options)


@dataclass(frozen=True)
class FolderHow:
    """How a folder is labeled; nothing here changes a label.

    Attributes:
        engine: "local" (processes on this machine) or "ray" (a Ray cluster, or one started here).
        workers: Partitions that are labeled at a time; if None one a core, or a GPU, and a single
            one for a model on the cores of this machine. 0, for "local" alone, labels in this
            process.
        retries: How often a partition that failed is tried again before it is set aside.
        resume: Whether to go on with output that is there, and do what is missing or stale.
        identity: What else the labels depend on; partitions of other values are stale.
        progress: Called after each partition.

    Raises:
        InputError: If there is no such engine, or a number is below what it can be.
    """

    engine: str = "local"
    workers: int | None = None
    retries: int = RETRIES
    resume: bool = False
    identity: Mapping[str, str | None] = field(default_factory=dict)
    progress: Callable[[FolderProgress], None] | None = None

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise InputError(f"there is no engine {self.engine!r}; there are {', '.join(ENGINES)}")
        if self.retries < 0 or (self.workers is not None and self.workers < 0):
            raise InputError("workers and retries cannot be below 0")
        if self.workers == 0 and self.engine != "local":
            raise InputError(f"the engine {self.engine} needs at least one worker")


@dataclass(frozen=True)
class FolderJob:
    """A folder of partitions, who labels them, and the folder that they become.

    Attributes:
        source: What is read; its path is a folder, or the address of one.
        labeler: What the workers load, or a labeler that can be pickled.
        output: What is written; its path and that of the evidence are folders or addresses, and
            its form is that of every partition, each partition's own if None.
        how: How it is run.

    Raises:
        InputError: If standard input or output, or several inputs, are asked for.
    """

    source: Source
    labeler: LabelerChoice | Labeler
    output: Output
    how: FolderHow = field(default_factory=FolderHow)

    def __post_init__(self) -> None:
        if self.source.is_standard_input or self.output.is_standard_output:
            raise InputError("an engine reads and writes folders, not standard input or output")
        if self.output.dicom_sr is not None:
            raise InputError("an engine writes no DICOM; leave --engine or --dicom-sr out")
        if self.source.more:
            raise InputError(
                f"an engine reads one folder of partitions, not {1 + len(self.source.more)}"
            )

    @property
    def folder(self) -> str:
        """Path or address of the folder that is read."""
        return address_of(self.source.path)

    @property
    def target(self) -> str:
        """Path or address of the folder that is written."""
        return address_of(self.output.path)

    @property
    def evidence(self) -> str | None:
        """Path or address of the folder of evidence, or None."""
        return None if self.output.evidence is None else address_of(self.output.evidence)

    @classmethod
    def of(
        cls,
        source: str | Path | Sequence[str | Path],
        output: str | Path,
        labeler: str | Path | LabelerChoice | Labeler | None = None,
        **options: Any,
    ) -> FolderJob:
        """A job from the names of its folders; any field of its records is an option.

        Raises:
            TypeError: If an option is none of those fields.
            LingulaError: If an option has a value that it cannot have.
        """
        how = taken(options, FolderHow)
        written = taken(options, Output)
        if labeler is None or isinstance(labeler, str | Path):
            labeler = LabelerChoice(None if labeler is None else str(labeler))
        return cls(
            source_of(source, **options),
            labeler,
            output_of(output, **written),
            FolderHow(**how),
        )
