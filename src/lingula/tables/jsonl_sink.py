"""Writes JSON Lines: one object a line, in UTF-8."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from lingula.errors import InputError
from lingula.tables.json_cells import is_json_field, to_json
from lingula.tables.output_file import TextFile

if TYPE_CHECKING:
    import pyarrow as pa


class JsonlSink:
    """A JSON Lines file; null is null.

    Raises:
        InputError: If two columns have the same name, which an object cannot hold.
    """

    def __init__(self, path: Path, schema: pa.Schema, *, compressed: bool = False) -> None:
        for name in schema.names:
            if schema.names.count(name) > 1:
                raise InputError(
                    f"the column {name!r} occurs twice, which JSON Lines cannot hold; "
                    "write CSV or Parquet instead, or rename one"
                )
        self._keys = [json.dumps(name, ensure_ascii=False) + ": " for name in schema.names]
        self._file = TextFile(path, compressed=compressed)

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""
        members = [
            [key + text for text in _values(column, field)]
            for key, column, field in zip(self._keys, batch.columns, batch.schema, strict=True)
        ]
        lines = [f"{{{', '.join(row)}}}\n" for row in zip(*members, strict=True)]
        self._file.write("".join(lines).encode())

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def abandon(self) -> None:
        """Close the file without finishing it."""
        self._file.abandon()


def _values(column: pa.Array, field: pa.Field) -> list[str]:
    import pyarrow.types as kind

    if kind.is_struct(field.type):
        return _records(column, field)
    values = column.to_pylist()
    if is_json_field(field):
        return ["null" if value is None else value for value in values]
    if kind.is_floating(field.type):
        narrow = kind.is_float32(field.type)
        # NaN and infinity are no JSON.
        return [
            "null" if value is None or value - value != 0 else _number(value, narrow)
            for value in values
        ]
    return ["null" if value is None else to_json(value) for value in values]


def _records(column: pa.Array, field: pa.Field) -> list[str]:
    """Records as objects, member by member, so that their numbers are written as others are."""
    members = [
        [f"{to_json(inner.name)}: {text}" for text in _values(values, inner)]
        for values, inner in zip(column.flatten(), field.type, strict=True)
    ]
    if not members:
        return [to_json(value) for value in column.to_pylist()]
    objects = [f"{{{', '.join(row)}}}" for row in zip(*members, strict=True)]
    valid = column.is_valid().to_pylist()
    return [text if here else "null" for text, here in zip(objects, valid, strict=True)]


def _number(value: float, narrow: bool) -> str:
    import numpy as np

    # The shortest text that reads back as the same number of that width.
    return str(np.float32(value)) if narrow else repr(float(value))
