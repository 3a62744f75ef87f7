"""Before any labeling: the partitions of a folder, what they become, and what is read of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path, PurePosixPath

from lingula.engines.job import FolderJob
from lingula.engines.manifest import MANIFEST, SUCCESS, PartitionRecord
from lingula.engines.stores import LocalStore, Store
from lingula.errors import InputError
from lingula.pipeline.job import Output, Source
from lingula.pipeline.opening import open_table
from lingula.pipeline.texts import chosen_sections
from lingula.tables.formats import COMPRESSED, READ_SUFFIXES, format_of

#: A form's usual suffix.
_SUFFIXES = {"csv": ".csv", "tsv": ".tsv", "parquet": ".parquet", "jsonl": ".jsonl"}


@dataclass(frozen=True)
class Partition:
    """One file of the input and what becomes of it.

    Attributes:
        name: Its name in the input's folder.
        output: Name of its output in the output's folder.
        evidence: Name of its evidence in the evidence's folder, or None.
        known: What an earlier run recorded of it, or None.
    """

    name: str
    output: str
    evidence: str | None = None
    known: PartitionRecord | None = None


def partitions_of(names: Sequence[str], job: FolderJob) -> list[Partition]:
    """The partitions among the files of a folder, in order.

    Names with a part that begins with ``_`` or ``.`` are no data, as Spark and Hive have it.

    Raises:
        InputError: If there is none, a name does not tell its form, a form cannot be written, or
            two partitions would become the same file.
    """
    data = [name for name in names if not any(p[0] in "_." for p in name.split("/"))]
    if not data:
        raise InputError(f"{job.folder}: holds no partition: no table, in it or its sub-folders")
    found: dict[str, Partition] = {}
    for name in data:
        _require_table(name, job)
        output = _output_name(name, job)
        evidence = None if job.evidence is None else output
        if output in found:
            raise InputError(
                f"{job.folder}: {found[output].name} and {name} would both become {output}; "
                "rename one of them"
            )
        found[output] = Partition(name, output, evidence)
    return list(found.values())


def _require_table(name: str, job: FolderJob) -> None:
    if job.source.input_format is not None:
        return
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    if suffixes and suffixes[-1] in COMPRESSED:
        suffixes.pop()
    known = suffixes and suffixes[-1] in READ_SUFFIXES
    if known and suffixes[-1] != ".txt":
        return
    raise InputError(
        f"{job.folder}: {name} is no table that an engine reads as a partition; move it away, or "
        "name the form of all files with --input-format"
        + (" (a folder of .txt files is one table: leave --engine out)" if known else "")
    )


def _output_name(name: str, job: FolderJob) -> str:
    form = job.output.form
    if form is None:
        try:
            format_of(Path(name))
        except InputError:
            raise InputError(
                f"{name}: is of a form that is read but not written; name the form of the output "
                "partitions with --output-format"
            ) from None
        return name
    path = PurePosixPath(name)
    while path.suffix.lower() in (*COMPRESSED, *READ_SUFFIXES):
        path = path.with_suffix("")
    return f"{path}{_SUFFIXES[form]}"


def settled(job: FolderJob, partitions: Sequence[Partition], store: Store) -> FolderJob:
    """The job with its columns and sections named, as the first partition that opens shows them.

    So that all partitions are read alike, whoever reads them.

    Raises:
        LingulaError: If no partition can be opened: what is wrong with the first.
    """
    first: InputError | None = None
    for partition in partitions:
        try:
            with store.local(partition.name) as path:
                opened = open_table(replace(job.source, path=str(path)), (path,))
        except InputError as error:
            first = first or InputError(f"{partition.name}: {error}")
            continue
        id_column = None
        if opened.id_column is not None:
            id_column = opened.table.schema.names[opened.id_column]
        source = replace(
            job.source,
            text_columns=opened.names,
            id_column=id_column,
            sections=chosen_sections(job.source.sections, opened.names),
        )
        return replace(job, source=source)
    raise first or InputError(f"{job.folder}: holds no partition")


def require_place(job: FolderJob, source: Store, target: Store) -> None:
    """Refuse an output in the way of the input, or of what is there.

    Raises:
        InputError: If one folder lies in the other, or the output's is there and may not be gone on
            with or replaced.
    """
    places = [source.address, target.address]
    if job.evidence is not None:
        places.append(job.evidence)
    for inner, outer in permutations(places, 2):
        if _within(inner, outer):
            raise InputError(
                f"{inner} lies in {outer}: input, output and evidence are folders apart"
            )
    if isinstance(target, LocalStore) and target.root.exists() and not target.root.is_dir():
        raise InputError(f"{target.address}: is there and is no folder")
    if isinstance(target, LocalStore) and not target.root.parent.is_dir():
        raise InputError(
            f"{target.address}: the folder {target.root.parent} does not exist; create it first"
        )
    if job.how.resume:
        return
    there = target.files()
    own = any(name in (MANIFEST, SUCCESS) for name in there)
    if there and not (own and job.output.overwrite):
        raise InputError(
            f"{target.address}: is there already; go on with it with --resume, or replace it "
            "with --overwrite"
            if own
            else f"{target.address}: is not empty, and no output of an engine; name another folder"
        )


def _within(inner: str, outer: str) -> bool:
    one, other = (_parts(address) for address in (inner, outer))
    return one[: len(other)] == other


def _parts(address: str) -> tuple[str, ...]:
    if "://" in address:
        return PurePosixPath(address).parts
    return Path(address).resolve().parts


def forms(output: Output, source: Source) -> dict[str, object]:
    """What the bytes of a partition depend on besides its labels, as JSON values."""
    return {
        "columns": None if output.columns is None else list(output.columns),
        "text": output.text,
        "suffix": output.suffix,
        "format_like": output.format_like,
        "form": output.form,
        "id column": source.id_column,
    }
