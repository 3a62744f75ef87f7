"""Corrected copies of the audited table: parents filled in, rows left out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.audit.hierarchy import filled, implications
from lingula.audit.reading import AuditedTable
from lingula.errors import SchemaError
from lingula.labels import Label
from lingula.tables.label_values import parse_label

if TYPE_CHECKING:
    import pyarrow as pa


def with_parents(audited: AuditedTable) -> tuple[pa.Table, int]:
    """The table with the parents of positive labels positive, and the number of cells changed.

    Every other cell stays as it was written; a new one is written as the table writes positive.

    Raises:
        SchemaError: If the schema has no parents, or the labels stand in a list.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    labels, columns = audited.found.labels, audited.found.columns
    if not columns:
        raise SchemaError("parents cannot be filled in where one column lists the labels")
    if not implications(labels.schema):
        raise SchemaError(
            f"the table's labels of the schema {labels.schema.name!r} have no parents among them, "
            "so there is nothing to fill in"
        )
    _, changed = filled(labels)
    table = audited.table
    spelling = _spelling(table, list(columns.values()))
    for position, name in enumerate(labels.schema.names):
        flags = changed[:, position]
        if not flags.any():
            continue
        at = table.column_names.index(columns[name])
        column = table.column(at)
        if pa.types.is_null(column.type):
            column = column.cast(pa.float64())
        value: object = spelling if pa.types.is_string(column.type) else 1
        new = pc.if_else(pa.array(flags), pa.scalar(value).cast(column.type), column)
        table = table.set_column(at, columns[name], new)
    return table, int(changed.sum())


def without_rows(audited: AuditedTable, rows: npt.NDArray[np.intp]) -> pa.Table:
    """The table without some rows, by position."""
    import pyarrow as pa

    keep = np.ones(audited.table.num_rows, dtype=np.bool_)
    keep[rows] = False
    return audited.table.filter(pa.array(keep))


def _spelling(table: pa.Table, columns: list[str]) -> str:
    """How the table's text cells write positive most often."""
    counts: Counter[str] = Counter()
    for name in columns:
        for item in table.column(name).value_counts().to_pylist():
            value = item["values"]
            if isinstance(value, str) and parse_label(value) is Label.POSITIVE:
                counts[value] += item["counts"]
    return counts.most_common(1)[0][0] if counts else "1.0"
