"""A source opened: its table, and which of its columns are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lingula.pipeline.job import Output, Source
from lingula.tables.columns import choose_id_column, choose_text_columns, find_column
from lingula.tables.formats import TableFormat, format_named
from lingula.tables.open_source import open_source
from lingula.tables.parts_source import PartsSource
from lingula.tables.source import BATCH_ROWS, TableSource

#: What stands for the new columns, and for the column of ids, among columns to keep.
LABELS = "labels"
ID = "id"


@dataclass(frozen=True, eq=False)
class Opened:
    """A table that has been looked through.

    Attributes:
        table: Its rows.
        columns: Positions of the text columns, in the order in which they are joined.
        id_column: Position of the column of ids, or None.
    """

    table: TableSource
    columns: tuple[int, ...]
    id_column: int | None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the text columns."""
        return tuple(self.table.schema.names[position] for position in self.columns)


def open_table(source: Source, paths: Sequence[Path], *, batch_rows: int = BATCH_ROWS) -> Opened:
    """Open a source whose content is at some paths (standard input is stored first).

    Raises:
        InputError: If it cannot be read.
        ColumnError: If a column is missing or holds no text, or the tables differ in theirs.
    """
    parts = [
        open_source(
            path,
            name=source.name if len(paths) == 1 else str(path),
            table_format=_format(source),
            delimiter=source.delimiter,
            encoding=source.encoding,
            header=source.header,
            skip_bad_rows=source.skips_bad_rows,
            batch_rows=batch_rows,
        )
        for path in paths
    ]
    table = (
        parts[0] if len(parts) == 1 else PartsSource(parts, f"{paths[0]} and {len(paths) - 1} more")
    )
    columns = choose_text_columns(table.schema, source.text_columns, table.name)
    return Opened(table, columns, choose_id_column(table.schema, source.id_column, table.name))


def kept_columns(output: Output, opened: Opened) -> tuple[int, ...]:
    """Positions of the input's columns that the output keeps, in its order.

    Raises:
        ColumnError: If a column that is to be kept is missing.
    """
    schema = opened.table.schema
    kept = list(range(len(schema)))
    if output.columns is not None:
        kept = []
        for name in output.columns:
            if name == LABELS and LABELS not in schema.names:
                continue
            if name == ID and ID not in map(str.casefold, schema.names):
                if opened.id_column is not None:
                    kept.append(opened.id_column)
                continue
            kept.append(find_column(schema.names, name, opened.table.name))
    if not output.text:
        kept = [position for position in kept if position not in opened.columns]
    return tuple(dict.fromkeys(kept))


def _format(source: Source) -> TableFormat | None:
    if source.input_format is None and not source.is_standard_input:
        return None
    return format_named(source.input_format or "csv")
