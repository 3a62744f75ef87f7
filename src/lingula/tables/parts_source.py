"""Several tables of the same columns, read as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lingula.errors import ColumnError
from lingula.tables.source import OnReject, Reject, TableSource

if TYPE_CHECKING:
    import pyarrow as pa


class PartsSource:
    """Tables in their order, one below the other.

    Columns are matched by name, in the first table's order; numbers of two kinds become the wider.

    Args:
        parts: Tables, at least one.
        name: All of them, as messages name them.

    Raises:
        ColumnError: If a table has other columns than the first, or they hold something else.
    """

    def __init__(self, parts: Sequence[TableSource], name: str) -> None:
        self.name = name
        self._parts = parts
        self.schema = _common_schema(parts)
        self.rows = sum(part.rows for part in parts)
        self.blank_lines = sum(part.blank_lines for part in parts)
        self.whole_reports = all(part.whole_reports for part in parts)

    def batches(self, on_reject: OnReject | None = None) -> Iterator[pa.RecordBatch]:
        """All rows in order, in batches that are the same every time; none spans two tables."""
        import pyarrow as pa

        for part in self._parts:
            for batch in part.batches(_named(on_reject, part.name)):
                columns = [batch.column(name) for name in self.schema.names]
                cast = [
                    column if column.type == field.type else column.cast(field.type)
                    for column, field in zip(columns, self.schema, strict=True)
                ]
                yield pa.RecordBatch.from_arrays(cast, schema=self.schema)


def _named(on_reject: OnReject | None, name: str) -> OnReject | None:
    if on_reject is None:
        return None

    def told(reject: Reject) -> None:
        on_reject(replace(reject, reason=f"{reject.reason} ({name})"))

    return told


def _common_schema(parts: Sequence[TableSource]) -> pa.Schema:
    import pyarrow as pa

    first = parts[0]
    for part in parts:
        doubled = len(set(part.schema.names)) < len(part.schema.names)
        if doubled or set(part.schema.names) != set(first.schema.names):
            raise ColumnError(
                f"{part.name}: has other columns than {first.name}, or one twice; tables that are "
                "read together have the same columns"
            )
    try:
        common = pa.unify_schemas(
            [part.schema.remove_metadata() for part in parts], promote_options="permissive"
        )
    except pa.ArrowException:
        raise ColumnError(
            f"{first.name}: a column of that name holds something else in another of the "
            f"{len(parts)} tables that are read together"
        ) from None
    fields = [common.field(name) for name in first.schema.names]
    return pa.schema(fields, metadata=first.schema.metadata)
