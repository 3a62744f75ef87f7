"""Columns of JSON Lines whose values are of several kinds, or nested, kept as JSON text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lingula.tables.arrays import string_array

if TYPE_CHECKING:
    import pyarrow as pa

_MARK = {b"lingula": b"json"}


def json_field(name: str) -> pa.Field:
    """A column whose every value is the text of a JSON value, strings in their quotes."""
    import pyarrow as pa

    return pa.field(name, pa.string(), metadata=_MARK)


def is_json_field(field: pa.Field) -> bool:
    """Whether a column holds JSON text."""
    return bool(field.metadata) and field.metadata.get(b"lingula") == _MARK[b"lingula"]


def to_json(value: Any) -> str:
    """A value as JSON, on one line; what JSON has no word for (a date) as its text."""
    return json.dumps(value, ensure_ascii=False, default=str)


def without_quotes(column: pa.Array) -> pa.Array:
    """JSON text made plain: a string loses its quotes, all else stays JSON."""
    return string_array(
        [
            json.loads(value) if value is not None and value.startswith('"') else value
            for value in column.to_pylist()
        ]
    )


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The schema with JSON columns as plain text columns."""
    import pyarrow as pa

    return pa.schema(
        [pa.field(f.name, f.type) if is_json_field(f) else f for f in schema],
        metadata=schema.metadata,
    )


def plain_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with JSON columns as plain text columns."""
    import pyarrow as pa

    if not any(is_json_field(field) for field in batch.schema):
        return batch
    columns = [
        without_quotes(column) if is_json_field(field) else column
        for field, column in zip(batch.schema, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=plain_schema(batch.schema))
