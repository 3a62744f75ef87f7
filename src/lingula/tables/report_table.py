"""Reports and their ids, whole, from any form of table or a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from lingula.errors import InputError
from lingula.labels import is_missing
from lingula.tables.arrays import text_scalar
from lingula.tables.columns import choose_id_column, choose_text_columns
from lingula.tables.json_source import LIST_COLUMN
from lingula.tables.label_table import id_texts
from lingula.tables.lines import read_lines
from lingula.tables.open_source import open_source
from lingula.tables.opening import checked_encoding, open_binary, reading
from lingula.tables.remote import local_path

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

#: What stands for the text column of a file with one report a line.
ONE_A_LINE = "one report a line"

#: Between joined columns: a blank line, so that no sentence runs on from one into the next.
JOINT = "\n\n"


@dataclass(frozen=True, eq=False)
class ReportTable:
    """Reports of one table.

    Attributes:
        source: The file or folder, as messages name it.
        texts: n reports; None or an empty text for an empty cell. Several columns are joined by
            a blank line.
        ids: n ids, or None if there is no id column.
        columns: The text columns.
        is_list: Whether the file is a list of texts and nothing else, so that only their order
            says which is which.
    """

    source: str
    texts: tuple[str | None, ...]
    ids: tuple[str, ...] | None
    columns: tuple[str, ...]
    is_list: bool = False

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: npt.NDArray[np.intp]) -> ReportTable:
        """Some rows, by position."""
        return replace(
            self,
            texts=tuple(self.texts[row] for row in rows),
            ids=None if self.ids is None else tuple(self.ids[row] for row in rows),
        )


def read_report_table(
    path: str | Path,
    *,
    text_columns: Sequence[str] = (),
    id_column: str | None = None,
    side_names: Sequence[str] = (),
) -> ReportTable:
    """Read reports from any form of table, or a folder of .txt files.

    Args:
        path: The file or folder.
        text_columns: Columns of the reports, joined; found by name if none is given.
        id_column: Column of the ids; found by its name if not given. Of a folder, ids are the
            files' names without ".txt".
        side_names: Names of text columns to look for first, in lower case.

    Raises:
        InputError: If the file cannot be read, holds no row, or an id is empty.
        ColumnError: If a column is missing, or none holds reports.
    """
    import pyarrow as pa

    source = open_source(Path(path))
    if not source.rows:
        raise InputError(f"{source.name}: the table has a header but no rows")
    texts_at = choose_text_columns(source.schema, text_columns, source.name, side_names)
    id_at = choose_id_column(source.schema, id_column, source.name)
    texts: list[str | None] = []
    ids: list[pa.Array] = []
    for batch in source.batches():
        texts += texts_of(batch, texts_at).to_pylist()
        if id_at is not None:
            ids.append(batch.column(id_at))
    names = source.schema.names
    found = None
    if id_at is not None:
        column = pa.table({names[id_at]: pa.chunked_array(ids)})
        found = id_texts(column, names[id_at], source.name)
    return ReportTable(
        source.name,
        tuple(texts),
        None if found is None else tuple(found.tolist()),
        tuple(names[at] for at in texts_at),
        is_list=names == [LIST_COLUMN],
    )


def read_report_lines(path: str | Path) -> ReportTable:
    """Read a .txt file (or a compressed one) that holds one report a line.

    An empty line is an empty report, for its place counts; the end of the last line begins none.

    Raises:
        InputError: If the file cannot be read, is not UTF-8, or holds no line.
    """
    name, local = str(path), local_path(Path(path))
    encoding = checked_encoding("utf-8", local, name)
    with (
        reading(name),
        open_binary(local) as binary,
        TextIOWrapper(cast("BinaryIO", binary), encoding) as stream,
    ):
        lines = list(read_lines(stream, name))
    if not lines:
        raise InputError(f"{name}: holds no line, and so no report")
    return ReportTable(name, tuple(lines), None, (ONE_A_LINE,), is_list=True)


def report_texts(table: pa.Table, named: Sequence[str], source: str) -> list[str | None]:
    """The reports of a table in memory, of the columns named or those found by their names.

    Raises:
        ColumnError: If a column is missing, or none holds reports.
    """
    texts: list[str | None] = texts_of(
        table, choose_text_columns(table.schema, named, source)
    ).to_pylist()
    return texts


def texts_of(batch: pa.RecordBatch | pa.Table, columns: Sequence[int]) -> pa.Array:
    """The text of each row, as pyarrow strings; null where there is none.

    Several columns are joined by a blank line; those without a text are left out.
    """
    import pyarrow.compute as pc

    joined = _plain(batch.column(columns[0]))
    if len(columns) == 1:
        return joined
    nothing = text_scalar("")
    joined = pc.fill_null(joined, nothing)
    for position in columns[1:]:
        piece = pc.fill_null(_plain(batch.column(position)), nothing)
        both = pc.binary_join_element_wise(joined, piece, text_scalar(JOINT))
        both = pc.if_else(is_blank(joined), piece, both)
        joined = pc.if_else(is_blank(piece), joined, both)
    return pc.if_else(is_blank(joined), text_scalar(None), joined)


def is_blank(texts: pa.Array) -> pa.Array:
    """Where texts are empty or white space."""
    import pyarrow.compute as pc

    return pc.equal(pc.utf8_trim_whitespace(texts), text_scalar(""))


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


def _plain(column: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    return pc.cast(column, pa.string())
