"""One door to every writer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lingula.tables.csv_sink import CsvSink
from lingula.tables.formats import DELIMITERS, TableFormat
from lingula.tables.jsonl_sink import JsonlSink
from lingula.tables.parquet_sink import ParquetSink
from lingula.tables.sink import TableSink

if TYPE_CHECKING:
    import pyarrow as pa


def open_sink(path: Path, schema: pa.Schema, table_format: TableFormat) -> TableSink:
    """A table that is to be written, in the given form (the path's name does not matter).

    Raises:
        InputError: If the form cannot hold the columns.
        OSError: If the file cannot be opened.
    """
    if table_format.kind == "parquet":
        return ParquetSink(path, schema)
    if table_format.kind == "jsonl":
        return JsonlSink(path, schema, compressed=table_format.gzip)
    return CsvSink(
        path,
        schema,
        delimiter=DELIMITERS[table_format.kind],
        compressed=table_format.gzip,
    )
