"""Read a table of labels, as any tool of this field wrote it, into ``Labels``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.errors import ColumnError, InputError
from lingula.labels import Labels, Schema
from lingula.schemas import load_schema
from lingula.tables.label_probabilities import (
    ProbabilitySources,
    probability_sources,
    read_probabilities,
)
from lingula.tables.label_source import column_names, listed, read_columns
from lingula.tables.label_values import READER_WORDS, WORDS, column_classes

if TYPE_CHECKING:
    import pyarrow

#: Names under which tables keep a report's id, looked for in this order and in any case.
ID_COLUMNS = (
    "id",
    "report_id",
    "study_id",
    "uid",
    "dicom_id",
    "image_id",
    "accession_number",
    "path",
    "study",
    "image index",
)


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
    """

    source: str
    labels: Labels
    missing: tuple[str, ...] = ()
    ids: npt.NDArray[np.object_] | None = None
    patients: npt.NDArray[np.object_] | None = None
    probabilities: npt.NDArray[np.float32] | None = None
    extra: pyarrow.Table | None = None

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
    reader_ratings: bool = False,
) -> LabelTable:
    """Read labels from CSV, TSV, Parquet or JSON Lines (text formats also compressed, ``.gz``).

    Columns are found by the schema's names and aliases, in any order and case; the table may have
    some of them only. Cells are 1, 0, -1, empty, or words (``label_values.WORDS``).

    Args:
        path: The file.
        schema: A schema, its name, or a TOML file; ``chexpert14`` if not given.
        id_column: Column of the report ids; if not given, the first of ``ID_COLUMNS`` that the
            table has.
        by_row_order: Read no ids.
        patient_column: Column that says which rows are of one patient.
        probability_columns: Template of the probability columns, with ``{observation}`` and, if
            every label has one, ``{label}`` (blank, positive, negative, uncertain). If not given,
            ``label_probabilities.TEMPLATES`` are tried, and
            a nested column "probabilities".
        extra_columns: Other columns to keep.
        reader_ratings: Read "uncertain likely" as positive and "uncertain unlikely" as negative,
            as CheXpert's test set did with its radiologists; both are uncertain otherwise.

    Raises:
        InputError: If the file cannot be read, a cell says no label, an id is empty, or a
            probability is not between 0 and 1.
        ColumnError: If a column is missing, no column is an observation, or two are the same one.
        SchemaError: If the schema is unknown.
    """
    path = Path(path)
    if not isinstance(schema, Schema):
        schema = load_schema("chexpert14" if schema is None else schema)
    names = column_names(path)
    found = observation_columns(path, names, schema)
    ids = None if by_row_order else id_column_of(path, names, id_column)
    patients = None if patient_column is None else _required(path, names, patient_column, "patient")
    chances = probability_sources(path, names, schema, tuple(found), probability_columns)
    extra = [_required(path, names, name, "extra") for name in extra_columns]
    table = _read(path, list(found.values()), [ids, patients, *extra], chances)
    part = restrict_schema(schema, tuple(found))
    words = READER_WORDS if reader_ratings else WORDS
    classes = np.empty((table.num_rows, len(found)), dtype=np.int8)
    for position, column in enumerate(found.values()):
        classes[:, position] = column_classes(
            table.column(column), f"{path}, column {column!r}", words
        )
    return LabelTable(
        source=str(path),
        labels=Labels(part, classes),
        missing=tuple(name for name in schema.names if name not in found),
        ids=None if ids is None else id_texts(table.column(ids), f"{path}, column {ids!r}"),
        patients=None
        if patients is None
        else id_texts(table.column(patients), f"{path}, column {patients!r}"),
        probabilities=read_probabilities(path, table, part, chances),
        extra=table.select(extra) if extra else None,
    )


def restrict_schema(schema: Schema, names: Sequence[str]) -> Schema:
    """The schema with some of its observations only, in its own order; ``names`` may be aliases.

    Raises:
        SchemaError: If a name is unknown.
    """
    return schema.restrict(names)


def find_id_column(*tables: Sequence[str]) -> str | None:
    """The first of ``ID_COLUMNS`` that every list of column names has (in any case), or None."""
    folded = [{name.strip().casefold() for name in names} for names in tables]
    return next((name for name in ID_COLUMNS if all(name in names for names in folded)), None)


def observation_columns(path: Path, names: Sequence[str], schema: Schema) -> dict[str, str]:
    """Observation -> column, in the schema's order."""
    columns: dict[int, str] = {}
    for name in names:
        if name not in schema:
            continue
        position = schema.index(name)
        if position in columns:
            raise ColumnError(
                f"{path}: the columns {columns[position]!r} and {name!r} are both "
                f"{schema.names[position]!r}; drop or rename one"
            )
        columns[position] = name
    if not columns:
        raise ColumnError(
            f"{path}: no column is an observation of the schema {schema.name!r} "
            f"({', '.join(schema.names)}); it has {listed(names)}"
        )
    return {schema.names[position]: columns[position] for position in sorted(columns)}


def id_column_of(path: Path, names: Sequence[str], wanted: str | None) -> str | None:
    """The id column: the one that is named, or else the first usual one that the table has."""
    if wanted is not None:
        return _required(path, names, wanted, "id")
    default = find_id_column(names)
    return None if default is None else _required(path, names, default, "id")


def _required(path: Path, names: Sequence[str], wanted: str, role: str) -> str:
    if wanted in names:
        return wanted
    folded = [name for name in names if name.strip().casefold() == wanted.strip().casefold()]
    if len(folded) == 1:
        return folded[0]
    raise ColumnError(f"{path}: there is no {role} column {wanted!r}; it has {listed(names)}")


def _read(
    path: Path, labels: list[str], texts: list[str | None], chances: ProbabilitySources
) -> pyarrow.Table:
    import pyarrow as pa

    types = dict.fromkeys(labels, pa.dictionary(pa.int32(), pa.string()))
    types.update(dict.fromkeys(chances.flat.values(), pa.float32()))
    others = [name for name in (*texts, chances.nested) if name is not None]
    wanted = dict.fromkeys([*labels, *others, *chances.flat.values()])
    return read_columns(path, list(wanted), types=types)


def id_texts(column: pyarrow.ChunkedArray, where: str) -> npt.NDArray[np.object_]:
    """Ids as texts; whole floats lose their ".0", as pandas gives it to ids beside empty cells."""
    import pyarrow as pa
    import pyarrow.compute as pc

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
