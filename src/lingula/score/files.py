"""Write scores to files: beside the target, then renamed, so that a failure loses nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lingula.errors import InputError
from lingula.score.result import GenerationScores
from lingula.tables.formats import format_of
from lingula.tables.open_sink import open_sink

if TYPE_CHECKING:
    import pyarrow


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text.

    Raises:
        InputError: If the file cannot be written.
    """
    with _whole(Path(path)) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def write_table(path: str | Path, table: pyarrow.Table) -> None:
    """Write a table as CSV, TSV, Parquet or JSON Lines, as the name says.

    Lists are JSON in CSV cells.

    Raises:
        InputError: If the name says no form of table, or the file cannot be written.
    """
    path = Path(path)
    table_format = format_of(path)
    with _whole(path) as beside:
        sink = open_sink(beside, table.schema, table_format)
        try:
            for batch in table.to_batches():
                sink.write(batch)
        except BaseException:
            sink.abandon()
            raise
        sink.close()


def write_scores_csv(path: str | Path, scores: GenerationScores) -> None:
    """Write one row a score, each with the whole provenance.

    Raises:
        InputError: If the file cannot be written.
    """
    import pyarrow as pa

    numbers = ("zero_division", "value", "lower", "upper", "confidence")
    counts = ("support", "resamples", "seed", "reports")
    rows = list(scores.rows())
    types = dict.fromkeys(numbers, pa.float64()) | dict.fromkeys(counts, pa.int64())
    schema = pa.schema([(name, types.get(name, pa.string())) for name in rows[0]])
    write_table(path, pa.Table.from_pylist(rows, schema=schema))


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        beside.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        beside.unlink(missing_ok=True)
