"""What every writer takes: batches of rows, in order, for one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


class TableSink(Protocol):
    """A table that is being written; the same batches give the same bytes."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows; the batch has the schema that the sink was opened with."""
        ...

    def close(self) -> None:
        """Write what is held back, and the end of the file."""
        ...

    def abandon(self) -> None:
        """Close the file without finishing it; it is not whole and will not be used."""
        ...
