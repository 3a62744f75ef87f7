"""The fast way through CSV in UTF-8 whose quotes, lines and widths leave nothing to decide.

pyarrow parses a block of lines ten times as fast as the standard library, but reads broken quotes
in its own way and does not say where they are. So each block is proven first: every quote opens at
the beginning of a cell, closes at its end or is doubled, and no line is blank. The proof is
arithmetic on whole arrays. Where it fails, nothing is read here, and the slow way decides.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.tables.opening import open_binary

if TYPE_CHECKING:
    import pyarrow as pa

#: Bytes that are parsed at a time.
BLOCK_BYTES = 4 << 20

#: A record that is longer than so many blocks is for the slow way.
RECORD_BLOCKS = 8

_QUOTE, _LINE_FEED, _RETURN = b'"\n\r'
_SPACES = (ord(" "), ord("\t"))


class UnclearError(Exception):
    """The bytes leave something to decide."""


class CsvBlocks:
    """A CSV file with a header, in UTF-8.

    Args:
        path: The file; compression is told by its first bytes.
        delimiter: One ASCII character.

    Raises:
        UnclearError: If it is not as plain as that, as far as its header shows.
    """

    def __init__(self, path: Path, delimiter: str) -> None:
        self._path = path
        self._delimiter = delimiter
        with open_binary(path) as stream:
            first = next(self._cut(stream), b"")
        start = first[: self._record_end(first)]
        try:
            header = next(csv.reader([start.decode()], delimiter=delimiter, strict=True))
        except (UnicodeDecodeError, csv.Error, StopIteration):
            raise UnclearError from None
        if "\n" in "".join(header) or not header:
            raise UnclearError
        self.names = header

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, in batches of about ``BLOCK_BYTES``; columns are named by their numbers.

        Raises:
            UnclearError: If the bytes leave something to decide.
        """
        import pyarrow as pa
        import pyarrow.csv

        names = [str(number) for number in range(len(self.names))]
        parse = pyarrow.csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True)
        convert = pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        )
        with open_binary(self._path) as stream:
            for number, block in enumerate(self._cut(stream)):
                rows = block if number else block[self._record_end(block) :]
                if not rows:
                    continue
                if rows.startswith(codecs.BOM_UTF8):
                    # pyarrow would take it for the mark of a file; here it is text of a cell.
                    raise UnclearError
                read = pyarrow.csv.ReadOptions(
                    use_threads=False, block_size=len(rows) + 1, column_names=names
                )
                try:
                    table = pyarrow.csv.read_csv(pa.py_buffer(rows), read, parse, convert)
                except pa.ArrowInvalid:
                    # A row of another width, or bytes that are no UTF-8.
                    raise UnclearError from None
                yield from table.combine_chunks().to_batches()

    def rebatched(self, schema: pa.Schema, rows: int, characters: int) -> Iterator[pa.RecordBatch]:
        """The rows in batches of so many, fewer where they are long; the same every time.

        Args:
            schema: One text column for each name.
            rows: Rows of a batch at most.
            characters: Bytes of a batch, about.

        Raises:
            UnclearError: If the bytes leave something to decide (now, if they did not before).
        """

        held: list[pa.RecordBatch] = []
        count = size = 0
        for block in self.batches():
            at = 0
            # A block's rows are taken to be of one length.
            each = max(1, block.nbytes // max(1, block.num_rows))
            while at < block.num_rows:
                room = min(rows - count, -(-(characters - size) // each))
                piece = block.slice(at, room)
                held.append(piece)
                at += piece.num_rows
                count += piece.num_rows
                size += piece.num_rows * each
                if count >= rows or size >= characters:
                    yield _joined(held, schema)
                    held, count, size = [], 0, 0
        if held:
            yield _joined(held, schema)

    def _cut(self, stream: IO[bytes]) -> Iterator[bytes]:
        """Blocks of whole records, each proven."""
        rest = b""
        begun = False
        while True:
            data = stream.read(BLOCK_BYTES)
            block = rest + data
            if not begun:
                block = block.removeprefix(codecs.BOM_UTF8)
                begun = bool(data)
            end = len(block) if not data else self._last_record_end(block)
            if len(block) - end > RECORD_BLOCKS * BLOCK_BYTES:
                raise UnclearError
            if end:
                self._prove(block[:end])
                yield block[:end]
            rest = block[end:]
            if not data:
                return

    def _last_record_end(self, block: bytes) -> int:
        """One past the last line end that no quotes enclose; 0 if there is none."""
        quotes = _places(block, _QUOTE)
        high = len(block)
        while (at := block.rfind(b"\n", 0, high)) >= 0:
            before = int(np.searchsorted(quotes, at))
            if before % 2 == 0:
                return at + 1
            high = int(quotes[before - 1])
        return 0

    def _record_end(self, block: bytes) -> int:
        """One past the first line end that no quotes enclose."""
        at = -1
        while (at := block.find(b"\n", at + 1)) >= 0:
            if block.count(b'"', 0, at) % 2 == 0:
                return at + 1
        return len(block)

    def _prove(self, block: bytes) -> None:
        """Raise UnclearError unless the block can be read in one way only."""
        data = np.frombuffer(block, dtype=np.uint8)
        quotes = _places(block, _QUOTE)
        if len(quotes) % 2 or b"\0" in block:
            raise UnclearError
        if len(quotes):
            edges = np.zeros(256, dtype=np.bool_)
            edges[[_QUOTE, _LINE_FEED, _RETURN, ord(self._delimiter)]] = True
            opening, closing = quotes[0::2], quotes[1::2]
            # At the beginning, and at the end, of the block nothing stands before, or after.
            before = data[opening[opening > 0] - 1]
            after = data[closing[closing < len(data) - 1] + 1]
            if not (edges[before].all() and edges[after].all()):
                raise UnclearError
        self._prove_lines(block, data, quotes)

    def _prove_lines(
        self, block: bytes, data: npt.NDArray[np.uint8], quotes: npt.NDArray[np.int64]
    ) -> None:
        """Raise UnclearError if a line may be blank, or ends in an old Macintosh's way."""
        feeds = _places(block, _LINE_FEED)
        feeds = feeds[np.searchsorted(quotes, feeds) % 2 == 0]
        returns = _places(block, _RETURN)
        returns = returns[np.searchsorted(quotes, returns) % 2 == 0]
        if len(returns) and (
            int(returns[-1]) + 1 >= len(data) or not (data[returns + 1] == _LINE_FEED).all()
        ):
            raise UnclearError
        starts = np.concatenate([np.zeros(1, dtype=np.int64), feeds + 1])
        starts = starts[starts < len(data)]
        for first in (_LINE_FEED, _RETURN, *_SPACES):
            if (data[starts] == first).any():
                raise UnclearError


def _places(block: bytes, byte: int) -> npt.NDArray[np.int64]:
    return np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == byte)


def _joined(parts: list[pa.RecordBatch], schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    columns = [pa.concat_arrays([part.column(at) for part in parts]) for at in range(len(schema))]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
