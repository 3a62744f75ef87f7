"""A source opened: its table, and which of its columns are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lingula.pipeline.job import Source
from lingula.tables.columns import choose_id_column, choose_text_columns
from lingula.tables.formats import TableFormat, format_named
from lingula.tables.open_source import open_source
from lingula.tables.source import BATCH_ROWS, TableSource


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


def open_table(source: Source, path: Path, *, batch_rows: int = BATCH_ROWS) -> Opened:
    """Open a source whose content is at a path (standard input is stored first).

    Raises:
        InputError: If it cannot be read.
        ColumnError: If a column is missing or holds no text.
    """
    table = open_source(
        path,
        name=source.name,
        table_format=_format(source),
        delimiter=source.delimiter,
        encoding=source.encoding,
        header=source.header,
        skip_bad_rows=source.skips_bad_rows,
        batch_rows=batch_rows,
    )
    columns = choose_text_columns(table.schema, source.text_columns, table.name)
    return Opened(table, columns, choose_id_column(table.schema, source.id_column, table.name))


def _format(source: Source) -> TableFormat | None:
    if source.input_format is None and not source.is_standard_input:
        return None
    return format_named(source.input_format or "csv")
