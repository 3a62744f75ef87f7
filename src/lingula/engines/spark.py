"""Labels of a Spark DataFrame: a function for Spark's users, who have their engine already.

Spark reads, schedules and writes; its Python workers label Arrow batches (``mapInArrow``), each
with a labeler that it loads once.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lingula.defaults import DEFAULT_LABELER
from lingula.errors import ColumnError, MissingExtraError
from lingula.labels import Labeler
from lingula.loading import load
from lingula.network import silence
from lingula.pipeline.batches import label_batches

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["label"]


def label(
    df: Any,
    text_columns: Sequence[str] | str,
    labeler: str | Labeler = DEFAULT_LABELER,
    *,
    sections: Sequence[str] | str | None = "auto",
    language: str = "check",
    suffix: str = "",
) -> Any:
    """The rows of a DataFrame with one float column an observation added (1, 0, -1, null).

    Lazy as all of Spark: nothing is labeled before the rows are asked for. The labels are those of
    ``lingula label``. Lingula is installed on every worker; a labeler's path is one that each has.

    Args:
        df: A pyspark DataFrame.
        text_columns: Names of its string columns to read, joined by a blank line.
        labeler: What ``lingula.load`` takes, or a labeler that can be pickled.
        sections: Names of sections, None for the text as it is, or "auto".
        language: "check" leaves text that is not English blank, "any" labels it as English.
        suffix: Put after the name of each new column.

    Raises:
        MissingExtraError: If pyspark is not installed.
        ColumnError: If a column is missing, holds no text, or is in the way of a new one.
        LingulaError: If there is no such labeler.
    """
    try:
        from pyspark.sql import types
    except ImportError:
        raise MissingExtraError("A Spark DataFrame", "spark") from None
    wanted = (text_columns,) if isinstance(text_columns, str) else tuple(text_columns)
    ready = _loaded(labeler) if isinstance(labeler, str) else labeler
    new = [name + suffix for name in ready.schema.names]
    texts = {item.name for item in df.schema if isinstance(item.dataType, types.StringType)}
    for name in wanted:
        if name not in texts:
            raise ColumnError(
                f"the DataFrame has no string column {name!r}; its string columns are "
                f"{', '.join(sorted(texts)) or 'none'}"
            )
    taken = [name for name in new if name in df.columns]
    if taken:
        raise ColumnError(
            f"the DataFrame has a column {taken[0]!r} already; give the new columns a suffix"
        )
    schema = types.StructType(
        [*df.schema.fields, *(types.StructField(name, types.FloatType()) for name in new)]
    )

    def labeled(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        first = next(batches, None)
        if first is None:
            return
        silence()
        own = _loaded(labeler) if isinstance(labeler, str) else labeler
        yield from label_batches(
            _reader(first, batches),
            own,
            text_columns=wanted,
            sections=sections,
            language=language,
            suffix=suffix,
        )

    return df.mapInArrow(labeled, schema)


@functools.lru_cache(maxsize=2)
def _loaded(name: str) -> Labeler:
    """A labeler, once a process: a Python worker of Spark labels many partitions."""
    return load(name)


def _reader(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> pa.RecordBatchReader:
    import pyarrow as pa

    def all_batches() -> Iterator[pa.RecordBatch]:
        yield first
        yield from rest

    return pa.RecordBatchReader.from_batches(first.schema, all_batches())
