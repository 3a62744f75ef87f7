"""Reports to explain out of a table: a random sample, with the labels that the table holds."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from lingula.errors import InputError
from lingula.labels import Label, Labels, Schema, is_missing
from lingula.tables.cells import cell_texts
from lingula.tables.columns import choose_id_column, choose_text_columns, is_section_column
from lingula.tables.label_columns import labels_in_columns
from lingula.tables.label_values import LABEL_CODES
from lingula.tables.open_source import open_source
from lingula.tables.report_table import texts_of
from lingula.tables.source import TableSource

if TYPE_CHECKING:
    import pyarrow as pa

#: Number of a row from 1, its text, and the row itself.
_Row: TypeAlias = "tuple[int, str, pa.RecordBatch]"
#: Number of a row from 1, its text, its batch, and its position in that.
_Place: TypeAlias = "tuple[int, str, pa.RecordBatch, int]"


@dataclass(frozen=True, eq=False)
class Sample:
    """Reports drawn from a table.

    Attributes:
        names: What they are called: their ids, or else their rows, counted from 1.
        texts: The n reports.
        labels: The labels that the table holds for them, n rows, or None if it holds none.
        one_section: Whether the text column is itself named for a section.
    """

    names: tuple[str, ...]
    texts: tuple[str, ...]
    labels: Labels | None
    one_section: bool


def draw_sample(
    path: str | Path,
    size: int,
    schema: Schema,
    *,
    seed: int = 0,
    text_columns: Sequence[str] = (),
    id_column: str | None = None,
    wanted: Sequence[str] = (),
    label_codes: str = "chexpert",
) -> Sample:
    """Draw reports from a table at random, each row with text equally likely, in table order.

    Args:
        path: A CSV, TSV, Parquet or JSON Lines file, or a folder of .txt files.
        size: How many reports; all if there are no more.
        schema: Observations whose columns are read as labels, where the table has them.
        seed: Of the draw.
        text_columns: Names of the text columns; found by name if none.
        id_column: Name of the column of ids; found by name if None.
        wanted: Ids of the reports to take, all of their rows, in place of a draw.
        label_codes: What numbers mean as labels (``label_values.LABEL_CODES``).

    Raises:
        InputError: If the table cannot be read, no row has text, a cell says no label, or a
            wanted id is not there.
        ColumnError: If a column is missing or holds no text.
    """
    import pyarrow as pa

    source = open_source(Path(path))
    columns = choose_text_columns(source.schema, text_columns, source.name)
    ids = choose_id_column(source.schema, id_column, source.name)
    if wanted and ids is None:
        raise InputError(f"{source.name}: no id column was found; name it (--id-column)")
    found = _rows(source, columns, ids if wanted else None, wanted)
    kept = list(map(_row, found)) if wanted else _drawn(found, size, random.Random(seed))
    if not kept:
        which = f"with the id {' or '.join(map(repr, wanted))} " if wanted else ""
        raise InputError(f"{source.name}: no row {which}has a text to explain")
    kept.sort(key=lambda item: item[0])
    rows = pa.Table.from_batches([batch for _, _, batch in kept])
    names: list[str] = [f"row {number}" for number, _, _ in kept]
    if ids is not None:
        given = cell_texts(rows.column(ids).combine_chunks(), source.schema.names[ids]).to_pylist()
        names = [value or name for value, name in zip(given, names, strict=True)]
    lacking = [value for value in wanted if value not in names]
    if lacking:
        raise InputError(f"{source.name}: no report with a text has the id {lacking[0]!r}")
    return Sample(
        tuple(names),
        tuple(text for _, text, _ in kept),
        _labels(rows, schema, source.name, LABEL_CODES[label_codes]),
        all(is_section_column(source.schema.names[position]) for position in columns),
    )


def _rows(
    source: TableSource, columns: Sequence[int], ids: int | None, wanted: Sequence[str]
) -> Iterator[_Place]:
    """Rows that have a text and, if ids are wanted, one of those."""
    row = 0
    for batch in source.batches():
        here = None
        if ids is not None:
            here = cell_texts(batch.column(ids), source.schema.names[ids]).to_pylist()
        for at, text in enumerate(texts_of(batch, columns).to_pylist()):
            row += 1
            if is_missing(text) or (here is not None and here[at] not in wanted):
                continue
            yield row, text, batch, at


def _row(place: _Place) -> _Row:
    """A copy of one row, so that the batch is not kept with it."""
    import pyarrow as pa

    row, text, batch, at = place
    return row, text, batch.take(pa.array([at]))


def _drawn(rows: Iterator[_Place], size: int, chance: random.Random) -> list[_Row]:
    """Reservoir sampling (Vitter, 1985, algorithm R): one pass, and only the sample in memory."""
    kept: list[_Row] = []
    for seen, item in enumerate(rows):
        place = len(kept) if len(kept) < size else chance.randrange(seen + 1)
        if place < size:
            kept[place : place + 1] = [_row(item)]
    return kept


def _labels(
    rows: pa.Table, schema: Schema, source: str, words: Mapping[str, Label]
) -> Labels | None:
    if not any(name in schema for name in rows.schema.names):
        return None
    return labels_in_columns(rows, schema, source, words).strict(source)
