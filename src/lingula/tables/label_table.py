"""Read a table of labels, as any tool of this field wrote it, into ``Labels``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.labels import Label, Labels, Schema
from lingula.schemas import load_schema
from lingula.tables.columns import find_column, observation_columns, usual_column
from lingula.tables.label_columns import (
    OutsideLabel,
    labels_in_columns,
    labels_in_list,
    list_column,
)
from lingula.tables.label_probabilities import probability_sources, read_probabilities
from lingula.tables.label_values import WORDS
from lingula.tables.reading import column_names, read_columns
from lingula.tables.usual_names import ID_NAMES

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, eq=False)
class LabelTable:
    """A label table of n rows.

    Attributes:
        source: Where it was read, for messages.
        labels: The k observations that the table has, in the schema's order.
        missing: Observations of the schema that the table has no column for.
        ids: Texts, shape (n,), object dtype, or None if no id column was read.
        patients: Texts, shape (n,), object dtype, or None if no patient column was read.
        probabilities: float32, shape (n, k, 4), in the order of ``Label``; NaN where the table has
            no such column. None if it has no probabilities at all.
        extra: The other columns that were asked for, as they are, or None.
        notes: What was left out of a list of labels. One sentence each.
    """

    source: str
    labels: Labels
    missing: tuple[str, ...] = ()
    ids: npt.NDArray[np.object_] | None = None
    patients: npt.NDArray[np.object_] | None = None
    probabilities: npt.NDArray[np.float32] | None = None
    extra: pyarrow.Table | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def schema(self) -> Schema:
        """Of the k observations."""
        return self.labels.schema

    def take(self, rows: npt.NDArray[np.intp], observations: Sequence[str]) -> LabelTable:
        """Some rows, by position, and some observations, in the schema's order."""
        schema = self.schema.restrict(observations)
        columns = [self.schema.index(name) for name in schema.names]
        classes, chances = self.labels.classes, self.probabilities
        if not np.array_equal(rows, np.arange(len(self))):
            classes = classes[rows]
            chances = None if chances is None else chances[rows]
        if columns != list(range(classes.shape[1])):
            classes = classes[:, columns]
            chances = None if chances is None else chances[:, columns]
        return replace(
            self,
            labels=Labels(schema, classes),
            ids=None if self.ids is None else self.ids[rows],
            patients=None if self.patients is None else self.patients[rows],
            probabilities=chances,
            extra=None if self.extra is None else self.extra.take(rows),
        )


