"""Writes Parquet, in row groups of one size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lingula.errors import InputError
from lingula.tables.json_cells import plain_batch, plain_schema
from lingula.tables.output_file import OutputFile

if TYPE_CHECKING:
    import pyarrow as pa

#: A row group ends at so many rows, or bytes in memory, whichever comes first: large enough to
#: read fast, small enough to hold while it is being filled.
GROUP_ROWS = 32_768
GROUP_BYTES = 16 * 1024 * 1024


class ParquetSink:
    """A Parquet file, compressed with zstd.

    Raises:
        InputError: If a column's type cannot be written.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._schema = plain_schema(schema)
        self._held: list[pa.RecordBatch] = []
        self._rows = 0
        self._bytes = 0
        self._file = OutputFile(path)
        try:
            self._writer = pq.ParquetWriter(self._file, self._schema, compression="zstd")
        except OSError:
            self._file.abandon()
            raise
        except pa.ArrowException as error:
            self._file.abandon()
            raise InputError(f"cannot be written as Parquet: {error}") from error

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""
        import pyarrow as pa

        batch = plain_batch(batch)
        batch = pa.RecordBatch.from_arrays(batch.columns, schema=self._schema)
        self._held.append(batch)
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        if self._rows >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
            self._write_group()

    def close(self) -> None:
        """Write the last row group and the footer."""
        if self._rows:
            self._write_group()
        self._writer.close()
        self._file.close()

    def abandon(self) -> None:
        """Close the file without finishing it."""
        self._file.abandon()
        self._writer.close()

    def _write_group(self) -> None:
        import pyarrow as pa

        table = pa.Table.from_batches(self._held, schema=self._schema)
        self._writer.write_table(table, row_group_size=table.num_rows)
        self._held = []
        self._rows = self._bytes = 0
