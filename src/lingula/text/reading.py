"""Text that was read from another text, with a way back: the one map of offsets in Lingula."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Piece(NamedTuple):
    """A run of characters of the source inside a reading.

    Attributes:
        start: First character in the source.
        end: One past the last in the source.
        offset: Where the run starts in the reading's text.
        length: Its characters there. A run of another length than in the source stands for it as
            a whole ("&" for "&amp;").
    """

    start: int
    end: int
    offset: int
    length: int

    @property
    def aligned(self) -> bool:
        """Whether each character of the run stands for one of the source."""
        return self.length == self.end - self.start


@dataclass(frozen=True)
class Reading:
    """A text, and where in its source each character came from.

    Attributes:
        text: What was read.
        pieces: Where it came from, in order; characters between two pieces come from nowhere.
        source_length: Characters of the source.
        whole: Whether the text is its source, unchanged.
    """

    text: str
    pieces: tuple[Piece, ...]
    source_length: int
    whole: bool = False

    def to_source(self, offset: int) -> int:
        """The offset in the source of an offset in ``text``; ``len(text)`` is allowed.

        Raises:
            ValueError: If the offset is negative or past the end.
        """
        if not 0 <= offset <= len(self.text):
            raise ValueError(f"offset {offset} is outside the text that was read")
        piece = self._piece(offset)
        if piece is None:
            return 0
        inside = offset - piece.offset
        if piece.aligned:
            return min(piece.start + inside, piece.end)
        return piece.start if inside < piece.length else piece.end

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The characters of the source that the text from ``start`` to ``end`` was read from.

        Raises:
            ValueError: If an offset is negative or past the end.
        """
        first = self.to_source(start)
        if end <= start:
            return first, first
        # By the last character: one past it may belong to another piece.
        piece = self._piece(end - 1)
        if piece is None or end - 1 >= piece.offset + piece.length:
            return first, max(first, self.to_source(end - 1))
        if piece.aligned:
            return first, piece.start + end - piece.offset
        return first, piece.end

    def then(self, inner: Reading) -> Reading:
        """A reading of this one's text, as a reading of this one's source."""
        if self.whole:
            return inner
        pieces: list[Piece] = []
        starts = [piece.offset for piece in self.pieces]
        for piece in inner.pieces:
            if not piece.aligned:
                start, end = self.span(piece.start, piece.end)
                pieces += _unaligned(Piece(start, end, piece.offset, piece.length))
                continue
            first = max(bisect_right(starts, piece.start) - 1, 0)
            last = bisect_left(starts, piece.end)
            for own in (self.pieces[at] for at in range(first, last)):
                low = max(own.offset, piece.start)
                high = min(own.offset + own.length, piece.end)
                if low >= high:
                    continue
                offset = piece.offset + low - piece.start
                if own.aligned:
                    start = own.start + low - own.offset
                    pieces.append(Piece(start, start + high - low, offset, high - low))
                else:
                    pieces += _unaligned(Piece(own.start, own.end, offset, high - low))
        return Reading(inner.text, tuple(pieces), self.source_length)

    def _piece(self, offset: int) -> Piece | None:
        """The last piece that begins at or before an offset."""
        at = bisect_right(self.pieces, offset, key=_offset) - 1
        return self.pieces[max(at, 0)] if self.pieces else None


def _unaligned(piece: Piece) -> list[Piece]:
    """A piece whose characters have no single origins, even if it is as long as their source."""
    if not piece.aligned or piece.length == 1:
        return [piece]
    return [Piece(piece.start, piece.end, piece.offset + at, 1) for at in range(piece.length)]


def unchanged(text: str) -> Reading:
    """A text as it is."""
    return Reading(text, (Piece(0, len(text), 0, len(text)),), len(text), whole=True)


def replaced(text: str, edits: Iterable[tuple[int, int, str]]) -> Reading:
    """A text in which some spans are replaced; edits stand in order and do not overlap."""
    pieces: list[Piece] = []
    parts: list[str] = []
    at = offset = 0
    for start, end, new in (*edits, (len(text), len(text), "")):
        for low, high, part in ((at, start, text[at:start]), (start, end, new)):
            if not part:
                continue
            last = pieces[-1] if pieces else None
            if last and last.aligned and last.end == low and len(part) == high - low:
                # One run, so that many odd characters are not as many pieces.
                pieces[-1] = Piece(last.start, high, last.offset, high - last.start)
            else:
                pieces.append(Piece(low, high, offset, len(part)))
            parts.append(part)
            offset += len(part)
        at = end
    return Reading("".join(parts), tuple(pieces), len(text))


def _offset(piece: Piece) -> int:
    return piece.offset
