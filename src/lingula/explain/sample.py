"""Reports to explain out of a table: a random sample, with the labels that the table holds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lingula.errors import InputError
from lingula.labels import Labels, Schema, is_missing
from lingula.tables.cells import cell_texts
from lingula.tables.columns import choose_id_column, choose_text_columns, is_section_column
from lingula.tables.label_columns import labels_in_columns
from lingula.tables.open_source import open_source
from lingula.tables.report_table import texts_of

if TYPE_CHECKING:
    import pyarrow as pa


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
) -> Sample:
    """Draw reports from a table at random, each row with text equally likely, in table order.

    Args:
        path: A CSV, TSV, Parquet or JSON Lines file, or a folder of .txt files.
        size: How many reports; all if there are no more.
        schema: Observations whose columns are read as labels, where the table has them.
        seed: Of the draw.
        text_columns: Names of the text columns; found by name if none.
        id_column: Name of the column of ids; found by name if None.

    Raises:
        InputError: If the table cannot be read, no row has text, or a cell says no label.
        ColumnError: If a column is missing or holds no text.
    """
    import pyarrow as pa

    source = open_source(Path(path))
    columns = choose_text_columns(source.schema, text_columns, source.name)
    ids = choose_id_column(source.schema, id_column, source.name)
    chance = random.Random(seed)
    # Reservoir sampling (Vitter, 1985, algorithm R): one pass, and only the sample in memory.
    kept: list[tuple[int, str, pa.RecordBatch]] = []
    seen = row = 0
    for batch in source.batches():
        for at, text in enumerate(texts_of(batch, columns).to_pylist()):
            row += 1
            if is_missing(text):
                continue
            place = len(kept) if len(kept) < size else chance.randrange(seen + 1)
            seen += 1
            if place < size:
                # A copy of one row, so that the batch is not kept with it.
                kept[place : place + 1] = [(row, text, batch.take(pa.array([at])))]
    if not kept:
        raise InputError(f"{source.name}: no row has a text to explain")
    kept.sort(key=lambda item: item[0])
    rows = pa.Table.from_batches([batch for _, _, batch in kept])
    names: list[str] = [f"row {number}" for number, _, _ in kept]
    if ids is not None:
        given = cell_texts(rows.column(ids).combine_chunks(), source.schema.names[ids]).to_pylist()
        names = [value or name for value, name in zip(given, names, strict=True)]
    return Sample(
        tuple(names),
        tuple(text for _, text, _ in kept),
        _labels(rows, schema, source.name),
        all(is_section_column(source.schema.names[position]) for position in columns),
    )


def _labels(rows: pa.Table, schema: Schema, source: str) -> Labels | None:
    if not any(name in schema for name in rows.schema.names):
        return None
    return labels_in_columns(rows, schema, source).strict(source)
