"""Write a whole table: beside the target, then renamed, so that a failure loses nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lingula.errors import InputError
from lingula.tables.formats import format_of
from lingula.tables.open_sink import open_sink

if TYPE_CHECKING:
    import pyarrow


def write_table(path: str | Path, table: pyarrow.Table) -> None:
    """Write a table as CSV, TSV, Parquet or JSON Lines, as the name says.

    Lists are JSON in CSV cells.

    Raises:
        InputError: If the name says no form of table, or the file cannot be written.
    """
    path = Path(path)
    table_format = format_of(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        sink = open_sink(beside, table.schema, table_format)
        try:
            for batch in table.to_batches():
                sink.write(batch)
        except BaseException:
            sink.abandon()
            raise
        sink.close()
        beside.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        beside.unlink(missing_ok=True)
