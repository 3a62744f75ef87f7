"""One partition, from its file to its place: what every worker of every engine does."""

from __future__ import annotations

import hashlib
import json
import traceback
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lingula.engines.job import FolderJob, LabelerChoice
from lingula.engines.manifest import REJECTS, PartitionRecord, WrittenFile, write_record
from lingula.engines.planning import Partition, forms
from lingula.engines.stores import Store, open_store
from lingula.errors import InputError, LingulaError
from lingula.labels import Labeler
from lingula.pipeline.job import How, Job
from lingula.pipeline.running import run
from lingula.pipeline.summary import Summary


@dataclass(frozen=True)
class Described:
    """What a worker tells of its labeler.

    Attributes:
        name: Its name, or that of its class.
        sha256: Its digest, or None.
        names: Names of its observations.
        job: What the labels depend on besides the input, as JSON values, for the manifest.
    """

    name: str
    sha256: str | None
    names: tuple[str, ...]
    job: Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """A partition that is whole; ``kept`` if it was so before."""

    record: PartitionRecord
    kept: bool = False


class PartitionError(LingulaError):
    """A partition that could not be labeled; its message is the reason, and holds no report."""


class PartitionLabeler:
    """Labels partitions with a labeler that is loaded once.

    Args:
        job: The job, its columns and sections named.
        threads: Threads of a model, unless its options say how many.

    Raises:
        LingulaError: If the labeler cannot be loaded, or lacks what is asked for.
    """

    def __init__(self, job: FolderJob, threads: int | None = None) -> None:
        self._job = job
        self._source = open_store(job.folder)
        self._target = open_store(job.target)
        self._evidence = None if job.evidence is None else open_store(job.evidence)
        choice = job.labeler
        self._labeler: Labeler = (
            choice.load(threads) if isinstance(choice, LabelerChoice) else choice
        )
        self._held = {
            "lingula": _version(),
            **self._table_job(Path("in"), Path("out.csv"), None).choices(),
            "output": forms(job.output, job.source),
        }
        held = json.dumps(self._held, sort_keys=True)
        self._digest = hashlib.sha256(held.encode()).hexdigest()

    def describe(self) -> Described:
        """What the run needs to know of the labeler."""
        return Described(
            str(getattr(self._labeler, "name", type(self._labeler).__qualname__)),
            getattr(self._labeler, "sha256", None),
            self._labeler.schema.names,
            self._held,
        )

    def label(self, partition: Partition) -> Done:
        """Label one partition, put its files in their places, and record it there.

        Raises:
            PartitionError: If it cannot be read, labeled or written.
        """
        try:
            return self._label(partition)
        except LingulaError as error:
            raise PartitionError(str(error)) from None
        except Exception as error:
            raise PartitionError(_where(error)) from error

    def _label(self, partition: Partition) -> Done:
        found = self._source.fingerprint(partition.name)
        if found is None:
            raise InputError("is not there any more")
        if partition.known is not None and self._is_current(partition.known, found):
            return Done(partition.known, kept=True)
        with ExitStack() as stack:
            path = stack.enter_context(self._source.local(partition.name))
            folder = stack.enter_context(self._target.staging())
            output = folder / Path(partition.output).name
            evidence = None
            if self._evidence is not None and partition.evidence is not None:
                apart = stack.enter_context(self._evidence.staging())
                evidence = apart / Path(partition.evidence).name
            summary = run(self._table_job(path, output, evidence))
            record = self._publish(partition, found, summary, output, evidence)
        if self._source.fingerprint(partition.name) != found:
            raise InputError("was changed while it was read; run again when it is whole")
        write_record(self._target, partition.name, record)
        return Done(record)

    def _publish(
        self,
        partition: Partition,
        found: Mapping[str, Any],
        summary: Summary,
        output: Path,
        evidence: Path | None,
    ) -> PartitionRecord:
        rejects = reasons = None
        if summary.rejects is not None:
            name = f"{REJECTS}/{partition.output}.rejects.csv"
            rejects = _published(self._target, summary.rejects, name)
        if evidence is not None and self._evidence is not None and partition.evidence is not None:
            reasons = _published(self._evidence, evidence, partition.evidence)
        return PartitionRecord(
            input=found,
            choices=self._digest,
            labeler=getattr(self._labeler, "sha256", None),
            rows=summary.rows,
            empty=summary.empty,
            rejected=summary.rejected,
            counts=tuple(map(tuple, summary.counts.tolist())),
            # Last, so that whoever finds it finds the others.
            output=_published(self._target, output, partition.output),
            evidence=reasons,
            rejects=rejects,
        )

    def _is_current(self, known: PartitionRecord, found: Mapping[str, Any]) -> bool:
        if known.choices != self._digest or known.input != found:
            return False
        for store, file in (
            (self._target, known.output),
            (self._evidence, known.evidence),
            (self._target, known.rejects),
        ):
            if file is not None and (
                store is None or store.fingerprint(file.name) != file.fingerprint
            ):
                return False
        return True

    def _table_job(self, path: Path, output: Path, evidence: Path | None) -> Job:
        job = self._job
        if evidence is None and job.output.evidence is not None:
            # Only for what the labels depend on.
            evidence = output.with_name("evidence.csv")
        return Job(
            replace(job.source, path=str(path)),
            self._labeler,
            replace(job.output, path=output, evidence=evidence, form=None, overwrite=False),
            How(workers=1, keep_work=False, identity=job.how.identity),
        )


def _published(store: Store, path: Path, name: str) -> WrittenFile:
    store.publish(path, name)
    found = store.fingerprint(name)
    if found is None:
        raise InputError(f"{name} is not there after it was written")
    return WrittenFile(name, found)


def _where(error: Exception) -> str:
    """Kind and place of a bug; its own words may hold what a table holds."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno} (a bug?)"


def _version() -> str:
    import lingula

    return lingula.__version__
