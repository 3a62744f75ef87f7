"""Columns of label and score tables, whatever form the table has.

Reports are read by ``open_source``: its CSV reader keeps every cell's very text and names the row
that is broken. Here nothing of that is lost by pyarrow's readers, which take half the time: cells
are labels, numbers and ids, and only the columns that are asked for are looked at. What pyarrow
refuses goes through ``open_source`` after all, which reads it or says what is wrong in which row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lingula.errors import InputError
from lingula.tables.columns import require_distinct
from lingula.tables.formats import TableFormat, delimiter_of, format_to_read
from lingula.tables.json_cells import plain_batch, plain_schema
from lingula.tables.open_source import open_source
from lingula.tables.opening import compression_of, open_binary, reading
from lingula.tables.remote import local_path

if TYPE_CHECKING:
    import pyarrow

_HEADER_BYTES = 1 << 20


def column_names(path: str | Path) -> tuple[str, ...]:
    """Names of a table's columns, in its order; for JSON Lines, every key that occurs.

    Raises:
        InputError: If the file is missing, empty or not of the form that its name says.
        ColumnError: If a name occurs twice.
    """
    path, form = _found(path)
    if form.kind in ("csv", "tsv"):
        names = _header(path, form)[0]
    elif form.kind == "jsonl":
        # Any line may bring a new key, so all of them are read.
        names = tuple(_or_exact(path, lambda: _read_json(path)).column_names)
    else:
        names = tuple(open_source(path, table_format=form).schema.names)
    require_distinct(names, str(path))
    return names


def read_columns(
    path: str | Path,
    names: Sequence[str] | None = None,
    *,
    types: Mapping[str, pyarrow.DataType] | None = None,
) -> pyarrow.Table:
    """Some columns of a table, in the order of ``names``, or all of them.

    Args:
        path: The file.
        names: Columns that the file has.
        types: How to read columns of a text form: pyarrow types by name; text if not given, or
            where a cell does not fit. Other forms keep their own types.

    Raises:
        InputError: If the file cannot be read; the message never shows a row's text.
    """
    path, form = _found(path)
    wanted = list(column_names(path) if names is None else names)
    if form.kind in ("csv", "tsv"):
        return _or_exact(path, lambda: _read_text(path, form, wanted, types or {})).select(wanted)
    if form.kind == "jsonl":
        return _or_exact(path, lambda: _read_json(path)).select(wanted)
    if form.kind == "parquet":
        return _or_exact(path, lambda: _read_parquet(path, wanted))
    return _exact(path).select(wanted)


def read_table(path: str | Path) -> pyarrow.Table:
    """A whole table, all columns as they are; the cells of text forms are texts.

    Raises:
        InputError: If it cannot be read or has no rows.
        ColumnError: If two columns have one name.
    """
    table = _exact(Path(path), plain=False)
    if not table.num_rows:
        raise InputError(f"{path}: the table has a header but no rows")
    require_distinct(table.column_names, str(path))
    return table


def first_rows(path: Path, names: Sequence[str], rows: int = 2000) -> pyarrow.Table:
    """Some columns of a table's first rows, text forms as text; to see what they hold.

    Raises:
        InputError: If the file cannot be read.
    """
    import pyarrow as pa

    path, form = _found(path)
    if form.kind not in ("csv", "tsv"):
        if form.kind == "parquet":
            source = open_source(path, table_format=form, batch_rows=rows)
            batch = next(iter(source.batches()), None)
            if batch is not None:
                return pa.Table.from_batches([batch]).select(list(names))
        return read_columns(path, names).slice(0, rows)
    import pyarrow.csv as pc

    parse, convert = _text_options(path, form, names, {})
    try:
        with (
            _bytes_of(path) as stream,
            pc.open_csv(stream, parse_options=parse, convert_options=convert) as reader,
        ):
            return pa.Table.from_batches([next(iter(reader))]).slice(0, rows)
    except (pa.ArrowException, StopIteration):
        return _exact(path).select(list(names)).slice(0, rows)


def column_texts(table: pyarrow.Table, name: str) -> list[str]:
    """A column as texts without white space around them; an empty text where it is blank."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = table.column(name)
    if pa.types.is_floating(column.type):
        # pandas turns whole ids beside empty cells into floats.
        whole = column.cast(pa.int64(), safe=False)
        if pc.all(pc.equal(whole.cast(column.type), column)).as_py():
            column = whole
    texts = pc.utf8_trim_whitespace(pc.fill_null(column.cast(pa.string()), ""))
    found: list[str] = texts.to_pylist()
    return found


