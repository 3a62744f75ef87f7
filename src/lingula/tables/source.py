"""What every reader gives: a schema, the number of rows, and batches of rows in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows of a batch at most. Batches are the unit of labeling: long enough to fill a worker,
#: short enough that a few of them take little memory.
BATCH_ROWS = 2048

#: Characters (bytes of a file) of a batch, about; so that long reports make short batches.
BATCH_CHARACTERS = 8 * 1024 * 1024


@dataclass(frozen=True)
class Reject:
    """A row that cannot be read.

    Attributes:
        row: Number of the data row, from 1, good rows and bad ones counted.
        line: First line of the row in the file, from 1; 0 where a source has no lines.
        reason: What is wrong, as an end of a sentence.
        text: The row as it stands in the source.
    """

    row: int
    line: int
    reason: str
    text: str


#: Called with each row that is left out.
OnReject = Callable[[Reject], None]


class TableSource(Protocol):
    """A table that has been looked through once and can be read again and again.

    Attributes:
        name: The source, as messages name it.
        schema: All columns of the input, as they are.
        rows: Number of rows that ``batches`` gives in all.
        blank_lines: Lines without any text, which are no rows (as pandas reads tables).
        whole_reports: Whether the texts are files of whole reports.
    """

    name: str
    schema: pa.Schema
    rows: int
    blank_lines: int
    whole_reports: bool

    def batches(self, on_reject: OnReject | None = None) -> Iterator[pa.RecordBatch]:
        """All rows in order, in batches that are the same every time.

        Args:
            on_reject: Called with each row that is left out, if rows may be.

        Raises:
            InputError: If the source cannot be read (any more).
        """
        ...
