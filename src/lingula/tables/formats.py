"""The forms in which tables are read and written, told by a file's name."""

from __future__ import annotations

import csv
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from lingula.errors import InputError

#: Suffix -> kind of table.
SUFFIXES: dict[str, str] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}

#: Kinds that are read but not written.
READ_SUFFIXES: dict[str, str] = {
    **SUFFIXES,
    ".json": "json",
    ".xlsx": "xlsx",
    ".txt": "txt",
    ".hl7": "hl7",
    ".dcm": "dicom",
}

#: Suffixes of compressed text forms that are read; .gz is written too.
COMPRESSED: tuple[str, ...] = (".gz", ".bz2", ".xz", ".zst", ".zip")

#: Names that an option may give, for input whose name says nothing.
FORMAT_NAMES: tuple[str, ...] = ("csv", "tsv", "parquet", "jsonl")

DELIMITERS: dict[str, str] = {"csv": ",", "tsv": "\t"}


@dataclass(frozen=True)
class TableFormat:
    """How a table is written in a file.

    Attributes:
        kind: "csv", "tsv", "parquet" or "jsonl"; in reading also "json", "xlsx", "txt",
            "hl7" or "dicom".
        gzip: Whether the text is compressed; never for Parquet, which compresses itself.
    """

    kind: str
    gzip: bool = False


def format_of(path: Path) -> TableFormat:
    """The form in which a file of that name is written, such as ``reports.csv.gz``.

    Raises:
        InputError: If the name tells none; the message lists those that are known.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    gzip = bool(suffixes) and suffixes[-1] == ".gz"
    if gzip:
        suffixes.pop()
    kind = SUFFIXES.get(suffixes[-1]) if suffixes else None
    if kind is None:
        raise _unknown(path, SUFFIXES, ".gz")
    if gzip and kind == "parquet":
        raise InputError(f"{path}: Parquet compresses itself; leave .gz out of the name")
    return TableFormat(kind, gzip)


def format_to_read(path: Path) -> TableFormat:
    """The form that the name of a file to read tells; of a .zip, the name of what is inside.

    Raises:
        InputError: If the name tells none; the message lists those that are known.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compressed = bool(suffixes) and suffixes[-1] in COMPRESSED
    if compressed:
        outer = suffixes.pop()
        if outer == ".zip" and (not suffixes or suffixes[-1] not in READ_SUFFIXES):
            from lingula.tables.opening import name_inside

            suffixes = [suffix.lower() for suffix in Path(name_inside(path)).suffixes]
    kind = READ_SUFFIXES.get(suffixes[-1]) if suffixes else None
    if kind is None:
        raise _unknown(path, READ_SUFFIXES, ", ".join(COMPRESSED))
    if compressed and kind in ("parquet", "xlsx", "dicom"):
        raise InputError(f"{path}: {kind} compresses itself; unpack it first")
    return TableFormat(kind)


def format_named(name: str) -> TableFormat:
    """The form of that name, as an option gives it.

    Raises:
        InputError: If there is no such form.
    """
    if name not in FORMAT_NAMES:
        raise InputError(f"{name!r} is no form of table; known are {', '.join(FORMAT_NAMES)}")
    return TableFormat(name)


def delimiter_of(kind: str, start: str, names: Container[str] | None = None) -> str:
    """What separates the cells of a text form: its own, or what its header shows instead.

    A header that is one cell with semicolons or tabs in it is taken apart there: spreadsheets
    write CSV so where the comma stands in numbers.

    Args:
        kind: "csv" or "tsv".
        start: The text from its beginning on; its first line is looked at.
        names: Names in lower case of which one must come out; without them a line of two short
            cells is enough, so give them where that line may be a report.
    """
    usual = DELIMITERS[kind]
    line = next((line for line in start.splitlines() if line.strip()), "")
    for delimiter in (usual, ";", "\t"):
        try:
            cells = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            # A cell that is too long to be a name: the reader of the table says so.
            return usual
        if len(cells) > 1 and (
            delimiter == usual
            or names is None
            or any(cell.strip().casefold() in names for cell in cells)
        ):
            return delimiter
    return usual


def _unknown(path: Path, known: dict[str, str], compressed: str) -> InputError:
    return InputError(
        f"{path}: the name does not tell the form of the table; it should end in one of "
        f"{', '.join(known)} (text forms also with {compressed})"
    )