def read_label_table(
    path: str | Path,
    *,
    schema: Schema | str | Path | None = None,
    id_column: str | None = None,
    by_row_order: bool = False,
    patient_column: str | None = None,
    probability_columns: str | None = None,
    extra_columns: Sequence[str] = (),
    words: Mapping[str, Label] = WORDS,
) -> LabelTable:
    """Read labels from any form of table that ``open_source`` takes.

    Columns are found by the schema's names and aliases, in any order and case; the table may have
    some of them only. Cells are 1, 0, -1, empty, or words (``label_values.WORDS``). A table
    without such columns may list its positive labels in one (``label_columns.LIST_NAMES``).

    Args:
        path: The file.
        schema: A schema, its name, or a TOML file; ``chexpert14`` if not given.
        id_column: Column of the report ids; if not given, the first of ``columns.ID_NAMES`` that
            the table has.
        by_row_order: Read no ids.
        patient_column: Column that says which rows are of one patient.
        probability_columns: Template of the probability columns, with ``{observation}`` and, if
            every label has one, ``{label}`` (blank, positive, negative, uncertain). If not given,
            ``label_probabilities.TEMPLATES`` are tried, and
            a nested column "probabilities".
        extra_columns: Other columns to keep.
        words: What words and codes mean: ``READER_WORDS`` reads "uncertain likely" as positive and
            "uncertain unlikely" as negative, as CheXpert's test set did with its radiologists;
            ``CLASS_WORDS`` reads class numbers from 0 to 3.

    Raises:
        InputError: If the file cannot be read, a cell says no label, an id is empty, or a
            probability is not between 0 and 1.
        ColumnError: If a column is missing, no column is an observation, or two are the same one.
        SchemaError: If the schema is unknown.
    """
    import pyarrow as pa

    path, schema = Path(path), as_schema(schema)
    names = column_names(path)
    listing = list_column(names, schema)
    found = {} if listing else observation_columns(names, schema, str(path))
    ids = None if by_row_order else id_column_of(path, names, id_column)
    patients = _named(path, names, patient_column, "patient")
    chances = probability_sources(path, names, schema, tuple(found), probability_columns)
    extra = [names[find_column(names, name, str(path), "extra")] for name in extra_columns]
    labels = [*found.values(), *([listing] if listing else [])]
    types = dict.fromkeys(labels, pa.dictionary(pa.int32(), pa.string()))
    types.update(dict.fromkeys(chances.flat.values(), pa.float32()))
    others = [name for name in (ids, patients, *extra, chances.nested) if name is not None]
    wanted = dict.fromkeys([*labels, *others, *chances.flat.values()])
    table = read_columns(path, list(wanted), types=types)
    notes: tuple[str, ...] = ()
    if listing:
        in_list = labels_in_list(table, listing, schema)
        part, notes = in_list.labels, left_out_notes(in_list.outside, path)
    else:
        part = labels_in_columns(table.select(labels), schema, str(path), words).strict(str(path))
    return LabelTable(
        source=str(path),
        labels=part,
        missing=tuple(name for name in schema.names if name not in part.schema.names),
        ids=id_texts(table, ids, path),
        patients=id_texts(table, patients, path),
        probabilities=read_probabilities(path, table, part.schema, chances),
        extra=table.select(extra) if extra else None,
        notes=notes,
    )


def as_schema(schema: Schema | str | Path | None) -> Schema:
    """A schema, by its name or file if it is none; ``chexpert14`` if not given."""
    if isinstance(schema, Schema):
        return schema
    return load_schema("chexpert14" if schema is None else schema)


def id_column_of(path: Path, names: Sequence[str], wanted: str | None) -> str | None:
    """The id column: the one that is named, or else the first usual one that the table has."""
    if wanted is None:
        return usual_column(names, ID_NAMES)
    return _named(path, names, wanted, "id")


def id_texts(
    table: pyarrow.Table, name: str | None, source: str | Path
) -> npt.NDArray[np.object_] | None:
    """Ids as texts; whole floats lose their ".0", as pandas gives it to ids beside empty cells.

    Raises:
        InputError: If an id is empty, or no text or number.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if name is None:
        return None
    where, column = f"{source}, column {name!r}", table.column(name)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
        known = pc.drop_null(column)
        if pc.all(pc.equal(known, pc.floor(known)), min_count=0).as_py():
            column = pc.cast(column, pa.int64())
    try:
        texts = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        raise InputError(f"{where}: ids must be texts or numbers, not {column.type}") from None
    array: npt.NDArray[np.object_] = texts.to_numpy().astype(object)
    empty = pc.fill_null(pc.equal(texts, ""), True).to_numpy()
    if empty.any():
        raise InputError(f"{where}, row {int(np.argmax(empty)) + 1}: the cell is empty")
    return array


def _named(path: Path, names: Sequence[str], wanted: str | None, role: str) -> str | None:
    return None if wanted is None else names[find_column(names, wanted, str(path), role)]


def left_out_notes(outside: Sequence[OutsideLabel], path: Path) -> tuple[str, ...]:
    """A note on the names of a list that are no observations; none if there are none."""
    named = sorted(outside, key=lambda item: -len(item.rows))
    if not named:
        return ()
    shown = ", ".join(f"{item.value} ({len(item.rows):,} rows)" for item in named[:5])
    more = f" and {len(named) - 5} more" if len(named) > 5 else ""
    return (
        f"{path.name}: its column {named[0].column!r} lists labels; names that are no observation "
        f"are left out: {shown}{more}.",
    )
