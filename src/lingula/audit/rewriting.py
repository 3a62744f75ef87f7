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


def with_parents(audited: AuditedTable, *, only_blanks: bool = False) -> tuple[pa.Table, pa.Table]:
    """The table with the parents of positive labels positive, and the list of changes.

    Every other cell stays as it was written; a new one is written as the table writes positive.

    Args:
        audited: The table and its labels.
        only_blanks: Leave explicit negatives and uncertain labels as they are.

    Returns:
        The table, and one row a changed cell: row (from 1), id, observation, column, the label
        before, and the positive children that ask for it.

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
    if only_blanks:
        changed &= labels.classes == Label.BLANK
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
    return table, _changes(audited, changed)


def _changes(audited: AuditedTable, changed: npt.NDArray[np.bool_]) -> pa.Table:
    """One row a changed cell, in the table's order."""
    import pyarrow as pa

    labels, names = audited.found.labels, audited.found.labels.schema.names
    children: dict[int, list[int]] = {}
    for pair in implications(labels.schema):
        children.setdefault(pair.ancestor, []).append(pair.child)
    rows, places = np.nonzero(changed)
    positive = labels.classes == Label.POSITIVE
    asking = [
        "|".join(names[child] for child in children[int(at)] if positive[row, child])
        for row, at in zip(rows, places, strict=True)
    ]
    return pa.table(
        {
            "row": pa.array(rows + 1, pa.int64()),
            "id": pa.array([str(audited.data.ids[row]) for row in rows.tolist()], pa.string()),
            "observation": pa.array([names[at] for at in places], pa.string()),
            "column": pa.array([audited.found.columns[names[at]] for at in places], pa.string()),
            "before": pa.array(
                [Label(c).name.lower() for c in labels.classes[rows, places]], pa.string()
            ),
            "because": pa.array(asking, pa.string()),
        }
    )


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
