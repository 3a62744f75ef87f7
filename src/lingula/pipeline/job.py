"""A job as a value: what is read, what is written, and how it is run.

The command line and Python build the same three records; everything below is handed them whole.
A record prints itself (``Job.to_dict``), and says which of its choices the labels depend on
(``Job.choices``), which is what kept work is held against before a run goes on with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from lingula.errors import InputError, LingulaError, SchemaError
from lingula.labels import Labeler
from lingula.pipeline.describing import describe, is_text, record_values
from lingula.pipeline.remarks import LANGUAGES
from lingula.pipeline.summary import Progress

#: The path of standard input, and of standard output.
STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Source:
    """What is to be read.

    Attributes:
        path: A CSV, TSV, Parquet or JSON Lines file, a folder of .txt files or of Parquet parts, a
            pattern such as ``parts/*.csv``, or "-" for standard input.
        text_columns: Names of the columns to read, joined by a blank line; found by name if none.
        id_column: Name of the column of ids; found by name if None.
        sections: Canonical names of the sections to read, None for the text as it is, or "auto",
            which each question answers in its own way.
        input_format: "csv", "tsv", "parquet" or "jsonl", for a name that does not tell.
        delimiter: What separates the cells of CSV input, if no comma (a tab in TSV) does.
        encoding: Of the text forms.
        header: Whether CSV or TSV begins with the column names.
        on_bad_row: "fail", or "skip" to write rows that cannot be read to
            ``<output>.rejects.csv``.
        keep_placeholders: Whether cells such as "n/a" or "no report" are labeled as reports; they
            count as empty else.
        more: Further inputs of the same columns, read after the first.
        language: "check" leaves a text that is not English blank and counts it, "en" ends the run
            there, "any" labels it as English.

    Raises:
        InputError: If bad rows are to do something else, or the language is none of these.
    """

    path: str
    text_columns: tuple[str, ...] = ()
    id_column: str | None = None
    sections: tuple[str, ...] | str | None = "auto"
    input_format: str | None = None
    delimiter: str | None = None
    encoding: str = "utf-8"
    header: bool = True
    on_bad_row: str = "fail"
    more: tuple[str, ...] = ()
    keep_placeholders: bool = False
    language: str = "check"

    def __post_init__(self) -> None:
        if self.more and STANDARD_INPUT in (self.path, *self.more):
            raise InputError("standard input is read alone, not with other inputs")
        if self.on_bad_row not in ("fail", "skip"):
            raise InputError(f"bad rows can fail or be skipped (skip), not {self.on_bad_row!r}")
        if self.language not in LANGUAGES:
            raise InputError(f"language is one of {', '.join(LANGUAGES)}, not {self.language!r}")

    @property
    def is_standard_input(self) -> bool:
        """Whether standard input is read."""
        return self.path == STANDARD_INPUT

    @property
    def name(self) -> str:
        """The source, as messages name it."""
        if self.is_standard_input:
            return "standard input"
        return f"{self.path} and {len(self.more)} more" if self.more else self.path

    @property
    def skips_bad_rows(self) -> bool:
        """Whether rows that cannot be read are left out."""
        return self.on_bad_row == "skip"


@dataclass(frozen=True)
class Output:
    """What is to be written.

    Attributes:
        path: The table; its name tells the form. "-" is standard output.
        form: Form of standard output: "csv" (also None), "tsv", "parquet" or "jsonl"; of the
            partitions of a folder, each its own if None.
        evidence: A table with one row a mention, or None.
        probabilities: Whether to add the probability of each class.
        format_like: "chexbert" for the text and 14 labels in CheXbert's form, nothing else; as
            there, whatever a cell holds is labeled, in any language.
        suffix: Put after the name of each new column.
        columns: Names of the input's columns to keep, in that order; all if None. "labels" stands
            for the new columns, which come last anyhow, "id" for the column of ids.
        text: Whether to keep the columns whose text is read.
        overwrite: Whether output and kept work that are there may be replaced.
        dicom_sr: A folder for the labels as DICOM structured reports, beside reports that are such
            themselves, or None.

    Raises:
        SchemaError: If there is no such form to write like.
        LingulaError: If probabilities are asked of CheXbert's form, which holds none.
    """

    path: Path
    evidence: Path | None = None
    probabilities: bool = False
    format_like: str | None = None
    suffix: str = ""
    columns: tuple[str, ...] | None = None
    text: bool = True
    form: str | None = None
    overwrite: bool = False
    dicom_sr: Path | None = None

    def __post_init__(self) -> None:
        if self.format_like not in (None, "chexbert"):
            raise SchemaError(
                f"there is no form {self.format_like!r} to write like; there is chexbert"
            )
        if self.format_like and self.probabilities:
            raise LingulaError("CheXbert's form holds no probabilities; choose one of the two")
        if self.format_like and (self.columns is not None or not self.text):
            raise LingulaError("CheXbert's form is the text and the labels; its columns are fixed")
        if self.is_standard_output and self.evidence is not None:
            raise InputError("evidence goes beside a file; name one with -o")
        if "\0" in self.suffix or not is_text(self.suffix):
            raise InputError(
                f"{self.suffix!r} holds what no column's name can; name another suffix"
            )

    @property
    def is_standard_output(self) -> bool:
        """Whether standard output is written."""
        return str(self.path) == STANDARD_INPUT


@dataclass(frozen=True)
class How:
    """How a job is run.

    Attributes:
        workers: Processes that label at most; all cores if None. A small input takes none.
        batch_rows: Rows of a batch at most, the unit of work and of what is kept. If None, those
            of the run that is resumed, else the labeler's ``batch_rows`` (see ``Labeler``), else
            2,048 for labelers with ``parallel = True``, 512 for others.
        resume: Whether to go on with the kept work of an interrupted run, if there is any.
        identity: What else the labels depend on; a run resumes only if it is the same.
        keep_work: Whether finished work is kept until the output is whole, to be resumed.
        progress: Called after each batch.

    Raises:
        InputError: If a batch has no row.
    """

    workers: int | None = None
    batch_rows: int | None = None
    resume: bool = False
    keep_work: bool = True
    identity: Mapping[str, str | None] = field(default_factory=dict)
    progress: Callable[[Progress], None] | None = None

    def __post_init__(self) -> None:
        if self.batch_rows is not None and self.batch_rows < 1:
            raise InputError(f"a batch needs at least one row, not {self.batch_rows}")


@dataclass(frozen=True)
class Job:
    """A table of reports, who labels it, and what becomes of it.

    Attributes:
        source: What is read.
        labeler: Any labeler. If it has ``parallel = True`` it is pickled and used in several
            processes; others (BERT, which uses all cores by itself) label in this one.
        output: What is written.
        how: How it is run.

    Raises:
        InputError: If a run over standard input is to be resumed.
    """

    source: Source
    labeler: Labeler
    output: Output
    how: How = field(default_factory=How)

    def __post_init__(self) -> None:
        if self.output.format_like:
            as_given = replace(self.source, language="any", keep_placeholders=True)
            object.__setattr__(self, "source", as_given)
        if self.source.is_standard_input and self.how.resume:
            raise InputError(
                "standard input cannot be read again to resume; save it to a file first"
            )
        if self.output.form and not self.output.is_standard_output:
            raise InputError("a file's name tells its form; a form is named for standard output")
        if self.output.is_standard_output and self.how.resume:
            raise InputError("no work is kept for standard output; name a file with -o")

    @classmethod
    def of(
        cls,
        source: str | Path | Sequence[str | Path],
        output: str | Path,
        labeler: Labeler,
        **options: Any,
    ) -> Job:
        """A job from the names of its files; any field of the three records is an option.

        Raises:
            TypeError: If an option is none of those fields.
            LingulaError: If an option has a value that it cannot have.
        """
        how = taken(options, How)
        written = taken(options, Output)
        how["identity"] = how.get("identity") or {}
        return cls(
            source_of(source, **options),
            labeler,
            output_of(output, **written),
            How(**how),
        )

    def resuming(self) -> Job:
        """The same job, going on with kept work."""
        return replace(self, how=replace(self.how, resume=True))

    def choices(self) -> dict[str, Any]:
        """What the labels depend on besides the input's content, as JSON values.

        Where the table is read from and written to, which column holds the ids, which columns are
        written, and on how many processes, changes no label.
        """
        read = record_values(self.source)
        del read["path"], read["more"], read["id_column"]
        return {
            "text columns": read.pop("text_columns"),
            "sections": read.pop("sections"),
            "input options": read,
            "evidence": self.output.evidence is not None,
            "probabilities": self.output.probabilities,
            "labeler": describe(self.labeler),
            "labeler options": dict(self.how.identity),
        }

    def to_dict(self) -> dict[str, Any]:
        """The whole job as JSON values."""
        return {
            "source": record_values(self.source),
            "labeler": describe(self.labeler),
            "output": record_values(self.output),
            "how": {
                name: value for name, value in record_values(self.how).items() if name != "progress"
            },
        }


def source_of(path: str | Path | Sequence[str | Path], **options: Any) -> Source:
    """A source from its path or paths and options, lists in the place of tuples allowed.

    Raises:
        TypeError: If an option is no field of ``Source``.
        InputError: If an option has a value that it cannot have, or no path is given.
    """
    paths = [path] if isinstance(path, str | Path) else list(path)
    if not paths:
        raise InputError("name at least one input")
    columns = options.pop("text_columns", ())
    sections = options.pop("sections", "auto")
    if sections is not None and not isinstance(sections, str):
        sections = tuple(sections)
    if isinstance(columns, str):
        columns = (columns,)
    first, *more = (os.fspath(given) for given in paths)
    return Source(first, tuple(columns), sections=sections, more=tuple(more), **options)


def output_of(path: str | Path, **options: Any) -> Output:
    """An output from its path and options, names of files and lists allowed in their places.

    Raises:
        TypeError: If an option is no field of ``Output``.
        LingulaError: If an option has a value that it cannot have.
    """
    for name, kind in (("evidence", Path), ("dicom_sr", Path), ("columns", tuple)):
        if options.get(name) is not None:
            options[name] = kind(options[name])
    return Output(Path(path), **options)


def taken(options: dict[str, Any], kind: type) -> dict[str, Any]:
    """Those of the options that are fields of a record, its path apart; they are removed."""
    names = {item.name for item in fields(kind)} - {"path"}
    return {name: options.pop(name) for name in names & options.keys()}
