"""Writes CSV and TSV as Python's csv module and pandas do: a cell is quoted where it must be."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from lingula.tables.arrays import text_scalar
from lingula.tables.cells import cell_texts
from lingula.tables.json_cells import plain_batch
from lingula.tables.output_file import TextFile

if TYPE_CHECKING:
    import pyarrow as pa


class CsvSink:
    """A CSV or TSV file, in UTF-8, lines ending in a newline; null is an empty cell."""

    def __init__(
        self, path: Path, schema: pa.Schema, *, delimiter: str, compressed: bool = False
    ) -> None:
        self._delimiter = delimiter
        self._must_quote = re.escape('"\r\n' + delimiter).join("[]")
        line = io.StringIO(newline="")
        # With both line ends, so that a name with either is quoted; the last is cut off.
        csv.writer(line, delimiter=delimiter, lineterminator="\r\n").writerow(schema.names)
        self._file = TextFile(path, compressed=compressed)
        try:
            self._file.write(line.getvalue().removesuffix("\r\n").encode() + b"\n")
        except BaseException:
            self._file.abandon()
            raise

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if not batch.num_rows:
            return
        batch = plain_batch(batch)
        columns = [
            self._quoted(cell_texts(column, name), alone=batch.num_columns == 1)
            for column, name in zip(batch.columns, batch.schema.names, strict=True)
        ]
        # A large type: the text of one batch may pass 2 GiB when quotes are doubled.
        columns = [pc.cast(column, pa.large_string()) for column in columns]
        lines = pc.binary_join_element_wise(*columns, text_scalar(self._delimiter, large=True))
        # With an empty last item, join ends the last line too.
        nothing, newline = text_scalar("", large=True), text_scalar("\n", large=True)
        lines = pc.binary_join_element_wise(lines, nothing, newline)
        self._file.write(memoryview(lines.buffers()[2])[: _text_bytes(lines)])

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def abandon(self) -> None:
        """Close the file without finishing it."""
        self._file.abandon()

    def _quoted(self, texts: pa.Array, *, alone: bool) -> pa.Array:
        import pyarrow.compute as pc

        nothing, quote = text_scalar(""), text_scalar('"')
        texts = pc.fill_null(texts, nothing)
        must = pc.match_substring_regex(texts, self._must_quote)
        if alone:
            # A row of one empty cell would be a blank line, which is no row.
            must = pc.or_(must, pc.equal(texts, nothing))
        if not pc.any(must).as_py():
            return texts
        doubled = pc.replace_substring(texts, '"', '""')
        return pc.if_else(must, pc.binary_join_element_wise(quote, doubled, quote, nothing), texts)


def _text_bytes(lines: pa.Array) -> int:
    import numpy as np

    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int64)
    return int(offsets[lines.offset + len(lines)])
