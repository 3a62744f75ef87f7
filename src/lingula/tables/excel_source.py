"""Reads the first sheet of an Excel workbook: its first row holds the column names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from lingula.errors import InputError, MissingExtraError
from lingula.tables.arrays import string_array
from lingula.tables.opening import reading
from lingula.tables.source import BATCH_CHARACTERS, OnReject

if TYPE_CHECKING:
    import pyarrow as pa


class ExcelSource:
    """The first sheet with rows, every cell as text; whole numbers without a decimal point.

    Rows without any cell are no rows. A formula gives the value that was saved with it.

    Raises:
        InputError: If the file is no workbook, or no sheet holds a header.
        MissingExtraError: If the package that reads workbooks is not installed.
    """

    whole_reports = False
    blank_lines = 0

    def __init__(self, path: Path, *, name: str, batch_rows: int) -> None:
        import pyarrow as pa

        self.name = name
        self._path = path
        self._batch_rows = batch_rows
        rows = self._rows()
        header = next(rows, None)
        if header is None:
            raise InputError(f"{name}: is empty: no sheet holds a row")
        while header and header[-1] is None:
            header.pop()
        self._names = [value or f"column_{at}" for at, value in enumerate(header, start=1)]
        self.rows = sum(1 for _ in rows)
        self.schema = pa.schema([(column, pa.string()) for column in self._names])

    def batches(self, on_reject: OnReject | None = None) -> Iterator[pa.RecordBatch]:
        """All rows in order, in batches that are the same every time; none is rejected."""
        import pyarrow as pa

        rows: list[list[str | None]] = []
        size = 0
        cells = self._rows()
        next(cells)
        width = len(self._names)
        for row in cells:
            rows.append((row + [None] * width)[:width])
            size += sum(len(cell) for cell in row if cell is not None)
            if len(rows) >= self._batch_rows or size >= BATCH_CHARACTERS:
                columns = [string_array(column) for column in zip(*rows, strict=True)]
                yield pa.RecordBatch.from_arrays(columns, schema=self.schema)
                rows, size = [], 0
        if rows:
            columns = [string_array(column) for column in zip(*rows, strict=True)]
            yield pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _rows(self) -> Iterator[list[str | None]]:
        try:
            from openpyxl import load_workbook
            from openpyxl.utils.exceptions import InvalidFileException
        except ImportError:
            raise MissingExtraError(f"{self.name}: an Excel workbook", "excel") from None
        with reading(self.name):
            try:
                book = load_workbook(self._path, read_only=True, data_only=True)
            except (BadZipFile, InvalidFileException, KeyError, ValueError) as error:
                raise InputError(f"{self.name}: is no Excel workbook: {error}") from None
            try:
                for sheet in book.worksheets:
                    found = False
                    for row in sheet.iter_rows(values_only=True):
                        cells = [_text(value) for value in row]
                        if any(cell is not None for cell in cells):
                            found = True
                            yield cells
                    if found:
                        return
            finally:
                book.close()


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and not (value.hour or value.minute or value.second):
        return value.date().isoformat()
    return str(value)
