"""Labels of a stream of Arrow batches: for engines that hand their rows to a function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lingula.defaults import DEFAULT_LABELER
from lingula.errors import InputError
from lingula.labels import Labeler
from lingula.loading import load
from lingula.pipeline.layout import Layout
from lingula.pipeline.task import ReadingOptions, label_texts
from lingula.pipeline.texts import chosen_sections
from lingula.tables.columns import choose_text_columns
from lingula.tables.report_table import texts_of
from lingula.text.content import PLACEHOLDER_CHARACTERS, placeholder

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows that are labeled at once, so that a large batch takes no more memory than a small one.
_ROWS = 2048
_NAME = "the batches"


def label_batches(
    batches: Any,
    labeler: str | Labeler = DEFAULT_LABELER,
    *,
    text_columns: Sequence[str] | str = (),
    sections: Sequence[str] | str | None = "auto",
    language: str = "check",
    suffix: str = "",
) -> pa.RecordBatchReader:
    """The batches with one float32 column an observation added (1, 0, -1, null), in their order.

    Nothing is read before it is asked for, and one batch is held at a time. The labels are those
    of ``lingula label`` over the same rows.

    Args:
        batches: A pyarrow RecordBatchReader, Table or RecordBatch, or what exports an Arrow stream
            (``__arrow_c_stream__``: Polars, DuckDB, pandas, datasets).
        labeler: A labeler, or what ``lingula.load`` takes.
        text_columns: Names of the columns to read, joined by a blank line; found by name if none.
        sections: Names of sections, None for the text as it is, or "auto" (findings and impression,
            unless all columns are named for a section).
        language: "check" leaves text that is not English blank, "any" labels it as English.
        suffix: Put after the name of each new column.

    Raises:
        InputError: If it is no stream of batches, or a section or the language is unknown.
        ColumnError: If a column is missing, holds no text, or is in the way of a new one.
    """
    import pyarrow as pa

    if language not in ("check", "any"):
        raise InputError(f"language is check or any, not {language!r}")
    reader = _reader(batches)
    named = (text_columns,) if isinstance(text_columns, str) else tuple(text_columns)
    columns = tuple(choose_text_columns(reader.schema, named, _NAME))
    wanted = chosen_sections(sections, [reader.schema.names[at] for at in columns])
    ready = load(labeler) if isinstance(labeler, str) else labeler
    layout = Layout(reader.schema, ready.schema, suffix)
    schema = layout.output_schema(_NAME)
    options = ReadingOptions(wanted, language)

    def labeled() -> Iterator[pa.RecordBatch]:
        for batch in _pieces(reader):
            texts = texts_of(batch, columns)
            given = [_report(text) for text in texts.to_pylist()]
            result = label_texts(ready, given, options, evidence=False)
            yield layout.output_batch(schema, batch, texts, result.classes, None)

    return pa.RecordBatchReader.from_batches(schema, labeled())


def _reader(batches: Any) -> pa.RecordBatchReader:
    import pyarrow as pa

    if isinstance(batches, pa.RecordBatch):
        batches = pa.Table.from_batches([batches])
    if isinstance(batches, pa.Table):
        return batches.to_reader()
    if isinstance(batches, pa.RecordBatchReader):
        return batches
    if hasattr(batches, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(batches)
    raise InputError(
        f"{type(batches).__name__} is no stream of Arrow batches; pass a pyarrow "
        "RecordBatchReader, Table or RecordBatch, or a table that exports one"
    )


def _pieces(reader: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        for start in range(0, batch.num_rows, _ROWS):
            yield batch.slice(start, _ROWS)


def _report(text: str | None) -> str | None:
    """The text, or None for a word that stands for a report that is not there ("n/a")."""
    if text is not None and len(text) <= PLACEHOLDER_CHARACTERS and placeholder(text):
        return None
    return text
