"""Reads the strata of a whole table and writes the table with their columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lingula.errors import ColumnError, InputError
from lingula.labels import is_missing
from lingula.pipeline.job import Output, Source
from lingula.pipeline.locking import locked
from lingula.pipeline.opening import Opened, kept_columns, open_table
from lingula.pipeline.places import (
    Places,
    RejectsFile,
    beside,
    choose_places,
    publish,
    remove,
    writing,
)
from lingula.pipeline.standard_streams import as_files, as_output
from lingula.pipeline.texts import locate
from lingula.strata.definitions import strata
from lingula.strata.reader import StrataReader
from lingula.strata.result import Strata
from lingula.strata.sections import Sections, hide_sections
from lingula.tables.cells import cell_texts
from lingula.tables.columns import is_section_column
from lingula.tables.formats import format_of
from lingula.tables.open_sink import open_sink
from lingula.tables.report_table import texts_of
from lingula.tables.sink import TableSink

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class StrataSummary:
    """What a run over a table came to.

    Attributes:
        output: The table that was written.
        text_columns: Columns that were read.
        rows: Rows of the output.
        empty: Rows without a text.
        rejected: Rows that could not be read and were left out.
        rejects: The table of those, or None.
        counts: For each column how many rows hold each value, blanks left out.
    """

    output: Path
    text_columns: tuple[str, ...]
    rows: int
    empty: int
    rejected: int
    rejects: Path | None
    counts: dict[str, dict[str | float, int]]


def write_strata(
    source: Source, output: Output, progress: Callable[[int, int], None] | None = None
) -> StrataSummary:
    """Write a table of reports with one column a stratum after its own columns.

    Rows and their order stay. Files are written beside their place and renamed when whole.

    Args:
        source: What is read; the sections "auto" are all but indication, comparison,
            recommendation and notification.
        output: What is written. The evidence has one row for each value and the words it was read
            from.
        progress: Called with the rows done and all rows.

    Raises:
        InputError: If the input cannot be read, or the output cannot be written.
        ColumnError: If a column is missing, holds no text, or is in the way of a new one.
    """
    hide_sections("", source.sections)  # an unknown name is refused before any work is done
    with as_output(source, output) as file:
        summary = _write(source, file, progress)
    return replace(summary, output=output.path)


def _write(
    source: Source, output: Output, progress: Callable[[int, int], None] | None
) -> StrataSummary:
    places = choose_places(source, output)
    with locked(places), as_files(source, places.output) as paths:
        opened = open_table(source, paths)
        sections = source.sections
        if sections == "auto" and all(map(is_section_column, opened.names)):
            sections = None
        job = _Job(opened, places, output, sections)
        return job.run(progress)


class _Job:
    def __init__(self, opened: Opened, places: Places, output: Output, sections: Sections) -> None:
        import pyarrow as pa

        self._table = table = opened.table
        self._places = places
        self._columns = opened.columns
        self._names = opened.names
        self._id_column = opened.id_column
        self._sections = sections
        self._kept = kept_columns(output, opened)
        kept = [table.schema.field(position) for position in self._kept]
        self._schema = _output_schema(
            table.schema if len(kept) == len(table.schema) else pa.schema(kept),
            output.suffix,
            table.name,
        )
        self._reader = StrataReader()
        self._counts: dict[str, Counter[str | float]] = {x: Counter() for x in self._reader.names}
        self._rows = self._empty = 0

    def run(self, progress: Callable[[int, int], None] | None) -> StrataSummary:
        places = self._places
        with ExitStack() as undo:
            rejects = RejectsFile(places.rejects)
            undo.callback(remove, places.rejects)
            undo.callback(rejects.abandon)
            sink = self._open(places.output, self._schema, undo)
            reasons = None
            if places.evidence is not None:
                reasons = self._open(places.evidence, _evidence_schema(), undo)
            for batch in self._table.batches(rejects.add):
                self._write(batch, sink, reasons)
                if progress is not None:
                    progress(self._rows, self._table.rows)
            if self._rows != self._table.rows:
                raise InputError(f"{self._table.name}: was changed while it was read; run again")
            with writing(places.output):
                sink.close()
            if reasons is not None and places.evidence is not None:
                with writing(places.evidence):
                    reasons.close()
                    publish(places.evidence)
            with writing(places.rejects):
                rejects.close()
                if rejects.count:
                    publish(places.rejects)
            with writing(places.output):
                publish(places.output)
            undo.pop_all()
        return StrataSummary(
            places.output,
            self._names,
            self._rows,
            self._empty,
            rejects.count,
            places.rejects if rejects.count else None,
            {name: dict(counter.most_common()) for name, counter in self._counts.items()},
        )

    def _open(self, path: Path, schema: pa.Schema, undo: ExitStack) -> TableSink:
        with writing(path):
            sink = open_sink(beside(path), schema, format_of(path))
        undo.callback(remove, path)
        undo.callback(sink.abandon)
        return sink

    def _write(self, batch: pa.RecordBatch, sink: TableSink, reasons: TableSink | None) -> None:
        import pyarrow as pa

        texts = [
            None if text is None or is_missing(text) else hide_sections(text, self._sections)
            for text in texts_of(batch, self._columns).to_pylist()
        ]
        found = self._reader.read(texts, evidence=reasons is not None)
        added = [column.combine_chunks() for column in found.to_arrow().columns]
        arrays = [x.chunk(0) if isinstance(x, pa.ChunkedArray) else x for x in added]
        with writing(self._places.output):
            old = [batch.column(position) for position in self._kept]
            sink.write(pa.RecordBatch.from_arrays([*old, *arrays], schema=self._schema))
        if reasons is not None and self._places.evidence is not None:
            with writing(self._places.evidence):
                reasons.write(self._evidence(batch, found))
        for name, counter in self._counts.items():
            counter.update(found.counts(name))
        self._rows += batch.num_rows
        self._empty += sum(text is None for text in texts)

    def _evidence(self, batch: pa.RecordBatch, found: Strata) -> pa.RecordBatch:
        import pyarrow as pa

        schema = _evidence_schema()
        pieces = [batch.column(position).to_pylist() for position in self._columns]
        ids: list[str | None] = [None] * batch.num_rows
        if self._id_column is not None:
            name = batch.schema.names[self._id_column]
            ids = cell_texts(batch.column(self._id_column), name).to_pylist()
        rows = list(self._evidence_rows(found, pieces, ids))
        if not rows:
            return pa.RecordBatch.from_pylist([], schema=schema)
        cells = zip(zip(*rows, strict=True), schema, strict=True)
        return pa.RecordBatch.from_arrays(
            [pa.array(values, field.type) for values, field in cells], schema=schema
        )

    def _evidence_rows(
        self, found: Strata, pieces: list[list[str | None]], ids: list[str | None]
    ) -> Iterator[tuple[object, ...]]:
        for row, items in enumerate(found.evidence or ()):
            texts = [column[row] for column in pieces]
            for item in items:
                piece, start = locate(texts, item.start)
                cue_start, cue_end = item.cue_start, item.cue_end
                if cue_start is not None and cue_end is not None:
                    cue_piece, moved = locate(texts, cue_start)
                    # Words in another column have no offsets into this one.
                    cue_end = moved + cue_end - cue_start if cue_piece == piece else None
                    cue_start = moved if cue_piece == piece else None
                yield (
                    *(self._rows + row + 1, ids[row], item.stratum, item.value),
                    *(self._names[piece], start, start + item.end - item.start, item.phrase),
                    *(cue_start, cue_end, item.cue, item.rule),
                )


def _output_schema(schema: pa.Schema, suffix: str, source: str) -> pa.Schema:
    import pyarrow as pa

    taken = {name.casefold() for name in schema.names}
    for item in strata():
        name = item.name + suffix
        if name.casefold() in taken:
            raise ColumnError(
                f"{source}: has a column {name!r} already; rename it, or name the new ones "
                'with --suffix, such as --suffix " (text)"'
            )
        kind = pa.float32() if item.kind == "presence" else pa.string()
        schema = schema.append(pa.field(name, kind))
    return schema


def _evidence_schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [
            ("row", pa.int64()),
            ("id", pa.string()),
            ("stratum", pa.string()),
            ("value", pa.string()),
            ("column", pa.string()),
            ("start", pa.int64()),
            ("end", pa.int64()),
            ("phrase", pa.string()),
            ("cue_start", pa.int64()),
            ("cue_end", pa.int64()),
            ("cue", pa.string()),
            ("rule", pa.string()),
        ]
    )
