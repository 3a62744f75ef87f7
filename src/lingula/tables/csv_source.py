"""Reads CSV and TSV, every cell the very text it was.

The standard library's parser is used in its strict mode, rather than pyarrow's, for reports: cells
keep their exact text (pyarrow trims nothing either, but takes some words for null and needs one
encoding for all rows), the row that is broken is named or left out by itself, and rows come in
batches that are the same every time. It takes twice as long as pyarrow's, which is still 20 times
faster than labeling. Tables of labels and scores go through pyarrow's (``reading``).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from lingula.errors import InputError
from lingula.tables.arrays import string_array
from lingula.tables.csv_blocks import CsvBlocks, UnclearError
from lingula.tables.formats import DELIMITERS, delimiter_of
from lingula.tables.lines import CELL_CHARACTERS, RecordLines
from lingula.tables.opening import checked_encoding, first_bad_byte, open_binary, reading
from lingula.tables.source import BATCH_CHARACTERS, OnReject, Reject
from lingula.tables.usual_names import USUAL_NAMES

if TYPE_CHECKING:
    import pyarrow as pa

#: Where a header is looked for, to see what separates its cells.
HEADER_BYTES = 1 << 16

#: Column name of a one-column table without a header.
ONLY_COLUMN = "report"


class CsvSource:
    """A CSV or TSV file, looked through once when it is opened.

    Args:
        path: The file; compression is told by its first bytes.
        name: The source, as messages name it.
        delimiter: What separates the cells; told by the header if None.
        kind: "csv" or "tsv".
        encoding: Name of the text's encoding; a byte order mark is left out.
        names: Column names of a file without a header; None if its first row holds them. If
            empty, a lone column is called "report", several "column_1", "column_2" and so on.
        skip_bad_rows: Whether ``batches`` leaves broken rows out instead of raising.
        batch_rows: Rows of a batch at most.

    Raises:
        InputError: If the file is empty or cannot be decoded, or a row is broken (and bad rows
            are not to be skipped); the message names the row, from 1, and the line.
    """

    whole_reports = False

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        kind: str,
        delimiter: str | None,
        encoding: str,
        names: Sequence[str] | None,
        skip_bad_rows: bool,
        batch_rows: int,
    ) -> None:
        import pyarrow as pa

        self.name = name
        self._path = path
        self._encoding = checked_encoding(encoding, path, name)
        self._delimiter = delimiter or self._likely_delimiter(kind, names is None)
        self._header = names is None
        self._given_names = list(names or ())
        self._skip_bad_rows = skip_bad_rows
        self._batch_rows = batch_rows
        self._width = 0
        self.blank_lines = 0
        self._blocks = self._plain_blocks()
        if self._blocks is None:
            self.rows = sum(1 for item in self._records() if not isinstance(item, Reject))
        self.schema = pa.schema([(column, pa.string()) for column in self._names])

    def batches(self, on_reject: OnReject | None = None) -> Iterator[pa.RecordBatch]:
        """All rows in order, in batches that are the same every time."""
        if self._blocks is not None:
            yield from self._block_batches(self._blocks)
            return
        rows: list[list[str]] = []
        size = 0
        for item in self._records():
            if isinstance(item, Reject):
                if on_reject is not None:
                    on_reject(item)
                continue
            rows.append(item)
            size += sum(map(len, item))
            if len(rows) >= self._batch_rows or size >= BATCH_CHARACTERS:
                yield self._batch(rows)
                rows, size = [], 0
        if rows:
            yield self._batch(rows)

    def _plain_blocks(self) -> CsvBlocks | None:
        """The fast way, with the rows counted, if the file is plain enough for it."""
        if self._encoding != "utf-8-sig" or not self._header or self._given_names:
            return None
        if not self._delimiter.isascii() or self._delimiter == "\0":
            return None
        try:
            with reading(self.name):
                blocks = CsvBlocks(self._path, self._delimiter)
                self.rows = sum(batch.num_rows for batch in blocks.batches())
        except UnclearError:
            return None
        self._names = blocks.names
        return blocks

    def _block_batches(self, blocks: CsvBlocks) -> Iterator[pa.RecordBatch]:
        try:
            with reading(self.name):
                yield from blocks.rebatched(self.schema, self._batch_rows, BATCH_CHARACTERS)
        except UnclearError:
            raise InputError(f"{self.name}: was changed while it was read") from None

    def _likely_delimiter(self, kind: str, header: bool) -> str:
        if not header:
            return DELIMITERS[kind]
        with reading(self.name), open_binary(self._path) as binary:
            start = binary.read(HEADER_BYTES).decode(self._encoding, errors="replace")
        return delimiter_of(kind, start, USUAL_NAMES)

    def _batch(self, rows: list[list[str]]) -> pa.RecordBatch:
        import pyarrow as pa

        columns = [string_array(column) for column in zip(*rows, strict=True)]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _records(self) -> Iterator[list[str] | Reject]:
        """Cells of each good row, and a Reject for each bad one if those are skipped."""
        limit = csv.field_size_limit()
        csv.field_size_limit(max(limit, CELL_CHARACTERS))
        try:
            with (
                reading(self.name),
                open_binary(self._path) as binary,
                TextIOWrapper(
                    binary, self._encoding, errors="surrogateescape", newline=""
                ) as stream,
            ):
                lines = RecordLines(stream, self.name, self._delimiter)
                yield from self._parse(lines)
                self.blank_lines = lines.blank_lines
        finally:
            csv.field_size_limit(limit)

    def _parse(self, lines: RecordLines) -> Iterator[list[str] | Reject]:
        # Strict: a quote inside a quoted cell, or one never closed, is an error, not lost text.
        parser = csv.reader(lines, delimiter=self._delimiter, strict=True)
        row = 0
        awaits_header = self._header
        self._width = 0
        while True:
            lines.record.clear()
            try:
                cells = next(parser)
                reason = self._fault(cells, lines.record)
            except StopIteration:
                break
            except csv.Error as error:
                cells, reason = [], _quoting_fault(error)
                if self._width > 1:
                    # One bad quote must not swallow the good rows after it.
                    lines.keep_only_first()
            if awaits_header:
                if reason:
                    raise InputError(f"{self.name}: the header (line {lines.first}) {reason}")
                self._width = len(cells)
                self._names = cells
                awaits_header = False
                continue
            row += 1
            if row == 1 and not self._header and not reason:
                self._width = len(cells)
                self._names = self._given_names or (
                    [ONLY_COLUMN]
                    if len(cells) == 1
                    else [f"column_{number}" for number in range(1, len(cells) + 1)]
                )
            if not reason:
                yield cells
            elif self._skip_bad_rows and self._width:
                yield Reject(row, lines.first, reason, lines.text())
            else:
                raise InputError(self._complaint(row, lines, reason))
        if not self._width:
            raise InputError(f"{self.name}: is empty")

    def _fault(self, cells: list[str], record: list[str]) -> str:
        """What is wrong with a row, or an empty text."""
        if self._width and len(cells) != self._width:
            return f"has {_count(len(cells), 'cell')}, not {self._width}"
        # isascii is free: CPython keeps it with the string.
        if not all(map(str.isascii, record)):
            for cell in cells:
                for character in _undecoded(cell):
                    return f"holds the byte 0x{ord(character) - 0xDC00:02X}, which is not UTF-8"
        return ""

    def _complaint(self, row: int, lines: RecordLines, reason: str) -> str:
        where = f"{self.name}: row {row} (line {lines.first}) {reason}"
        if "byte 0x" in reason:
            offset = first_bad_byte(self._path, self._encoding)
            return (
                f"{where} (byte {offset} of the text); name the encoding, such as "
                "--encoding latin-1, or leave such rows out with --on-bad-row skip"
            )
        if "cell" in reason and self._width == 1:
            return (
                f"{where}; a report with a {'comma' if self._delimiter == ',' else 'tab'} must "
                "stand in double quotes (--on-bad-row skip leaves such rows out)"
            )
        return f"{where}; mend it, or leave such rows out with --on-bad-row skip"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _undecoded(cell: str) -> Iterator[str]:
    """Characters that stand for bytes which do not decode."""
    try:
        cell.encode()
    except UnicodeEncodeError as error:
        yield cell[error.start]


def _quoting_fault(error: csv.Error) -> str:
    message = str(error)
    if "unexpected end of data" in message or "field limit" in message:
        return "opens a double quote that is never closed"
    if "expected after" in message:
        return (
            "has a lone double quote inside a quoted cell (it must be doubled), "
            "or one that is not closed"
        )
    if "NUL" in message:
        # Python 3.10's parser cannot read it; later ones can.
        return "holds a NUL character, which needs Python 3.11 or later"
    return f"is not CSV: {message}"
