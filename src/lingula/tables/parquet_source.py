"""Reads Parquet, a few rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lingula.errors import InputError
from lingula.tables.opening import BUFFER_BYTES, one_line, reading
from lingula.tables.source import OnReject

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


class ParquetSource:
    """A Parquet file.

    Raises:
        InputError: If the file is no Parquet file, or is damaged.
    """

    whole_reports = False
    blank_lines = 0

    def __init__(self, path: Path, *, name: str, batch_rows: int) -> None:
        self.name = name
        self._path = path
        self._batch_rows = batch_rows
        with self._open() as file:
            self.schema: pa.Schema = file.schema_arrow
            self.rows: int = file.metadata.num_rows

    def batches(self, on_reject: OnReject | None = None) -> Iterator[pa.RecordBatch]:
        """All rows in order, in batches that are the same every time; none is rejected."""
        with self._open() as file:
            for batch in file.iter_batches(batch_size=self._batch_rows):
                # Whether texts are UTF-8 is for the reader to see; Arrow believes the writer.
                batch.validate(full=True)
                yield batch

    @contextmanager
    def _open(self) -> Iterator[pq.ParquetFile]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        with reading(self.name):
            try:
                # A small buffer: without one, whole column chunks are held in memory.
                with pq.ParquetFile(self._path, buffer_size=BUFFER_BYTES, pre_buffer=False) as file:
                    yield file
            except pa.ArrowException as error:
                raise InputError(
                    f"{self.name}: is no Parquet file, or is damaged: {one_line(error)}"
                ) from error
