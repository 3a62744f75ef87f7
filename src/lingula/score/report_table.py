"""Reports and their ids from a table or a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lingula.errors import InputError
from lingula.labels import is_missing
from lingula.tables.columns import choose_id_column, choose_text_columns
from lingula.tables.open_source import open_source

if TYPE_CHECKING:
    import pyarrow

#: Column names that say which side a text is of, in lower case; they go before the usual names of
#: text columns, so that one table can hold both sides.
REFERENCE_NAMES = (
    "reference",
    "references",
    "reference_report",
    "reference report",
    "ref",
    "refs",
    "ground_truth",
    "ground truth",
    "gt",
    "gts",
)
GENERATED_NAMES = (
    "generated",
    "generated_report",
    "generated report",
    "prediction",
    "predictions",
    "predicted",
    "hypothesis",
    "hyp",
    "hyps",
    "res",
)


@dataclass(frozen=True, eq=False)
class ReportTable:
    """Reports of one side.

    Attributes:
        source: The file or folder, as messages name it.
        texts: n reports; None or an empty text for an empty cell. Several columns are joined by
            a newline.
        ids: n ids, or None if there is no id column.
        columns: The text columns.
    """

    source: str
    texts: tuple[str | None, ...]
    ids: tuple[str, ...] | None
    columns: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.texts)


def read_report_table(
    path: str | Path,
    *,
    text_column: str | None = None,
    id_column: str | None = None,
    side_names: Sequence[str] = (),
) -> ReportTable:
    """Read reports from CSV, TSV, Parquet, JSON Lines or a folder of .txt files.

    Args:
        path: The file or folder.
        text_column: Column of the reports; found by its name if not given.
        id_column: Column of the ids; found by its name if not given. Of a folder, ids are the
            files' names without ".txt".
        side_names: Names of text columns to look for first, in lower case.

    Raises:
        InputError: If the file cannot be read, holds no row, or an id is empty.
        ColumnError: If a column is missing, or none holds reports.
    """
    source = open_source(Path(path))
    schema = source.schema
    if not source.rows:
        raise InputError(f"{source.name}: the table has a header but no rows")
    named = [text_column] if text_column is not None else _side_column(schema.names, side_names)
    texts_at = choose_text_columns(schema, named, source.name)
    id_at = choose_id_column(schema, id_column, source.name)
    texts: list[str | None] = []
    ids: list[str] = []
    for batch in source.batches():
        columns = [batch.column(at).to_pylist() for at in texts_at]
        texts += (
            columns[0]
            if len(columns) == 1
            else [_joined(cells) for cells in zip(*columns, strict=True)]
        )
        if id_at is not None:
            ids += _id_texts(batch.column(id_at), source.name, schema.names[id_at], len(ids))
    return ReportTable(
        source.name,
        tuple(texts),
        None if id_at is None else tuple(ids),
        tuple(schema.names[at] for at in texts_at),
    )


def check_not_all_empty(table: ReportTable) -> None:
    """Refuse a table whose reports are all empty: the wrong column, most likely.

    Raises:
        InputError: If no report has a text.
    """
    if all(is_missing(text) for text in table.texts):
        columns = " and ".join(repr(name) for name in table.columns)
        raise InputError(
            f"{table.source}: every report is empty in the column {columns}; "
            "name the right one with --text-column"
        )


def _side_column(names: Sequence[str], side_names: Sequence[str]) -> list[str]:
    folded = {name.strip().casefold(): name for name in names}
    return next(([folded[name]] for name in side_names if name in folded), [])


def _joined(cells: Sequence[Any]) -> str | None:
    return "\n".join(str(cell) for cell in cells if not is_missing(cell)) or None


def _id_texts(column: pyarrow.Array, source: str, name: str, rows_before: int) -> list[str]:
    """Ids as texts; whole floats lose their ".0", as pandas gives it to ids beside empty cells."""
    found = []
    for row, value in enumerate(column.to_pylist(), start=rows_before + 1):
        text = "" if value is None else str(value).strip()
        if not text or text == "nan":
            raise InputError(f"{source}, column {name!r}, row {row}: the id is empty")
        whole = isinstance(value, float) and value.is_integer()
        found.append(str(int(value)) if whole else text)
    return found
