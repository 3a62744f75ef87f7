"""Read a table of scores: columns named by observations, cells any finite numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.labels import Label, Schema
from lingula.scores import Scores
from lingula.tables.columns import observation_columns
from lingula.tables.label_columns import list_column
from lingula.tables.label_probabilities import TEMPLATES, columns_named_so
from lingula.tables.label_table import (
    LabelTable,
    as_schema,
    id_column_of,
    id_texts,
    read_label_table,
)
from lingula.tables.label_values import (
    WORDS,
    column_codes,
    column_numbers,
    parse_label,
    parse_number,
)
from lingula.tables.reading import column_names, first_rows, read_columns

if TYPE_CHECKING:
    import pyarrow

#: Template that says that the observations' own columns hold scores, whatever the numbers are.
PLAIN = "{observation}"
#: More different whole numbers than this in one column are scores, fewer may be codes of labels.
MOST_CODES = 8


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """A table of scores of n rows.

    Attributes:
        source: Where it was read, for messages.
        scores: Of the k observations that the table has, in the schema's order.
        missing: Observations of the schema that the table has no column for.
        ids: Texts, shape (n,), object dtype, or None if no id column was read.
    """

    source: str
    scores: Scores
    missing: tuple[str, ...] = ()
    ids: npt.NDArray[np.object_] | None = None

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def schema(self) -> Schema:
        """Of the k observations."""
        return self.scores.schema

    def take(self, rows: npt.NDArray[np.intp], observations: Sequence[str]) -> ScoreTable:
        """Some rows, by position, and some observations, in the schema's order."""
        ids = None if self.ids is None else self.ids[rows]
        return replace(self, scores=self.scores.take(rows).select(observations), ids=ids)


def read_prediction_table(
    path: str | Path,
    *,
    schema: Schema | str | Path | None = None,
    id_column: str | None = None,
    by_row_order: bool = False,
    probability_columns: str | None = None,
    words: Mapping[str, Label] = WORDS,
) -> LabelTable | ScoreTable:
    """Labels or scores, whichever the table holds: scores are numbers that are no labels.

    Args:
        path: The file.
        schema: A schema, its name, or a TOML file; ``chexpert14`` if not given.
        id_column: Column of the ids; found by its name if not given.
        by_row_order: Read no ids.
        probability_columns: As in ``read_label_table``; "{observation}" reads the observations'
            own columns as scores whatever their numbers are.
        words: What words and codes of labels mean, as in ``read_label_table``.

    Raises:
        InputError: If the file cannot be read, or a cell is neither label nor number.
        ColumnError: If a column is missing.
    """
    path, schema = Path(path), as_schema(schema)
    if probability_columns != PLAIN:
        names = column_names(path)
        labeled = list_column(names, schema) is not None
        if any(name in schema for name in names):
            columns = observation_columns(names, schema, str(path))
            labeled = not _hold_scores(first_rows(path, list(columns.values())))
            probability_columns = probability_columns if labeled else PLAIN
        if labeled:
            return read_label_table(
                path,
                schema=schema,
                id_column=id_column,
                by_row_order=by_row_order,
                probability_columns=probability_columns,
                words=words,
            )
    return read_score_table(
        path,
        schema=schema,
        id_column=id_column,
        by_row_order=by_row_order,
        score_columns=probability_columns,
    )


def read_score_table(
    path: str | Path,
    *,
    schema: Schema | str | Path | None = None,
    id_column: str | None = None,
    by_row_order: bool = False,
    score_columns: str | None = None,
) -> ScoreTable:
    """Read scores from CSV, TSV, Parquet or JSON Lines.

    Args:
        path: The file.
        schema: A schema, its name, or a TOML file; ``chexpert14`` if not given.
        id_column: Column of the ids; found by its name if not given.
        by_row_order: Read no ids.
        score_columns: Template of the columns' names, with ``{observation}``; if not given, the
            observations' own names, or else the usual ones of probabilities.

    Raises:
        InputError: If the file cannot be read, or a cell is no finite number and not empty.
        ColumnError: If a column is missing.
    """
    import pyarrow as pa

    path, schema = Path(path), as_schema(schema)
    names = column_names(path)
    columns = _score_columns(path, names, schema, score_columns)
    ids = None if by_row_order else id_column_of(path, names, id_column)
    wanted = [*columns.values(), *([] if ids is None else [ids])]
    table = read_columns(path, wanted, types=dict.fromkeys(columns.values(), pa.float64()))
    part = schema.restrict(tuple(columns))
    values = np.empty((table.num_rows, len(part)), dtype=np.float64)
    for position, name in enumerate(part.names):
        where = f"{path}, column {columns[name]!r}"
        numbers = column_numbers(table.column(columns[name]), where, "score")
        if np.isinf(numbers).any():
            row = int(np.argmax(np.isinf(numbers)))
            raise InputError(f"{where}, row {row + 1}: {numbers[row]} is no finite score")
        values[:, position] = numbers
    return ScoreTable(
        str(path),
        Scores(part, values),
        tuple(name for name in schema.names if name not in columns),
        id_texts(table, ids, path),
    )


def _score_columns(
    path: Path, names: Sequence[str], schema: Schema, template: str | None
) -> dict[str, str]:
    """Observation -> column."""
    if template in (None, PLAIN) and any(name in schema for name in names):
        return observation_columns(names, schema, str(path))
    for candidate in TEMPLATES if template is None else (template,):
        found = columns_named_so(names, schema, schema.names, candidate)
        columns = {name: at for (name, label), at in found.items() if label is Label.POSITIVE}
        if columns:
            return columns
    return observation_columns(names, schema, str(path))  # which says what is missing


def _hold_scores(table: pyarrow.Table) -> bool:
    """Whether the cells are numbers of which some cannot be labels or codes of labels."""
    for name in table.column_names:
        _, values = column_codes(table.column(name))
        numbers = [parse_number(value) for value in values if parse_label(value) is None]
        if any(number is None for number in numbers):
            return False
        if len(numbers) > MOST_CODES or any(n is not None and n % 1 for n in numbers):
            return True
    return False
