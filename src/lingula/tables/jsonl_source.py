"""Reads JSON Lines: one object a line, its keys the columns."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lingula.errors import InputError
from lingula.tables.arrays import string_array
from lingula.tables.json_cells import is_json_field, json_field, to_json
from lingula.tables.lines import RecordLines
from lingula.tables.opening import checked_encoding, first_bad_byte, open_binary, reading
from lingula.tables.source import BATCH_CHARACTERS, OnReject, Reject

if TYPE_CHECKING:
    import pyarrow as pa

_INT64 = 2**63
#: Integers up to here are exact as double precision numbers.
_EXACT = 2**53


class JsonlSource:
    """A JSON Lines file, looked through once when it is opened, to learn its columns.

    The columns are all keys, in the order in which they first come; a key that a line lacks, and
    NaN, is null. A column of one kind (text, whole numbers, numbers, true and false) gets that
    type; one of several kinds, or nested, keeps each value as JSON text.

    Raises:
        InputError: If the file is empty or cannot be decoded, or a line is no JSON object (and bad
            rows are not to be skipped); the message names the row and the line.
    """

    whole_reports = False
    #: Columns of a form that always has the same, for a file of which every row was left out.
    _columns: tuple[str, ...] = ()

    def __init__(
        self, path: Path, *, name: str, encoding: str, skip_bad_rows: bool, batch_rows: int
    ) -> None:
        self.name = name
        self._path = path
        self._encoding = checked_encoding(encoding, path, name)
        self._skip_bad_rows = skip_bad_rows
        self._batch_rows = batch_rows
        self.blank_lines = 0
        self.rows = 0
        kinds: dict[str, set[str]] = {}
        for item in self._records():
            if not isinstance(item, Reject):
                self.rows += 1
                for key, value in item.items():
                    kinds.setdefault(key, set()).add(_kind(value))
        if not kinds:
            kinds = {name: {"text"} for name in self._columns}
        if not kinds:
            raise InputError(f"{name}: is empty: it holds no JSON object with a key")
        self.schema = _schema(kinds)

    def batches(self, on_reject: OnReject | None = None) -> Iterator[pa.RecordBatch]:
        """All rows in order, in batches that are the same every time."""
        rows: list[dict[str, Any]] = []
        size = 0
        for item in self._records():
            if isinstance(item, Reject):
                if on_reject is not None:
                    on_reject(item)
                continue
            rows.append(item)
            size += sum(len(value) for value in item.values() if isinstance(value, str))
            if len(rows) >= self._batch_rows or size >= BATCH_CHARACTERS:
                yield self._batch(rows)
                rows, size = [], 0
        if rows:
            yield self._batch(rows)

    def _batch(self, rows: list[dict[str, Any]]) -> pa.RecordBatch:
        import pyarrow as pa

        columns = []
        for field in self.schema:
            values = [row.get(field.name) for row in rows]
            if is_json_field(field):
                values = [None if value is None else to_json(value) for value in values]
            text = pa.types.is_string(field.type)
            columns.append(string_array(values) if text else pa.array(values, field.type))
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _records(self) -> Iterator[dict[str, Any] | Reject]:
        with (
            reading(self.name),
            open_binary(self._path) as binary,
            TextIOWrapper(binary, self._encoding, errors="surrogateescape", newline="\n") as stream,
        ):
            lines = RecordLines(stream, self.name)
            for row, line in enumerate(lines, start=1):
                value, reason = _parse(line)
                if not reason:
                    yield value
                elif self._skip_bad_rows:
                    yield Reject(row, lines.first, reason, lines.text())
                else:
                    raise InputError(self._complaint(row, lines, reason))
                lines.record.clear()
            self.blank_lines = lines.blank_lines

    def _complaint(self, row: int, lines: RecordLines, reason: str) -> str:
        where = f"{self.name}: row {row} (line {lines.first}) {reason}"
        if "not UTF-8" in reason:
            offset = first_bad_byte(self._path, self._encoding)
            return (
                f"{where} (byte {offset} of the text); name the encoding, such as "
                "--encoding latin-1, or leave such rows out with --on-bad-row skip"
            )
        return f"{where}; mend it, or leave such rows out with --on-bad-row skip"


def _parse(line: str) -> tuple[dict[str, Any], str]:
    """The object of a line, or what is wrong with it."""
    if not line.isascii():
        try:
            line.encode()
        except UnicodeEncodeError as error:
            return {}, f"holds the byte 0x{ord(line[error.start]) - 0xDC00:02X}, which is not UTF-8"
    try:
        value = json.loads(line, parse_constant=parse_constant)
    except json.JSONDecodeError as error:
        return {}, f"is not JSON: {error.msg} at character {error.colno}"
    except (ValueError, RecursionError) as error:
        return {}, f"is not JSON that can be read: {error}"
    if not isinstance(value, dict):
        return {}, "is no JSON object ({...})"
    if "\\u" in line:
        try:
            to_json(value).encode()
        except UnicodeEncodeError:
            return {}, "holds half of a surrogate pair, which is no character"
    return value, ""


def parse_constant(word: str) -> None:
    """What NaN in JSON stands for: nothing; the infinities are refused."""
    # Python and pandas write a missing text as NaN, which is no JSON but is often met.
    if word == "NaN":
        return
    raise ValueError(f"{word} is no JSON number")


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int):
        if abs(value) <= _EXACT:
            return "integer"
        return "long integer" if -_INT64 <= value < _INT64 else "other"
    if isinstance(value, float) and math.isfinite(value):
        return "number"
    return "other"


def _schema(kinds: dict[str, set[str]]) -> pa.Schema:
    import pyarrow as pa

    fields = []
    for name, all_kinds in kinds.items():
        found = all_kinds - {"null"}
        if found <= {"text"}:
            fields.append(pa.field(name, pa.string()))
        elif found == {"true or false"}:
            fields.append(pa.field(name, pa.bool_()))
        elif found <= {"integer", "long integer"}:
            fields.append(pa.field(name, pa.int64()))
        elif found <= {"integer", "number"}:
            fields.append(pa.field(name, pa.float64()))
        else:
            fields.append(json_field(name))
    return pa.schema(fields)
