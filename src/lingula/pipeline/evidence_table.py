"""Evidence as a table: one row a mention."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lingula.labels import Evidence, Label
from lingula.pipeline.texts import locate

if TYPE_CHECKING:
    import pyarrow as pa


def evidence_schema() -> pa.Schema:
    """Columns of the evidence table.

    ``row`` counts the rows of the output from 1; ``column`` names the text column into which the
    offsets point (characters, end exclusive); ``label`` is 1, 0, -1 or null; ``read`` and
    ``cue_read`` hold what a misspelled mention or cue was read as, and are empty else;
    ``probability`` is the label's at this mention, null from labelers without.
    """
    import pyarrow as pa

    return pa.schema(
        [
            ("row", pa.int64()),
            ("id", pa.string()),
            ("observation", pa.string()),
            ("label", pa.float32()),
            ("column", pa.string()),
            ("start", pa.int64()),
            ("end", pa.int64()),
            ("phrase", pa.string()),
            ("cue_start", pa.int64()),
            ("cue_end", pa.int64()),
            ("cue", pa.string()),
            ("rule", pa.string()),
            ("read", pa.string()),
            ("cue_read", pa.string()),
            ("probability", pa.float32()),
        ]
    )


@dataclass(frozen=True)
class EvidenceRow:
    """One row of the output, as its evidence needs it.

    Attributes:
        number: Counted from 1.
        id: The report's id, or None.
        pieces: The texts of its text columns.
        evidence: Its evidence, with offsets into the joined pieces.
    """

    number: int
    id: str | None
    pieces: Sequence[str | None]
    evidence: Iterable[Evidence]


def evidence_batch(rows: Iterable[EvidenceRow], columns: Sequence[str]) -> pa.RecordBatch:
    """The evidence of some rows as a batch; ``columns`` names the text columns."""
    import pyarrow as pa

    table = [_cells(item, row, columns) for row in rows for item in row.evidence]
    schema = evidence_schema()
    if not table:
        return pa.RecordBatch.from_pylist([], schema=schema)
    arrays = [
        pa.array(values, field.type)
        for values, field in zip(zip(*table, strict=True), schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _cells(item: Evidence, row: EvidenceRow, columns: Sequence[str]) -> tuple[Any, ...]:
    piece, start = locate(row.pieces, item.start)
    end = start + item.end - item.start
    cue_start, cue_end = item.cue_start, item.cue_end
    if cue_start is not None and cue_end is not None:
        cue_piece, moved = locate(row.pieces, cue_start)
        # A cue in another column than its mention has no offsets into the mention's column.
        cue_end = moved + cue_end - cue_start if cue_piece == piece else None
        cue_start = moved if cue_piece == piece else None
    return (
        row.number,
        row.id,
        item.observation,
        None if item.label is Label.BLANK else item.label.number,
        columns[piece],
        start,
        end,
        item.phrase,
        cue_start,
        cue_end,
        item.cue,
        item.rule,
        item.read,
        item.cue_read,
        item.probability,
    )
