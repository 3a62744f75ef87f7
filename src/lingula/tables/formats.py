"""The forms in which tables are read and written, told by a file's name."""

from __future__ import annotations

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

#: Names that an option may give, for input whose name says nothing.
FORMAT_NAMES: tuple[str, ...] = ("csv", "tsv", "parquet", "jsonl")

DELIMITERS: dict[str, str] = {"csv": ",", "tsv": "\t"}


@dataclass(frozen=True)
class TableFormat:
    """How a table is written in a file.

    Attributes:
        kind: "csv", "tsv", "parquet" or "jsonl".
        gzip: Whether the text is compressed; never for Parquet, which compresses itself.
    """

    kind: str
    gzip: bool = False


def format_of(path: Path) -> TableFormat:
    """The form that a file's name tells, such as ``reports.csv.gz``.

    Raises:
        InputError: If the name tells none; the message lists those that are known.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    gzip = bool(suffixes) and suffixes[-1] == ".gz"
    if gzip:
        suffixes.pop()
    kind = SUFFIXES.get(suffixes[-1]) if suffixes else None
    if kind is None:
        known = ", ".join(SUFFIXES)
        raise InputError(
            f"{path}: the name does not tell the form of the table; it should end in one of "
            f"{known} (text forms also with .gz)"
        )
    if gzip and kind == "parquet":
        raise InputError(f"{path}: Parquet compresses itself; leave .gz out of the name")
    return TableFormat(kind, gzip)


def format_named(name: str) -> TableFormat:
    """The form of that name, as an option gives it.

    Raises:
        InputError: If there is no such form.
    """
    if name not in FORMAT_NAMES:
        raise InputError(f"{name!r} is no form of table; known are {', '.join(FORMAT_NAMES)}")
    return TableFormat(name)
