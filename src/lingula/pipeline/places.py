"""Where a run writes: beside the output first, in its place when whole."""

from __future__ import annotations

import csv
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from lingula.errors import InputError
from lingula.pipeline.inputs import input_files
from lingula.pipeline.job import Output, Source
from lingula.tables.formats import TableFormat, format_of
from lingula.tables.source import Reject


@dataclass(frozen=True)
class Places:
    """The files of a run.

    Attributes:
        output: The labeled table.
        output_format: Its form.
        evidence: The table of evidence, or None.
        evidence_format: Its form.
        rejects: Where rows go that cannot be read.
        work: Folder of finished work, until the output is whole.
    """

    output: Path
    output_format: TableFormat
    evidence: Path | None
    evidence_format: TableFormat | None

    @property
    def rejects(self) -> Path:
        """The output's name with ``.rejects.csv`` after it."""
        return self.output.with_name(self.output.name + ".rejects.csv")

    @property
    def work(self) -> Path:
        """The output's name with ``.partial`` after it."""
        return work_folder(self.output)


def work_folder(output: Path) -> Path:
    """Where the finished work of an interrupted run for that output is kept."""
    output = output.resolve()
    return output.with_name(output.name + ".partial")


def choose_places(source: Source, output: Output, *, resume: bool = False) -> Places:
    """Check that the files of a run can be written and are not in each other's way.

    Links are followed. A run that goes on with kept work may replace what is there: the run before
    was killed while it gave its files their names, for there was nothing, or it might replace it.

    Raises:
        InputError: If a folder is missing, a file is there already, two are the same, or a name
            does not tell its form.
    """
    output_format = format_of(output.path)
    evidence = output.evidence
    evidence_format = None if evidence is None else format_of(evidence)
    # A link stays a link: what it points to is replaced.
    places = Places(
        output.path.resolve(),
        output_format,
        None if evidence is None else evidence.resolve(),
        evidence_format,
    )
    files = () if source.is_standard_input else input_files(source)
    named = [("output", output.path, places.output)]
    if evidence is not None and places.evidence is not None:
        named.append(("evidence", evidence, places.evidence))
        if places.evidence == places.output:
            raise InputError(f"{evidence}: the evidence and the output are the same file")
    if source.skips_bad_rows:
        named.append(("file of rejects", places.rejects, places.rejects))
    free = output.overwrite or (resume and places.work.is_dir())
    for what, given, path in named:
        if any(_same(path, file) for file in files):
            raise InputError(f"{given}: the {what} and the input are the same file")
        if not path.parent.is_dir():
            raise InputError(f"{given}: the folder {given.parent} does not exist; create it first")
        if path.exists() and not path.is_file():
            raise InputError(f"{given}: is there and is no file")
        if path.exists() and not free:
            raise InputError(f"{given}: is there already; name another, or add --overwrite")
    return places


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns errors of the system into an InputError that names what was being written.

    Raises:
        InputError: If the block raises an OSError.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InputError(
                f"{path}: the disk is full; make room, then go on with --resume"
            ) from error
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error


def beside(path: Path) -> Path:
    """Name under which a file is written until it is whole; in the same folder."""
    return path.with_name(f".{path.name}.new")


def publish(path: Path) -> None:
    """Give a file that is whole its name.

    Raises:
        OSError: If it cannot be renamed.
    """
    with beside(path).open("r+b") as stream:
        # The name must not point to data that a power failure takes away.
        os.fsync(stream.fileno())
    os.replace(beside(path), path)  # noqa: PTH105 - replaces on every system


def remove(path: Path) -> None:
    """Remove a file that is not whole, if it is there."""
    with suppress(OSError):
        beside(path).unlink(missing_ok=True)


class RejectsFile:
    """The table of rows that cannot be read; made when the first comes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: TextIO | None = None
        self.count = 0

    def add(self, reject: Reject) -> None:
        """Write one row.

        Raises:
            InputError: If it cannot be written.
        """
        with writing(self._path):
            if self._stream is None:
                # Bytes that are no UTF-8 are shown as \\udcXX, so that this file is UTF-8.
                beside(self._path).touch(mode=0o600)  # it holds rows as they are, reports and all
                self._stream = beside(self._path).open(
                    "w", encoding="utf-8", errors="backslashreplace", newline=""
                )
                csv.writer(self._stream).writerow(["row", "line", "reason", "text"])
            csv.writer(self._stream).writerow([reject.row, reject.line, reject.reason, reject.text])
        self.count += 1

    def close(self) -> None:
        """Finish the file, if there is one."""
        if self._stream is not None:
            self._stream.close()

    def abandon(self) -> None:
        """Close the file, not caring whether what is held back can be written."""
        with suppress(OSError):
            self.close()
