"""The labels of a table, whatever its cells hold: an audit counts cells that hold none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.audit.checks.logic import NO_FINDING
from lingula.audit.inputs import Groups, OutsideLabel
from lingula.errors import ColumnError
from lingula.labels import Label, Labels, Schema
from lingula.schemas import load_schema, shipped_schemas
from lingula.tables.label_table import restrict_schema
from lingula.tables.label_values import column_codes, describe_cell, parse_label

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class FoundLabels:
    """Labels of a table.

    Attributes:
        labels: Under the schema's observations that the table has.
        columns: Observation -> column; empty where labels stand in a list.
        outside: Cells that hold no label; they are blank in ``labels``.
    """

    labels: Labels
    columns: dict[str, str]
    outside: tuple[OutsideLabel, ...]


def likely_schema(names: list[str]) -> Schema:
    """The shipped schema that most column names belong to; ``chexpert14`` where that is a tie."""
    schemas = [load_schema(name) for name in shipped_schemas()]
    return max(schemas, key=lambda s: (sum(name in s for name in names), s.name == "chexpert14"))


def labels_in_columns(table: pa.Table, schema: Schema, source: str) -> FoundLabels:
    """Labels that stand in one column an observation.

    Raises:
        ColumnError: If no column is an observation of the schema, or two are the same one.
    """
    import pyarrow as pa

    found: dict[str, str] = {}
    for name in table.column_names:
        if name not in schema:
            continue
        observation = schema.names[schema.index(name)]
        if observation in found:
            raise ColumnError(
                f"{source}: the columns {found[observation]!r} and {name!r} are both "
                f"{observation!r}; drop or rename one"
            )
        found[observation] = name
    if not found:
        raise ColumnError(
            f"{source}: no column is an observation of the schema {schema.name!r} "
            f"({', '.join(schema.names)}); it has {', '.join(table.column_names[:20])}. Name "
            "another schema (--schema), or the column that lists the labels (--finding-list)"
        )
    part = restrict_schema(schema, tuple(found))
    columns = {name: found[name] for name in part.names}
    classes = np.empty((table.num_rows, len(part)), dtype=np.int8)
    outside: list[OutsideLabel] = []
    for position, column in enumerate(columns.values()):
        if pa.types.is_nested(table.column(column).type):
            raise ColumnError(f"{source}: the column {column!r} holds lists or objects, not labels")
        codes, values = column_codes(table.column(column))
        # The last entry is reached by code -1, which is null.
        parsed = [parse_label(value) for value in values]
        lookup = np.array([Label.BLANK if p is None else p for p in parsed] + [Label.BLANK])
        classes[:, position] = lookup[codes]
        outside += [
            OutsideLabel(column, describe_cell(value), np.flatnonzero(codes == code))
            for code, (value, label) in enumerate(zip(values, parsed, strict=True))
            if label is None and (codes == code).any()
        ]
    return FoundLabels(Labels(part, classes), columns, tuple(outside))


def labels_in_list(table: pa.Table, column: str, separator: str, schema: Schema) -> FoundLabels:
    """Labels that one column lists, as "Effusion|Mass": those listed are positive, others blank.

    "No Finding" may be listed whether the schema has it or not.
    """
    cells = Groups.of(table.column(column))
    rows = np.full((len(cells.names) + 1, len(schema)), Label.BLANK, dtype=np.int8)
    unknown: dict[str, list[int]] = {}
    for code, text in enumerate(cells.names):
        for item in text.split(separator):
            name = item.strip()
            if name in schema:
                rows[code, schema.index(name)] = Label.POSITIVE
            elif name and name != NO_FINDING:
                unknown.setdefault(name, []).append(code)
    outside = tuple(
        OutsideLabel(column, describe_cell(name), _rows_of(cells.codes, codes))
        for name, codes in unknown.items()
    )
    return FoundLabels(Labels(schema, rows[cells.codes]), {}, outside)


def _rows_of(codes: npt.NDArray[np.intp], wanted: list[int]) -> npt.NDArray[np.intp]:
    return np.flatnonzero(np.isin(codes, wanted))
