"""Columns of a label file as Arrow, whatever its format: CSV, TSV, Parquet, JSON Lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lingula.errors import ColumnError, InputError

if TYPE_CHECKING:
    import pyarrow

_COMPRESSIONS = frozenset({".gz", ".bz2", ".zst"})
_KINDS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_HEADER_BYTES = 1 << 20


def file_kind(path: Path) -> str:
    """The format that a file name says: "csv", "tsv", "parquet" or "jsonl".

    Raises:
        InputError: If the suffix says none of them.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSIONS:
        suffixes.pop()
    kind = _KINDS.get(suffixes[-1]) if suffixes else None
    if kind is None:
        raise InputError(
            f"{path}: unknown kind of table; write it as .csv, .tsv, .parquet or .jsonl "
            "(the text formats also with .gz)"
        )
    return kind


def column_names(path: str | Path) -> tuple[str, ...]:
    """Names of a table's columns, in its order; for JSON Lines, every key that occurs.

    Raises:
        InputError: If the file is missing, empty or not of the kind that its name says.
        ColumnError: If a name occurs twice.
    """
    import pyarrow as pa

    path = Path(path)
    kind = file_kind(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    if kind == "parquet":
        import pyarrow.parquet as pq

        try:
            names = tuple(pq.read_schema(path).names)
        except pa.ArrowInvalid as error:
            raise InputError(f"{path}: not a Parquet file: {error}") from None
    elif kind == "jsonl":
        # Any line may bring a new key, so all of them are read.
        try:
            names = tuple(_read_json(path).column_names)
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(f"{path}: cannot be read as JSON Lines ({_reason(error)})") from None
    else:
        names = _first_line_names(path, kind)
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ColumnError(f"{path}: the column {repeated[0]!r} occurs twice; rename one")
    return names


def read_columns(
    path: str | Path, names: Sequence[str], *, types: dict[str, pyarrow.DataType] | None = None
) -> pyarrow.Table:
    """Some columns of a table, in the order of ``names``.

    Args:
        path: The file.
        names: Columns that the file has.
        types: How to read columns of a text format: ``pyarrow`` types by name; text if not given.
            Parquet and JSON Lines keep their own types.

    Raises:
        InputError: If the file cannot be read; the message never shows a row's text.
    """
    import pyarrow as pa

    path = Path(path)
    kind = file_kind(path)
    try:
        if kind == "parquet":
            import pyarrow.parquet as pq

            return pq.read_table(path, columns=list(names))
        if kind == "jsonl":
            return _read_json(path).select(list(names))
        return _read_text(path, kind, names, types or {})
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError) as error:
        raise InputError(f"{path}: cannot be read as {kind} ({_reason(error)})") from None


def first_rows(path: Path, names: Sequence[str], rows: int = 2000) -> pyarrow.Table:
    """Some columns of a table's first rows, text formats as text; to see what they hold.

    Raises:
        InputError: If the file cannot be read.
    """
    import pyarrow as pa

    kind = file_kind(path)
    try:
        if kind == "parquet":
            import pyarrow.parquet as pq

            with pq.ParquetFile(path) as file:
                batch = next(file.iter_batches(rows, columns=list(names)), None)
            empty = file.schema_arrow.empty_table().select(list(names))
            return empty if batch is None else pa.Table.from_batches([batch])
        if kind == "jsonl":
            return _read_json(path).select(list(names)).slice(0, rows)
        import pyarrow.csv as pc

        parse, convert = _text_options(kind, names, {})
        with pc.open_csv(str(path), parse_options=parse, convert_options=convert) as reader:
            return pa.Table.from_batches([next(iter(reader))]).slice(0, rows)
    except StopIteration:
        return pa.table({name: pa.array([], pa.string()) for name in names})
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError) as error:
        raise InputError(f"{path}: cannot be read as {kind} ({_reason(error)})") from None


def listed(names: Sequence[str]) -> str:
    """Column names for an error message; the first twenty of many."""
    shown = ", ".join(repr(name) for name in names[:20])
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"


def _reason(error: Exception) -> str:
    """The start of Arrow's message; its rest quotes the row, which may be a report."""
    return str(error).split(":", maxsplit=1)[0]


def _first_line_names(path: Path, kind: str) -> tuple[str, ...]:
    import pyarrow as pa

    try:
        with pa.input_stream(str(path), compression="detect") as stream:
            start = stream.read(_HEADER_BYTES)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    text = start.decode("utf-8-sig", errors="replace")
    if not text.strip():
        raise InputError(f"{path}: the file is empty; a label table needs a header and rows")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if kind == "tsv" else ",")
    return tuple(next(reader))


def _read_json(path: Path) -> pyarrow.Table:
    import pyarrow as pa
    import pyarrow.json as pj

    with pa.input_stream(str(path), compression="detect") as stream:
        return pj.read_json(stream, read_options=pj.ReadOptions(block_size=16 << 20))


def _text_options(
    kind: str, names: Sequence[str], types: dict[str, pyarrow.DataType], on_bad_row: Any = None
) -> tuple[Any, Any]:
    import pyarrow as pa
    import pyarrow.csv as pc

    parse = pc.ParseOptions(
        delimiter="\t" if kind == "tsv" else ",",
        newlines_in_values=True,
        invalid_row_handler=on_bad_row,
    )
    convert = pc.ConvertOptions(
        include_columns=list(names),
        column_types={name: types.get(name, pa.string()) for name in names},
        strings_can_be_null=False,
    )
    return parse, convert


def _read_text(
    path: Path, kind: str, names: Sequence[str], types: dict[str, pyarrow.DataType]
) -> pyarrow.Table:
    import pyarrow as pa
    import pyarrow.csv as pc

    bad: list[tuple[int, int]] = []

    def note(row: Any) -> str:
        bad.append((row.expected_columns, row.actual_columns))
        return "error"

    parse, convert = _text_options(kind, names, types, note)
    try:
        return pc.read_csv(str(path), parse_options=parse, convert_options=convert)
    except pa.ArrowInvalid:
        if bad:
            expected, actual = bad[0]
            raise InputError(
                f"{path}: a row has {actual} columns, the header {expected}; "
                "quote cells that hold the delimiter"
            ) from None
        raise