def _found(path: str | Path) -> tuple[Path, TableFormat]:
    path = local_path(path)
    form = format_to_read(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    return path, form


def _exact(path: Path, *, plain: bool = True) -> pyarrow.Table:
    """A whole table by our readers; if plain, JSON values of several kinds become texts."""
    import pyarrow as pa

    source = open_source(path)
    if not plain:
        return pa.Table.from_batches(source.batches(), schema=source.schema)
    return pa.Table.from_batches(map(plain_batch, source.batches()), plain_schema(source.schema))


def _or_exact(path: Path, fast: Callable[[], pyarrow.Table]) -> pyarrow.Table:
    """What pyarrow's reader makes of a file, or what ours makes of one that it refuses."""
    import pyarrow as pa

    try:
        with reading(str(path)):
            return fast()
    except pa.ArrowException:
        return _exact(path)


def _header(path: Path, form: TableFormat) -> tuple[tuple[str, ...], str]:
    """The column names of a text form, and what separates its cells."""
    with reading(str(path)), open_binary(path) as stream:
        start = stream.read(_HEADER_BYTES)
    text = start.decode("utf-8-sig", errors="replace")
    if not text.strip():
        raise InputError(f"{path}: the file is empty; a label table needs a header and rows")
    delimiter = delimiter_of(form.kind, text)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return tuple(next((row for row in rows if row), [])), delimiter
    except csv.Error as error:
        raise InputError(f"{path}: the header (line 1) cannot be read: {error}") from None


@contextmanager
def _bytes_of(path: Path) -> Iterator[Any]:
    """What pyarrow reads a text form from: the file itself, or its decompressed bytes."""
    import pyarrow as pa

    kind = compression_of(path)
    if kind in ("gzip", "bz2", "zstd"):
        # Arrow's own decompressors, which hold the interpreter for less long.
        with pa.OSFile(str(path)) as raw, pa.CompressedInputStream(raw, kind) as stream:
            yield stream
    elif kind:
        with open_binary(path) as stream:
            yield stream
    else:
        yield str(path)


def _read_parquet(path: Path, names: Sequence[str]) -> pyarrow.Table:
    import pyarrow.parquet as pq

    return _checked(pq.read_table(path, columns=list(names)))


def _checked(table: pyarrow.Table) -> pyarrow.Table:
    """The table, if its texts and names are UTF-8, which Arrow's readers do not look at."""
    table.validate(full=True)
    _ = table.column_names  # decodes them
    return table


def _read_json(path: Path) -> pyarrow.Table:
    import pyarrow.json as pj

    with _bytes_of(path) as stream:
        table = pj.read_json(stream, read_options=pj.ReadOptions(block_size=16 << 20))
    return _checked(table)


def _text_options(
    path: Path, form: TableFormat, names: Sequence[str], types: Mapping[str, pyarrow.DataType]
) -> tuple[Any, Any]:
    import pyarrow as pa
    import pyarrow.csv as pc

    parse = pc.ParseOptions(delimiter=_header(path, form)[1], newlines_in_values=True)
    convert = pc.ConvertOptions(
        include_columns=list(names),
        column_types={name: types.get(name, pa.string()) for name in names},
        strings_can_be_null=False,
    )
    return parse, convert


def _read_text(
    path: Path, form: TableFormat, names: Sequence[str], types: Mapping[str, pyarrow.DataType]
) -> pyarrow.Table:
    import pyarrow.csv as pc

    parse, convert = _text_options(path, form, names, types)
    with _bytes_of(path) as stream:
        return pc.read_csv(stream, parse_options=parse, convert_options=convert)
