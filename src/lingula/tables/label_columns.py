"""The labels of a table, in one column an observation or in one that lists the positive ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lingula.errors import ColumnError, InputError
from lingula.labels import Label, Labels, Schema
from lingula.observations import NO_FINDING
from lingula.schemas import load_schema, shipped_schemas
from lingula.tables.columns import observation_columns, usual_column
from lingula.tables.label_values import WORDS, column_codes, describe_cell, parse_label

if TYPE_CHECKING:
    import pyarrow as pa

#: Columns that list the positive labels of a row: ChestX-ray14's "Effusion|Mass" (Wang et al.,
#: CVPR 2017), PadChest's "['pleural effusion', 'nodule']" (Bustos et al., 2020), and VinDr-CXR's
#: table of boxes with one name a row (Nguyen et al., 2022).
LIST_NAMES = ("finding labels", "labels", "class_name")
#: What stands between two labels of a list that is written as text.
SEPARATOR = "|"


@dataclass(frozen=True, eq=False)
class OutsideLabel:
    """Cells that hold no label.

    Attributes:
        column: Name of the table's column.
        value: What they hold, as a reader may see it.
        rows: Their rows, by position.
    """

    column: str
    value: str
    rows: npt.NDArray[np.intp]


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

    def strict(self, source: str) -> Labels:
        """The labels.

        Raises:
            InputError: If a cell holds none; the message names the column and the first row.
        """
        if self.outside:
            wrong = self.outside[0]
            hint = ""
            if wrong.value in {"'2'", "'3'", "'2.0'", "'3.0'"}:
                hint = "; class numbers from 0 to 3 are read with --label-codes chexbert"
            raise InputError(
                f"{source}, column {wrong.column!r}, row {wrong.rows[0] + 1}: {wrong.value} is no "
                "label; labels are 1 (positive), 0 (negative), -1 (uncertain), blank, or these "
                f"words: positive, negative, uncertain, blank, present, absent{hint}"
            )
        return self.labels


def likely_schema(names: list[str]) -> Schema:
    """The shipped schema that most column names belong to; ``chexpert14`` where that is a tie."""
    schemas = [load_schema(name) for name in shipped_schemas()]
    return max(schemas, key=lambda s: (sum(name in s for name in names), s.name == "chexpert14"))


def list_column(names: tuple[str, ...] | list[str], schema: Schema) -> str | None:
    """The column that lists labels, in a table that has no column of an observation."""
    return None if any(name in schema for name in names) else usual_column(names, LIST_NAMES)


def labels_in_columns(
    table: pa.Table, schema: Schema, source: str, words: Mapping[str, Label] = WORDS
) -> FoundLabels:
    """Labels that stand in one column an observation.

    Only distinct values are parsed, so a column of a million rows costs a look-up.

    Raises:
        ColumnError: If no column is an observation of the schema, or two are the same one.
    """
    import pyarrow as pa

    columns = observation_columns(table.column_names, schema, source)
    part = schema.restrict(tuple(columns))
    classes = np.empty((table.num_rows, len(part)), dtype=np.int8)
    outside: list[OutsideLabel] = []
    for position, column in enumerate(columns.values()):
        if pa.types.is_nested(table.column(column).type):
            raise ColumnError(f"{source}: the column {column!r} holds lists or objects, not labels")
        codes, values = column_codes(table.column(column))
        parsed = [parse_label(value, words) for value in values]
        # The last entry is reached by code -1, which is null.
        lookup = np.array([Label.BLANK if p is None else p for p in parsed] + [Label.BLANK])
        classes[:, position] = lookup.astype(np.int8)[codes]
        outside += [
            OutsideLabel(column, describe_cell(value), np.flatnonzero(codes == code))
            for code, (value, label) in enumerate(zip(values, parsed, strict=True))
            if label is None and (codes == code).any()
        ]
    return FoundLabels(Labels(part, classes), columns, tuple(outside))


def labels_in_list(
    table: pa.Table, column: str, schema: Schema, separator: str = SEPARATOR
) -> FoundLabels:
    """Labels that one column lists: those listed are positive, others blank.

    A cell is a list, or text: ``Effusion|Mass``, ``['effusion', 'mass']``, or one name.
    """
    codes, values = column_codes(table.column(column))
    rows = np.full((len(values) + 1, len(schema)), Label.BLANK, dtype=np.int8)
    unknown: dict[str, list[int]] = {}
    for code, cell in enumerate(values):
        for name in _items(cell, separator):
            if name in schema:
                rows[code, schema.index(name)] = Label.POSITIVE
            # Stands in a list where nothing else does, whether the schema has it or not.
            elif name and name.casefold() != NO_FINDING.casefold():
                unknown.setdefault(name, []).append(code)
    outside = tuple(
        OutsideLabel(column, describe_cell(name), np.flatnonzero(np.isin(codes, where)))
        for name, where in unknown.items()
    )
    return FoundLabels(Labels(schema, rows[codes]), {}, outside)


def _items(cell: Any, separator: str) -> list[str]:
    if isinstance(cell, (list, tuple)):
        return [str(item).strip() for item in cell if item is not None]
    text = "" if cell is None else str(cell).strip()
    if text.startswith("[") and text.endswith("]"):
        return [item.strip().strip("'\"").strip() for item in text[1:-1].split(",")]
    return [item.strip() for item in text.split(separator)]
