"""A report as lines for the page: broken where it breaks and before each section, with its marks.

Every line carries the offset of its first character, so that the page's script can say where a
word stands in the text as it was given, whatever the line breaks are and however they are shown.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lingula.labels import Label
from lingula.review.records import Span
from lingula.text import find_sections

_BREAK = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
#: The stronger label is shown where mentions overlap, as ``lingula explain`` does.
_STRENGTH = (Label.POSITIVE, Label.UNCERTAIN, Label.NEGATIVE, Label.BLANK)
#: Longer texts are shown without a break before each section: they are no single report.
_LONGEST_SECTIONED = 50_000
#: Mentions that are marked; a text with more is no single report, and its page must stay quick.
MOST_MARKED = 2_000


@dataclass(frozen=True)
class Segment:
    """A piece of a line.

    Attributes:
        text: Its characters.
        tone: "positive", "negative", "uncertain" or "blank" for a mention or cue; else empty.
        cue: Whether it is a cue alone.
        header: Whether it is a section's header.
        about: What the mentions say, for a pointer that rests on them.
        observations: Whose mentions they are.
    """

    text: str
    tone: str = ""
    cue: bool = False
    header: bool = False
    about: str = ""
    observations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A line.

    Attributes:
        start: Offset of its first character in the report's text.
        gap: Whether a space is left above it.
        segments: Its pieces, in order; their texts are the line.
    """

    start: int
    gap: bool
    segments: tuple[Segment, ...]


def report_lines(text: str, evidence: Sequence[Span] = ()) -> tuple[Line, ...]:
    """The lines of a report; white lines become gaps.

    Args:
        text: As the store gives it.
        evidence: Mentions to mark, the first ``MOST_MARKED``; none in a blind review.
    """
    evidence = sorted(evidence, key=lambda span: span.start)[:MOST_MARKED]
    headers = _headers(text)
    pieces = _Pieces(text, evidence, headers)
    lines: list[Line] = []
    gap = False
    for start, end in _line_spans(text, [start for start, _ in headers]):
        if not text[start:end].strip():
            gap = bool(lines)
            continue
        found = tuple(pieces.within(start, end))
        opens = found[0].header and bool(lines)
        lines.append(Line(start, gap or opens, found))
        gap = False
    return tuple(lines)


def _headers(text: str) -> list[tuple[int, int]]:
    if len(text) > _LONGEST_SECTIONED:
        return []
    return [
        (section.header_start, section.start)
        for section in find_sections(text)
        if section.header_start < section.start
    ]


def _line_spans(text: str, before: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Starts and ends of lines, without the characters that break them."""
    start, waiting = 0, sorted(before, reverse=True)
    for found in [*_BREAK.finditer(text), None]:
        end = len(text) if found is None else found.start()
        while waiting and waiting[-1] < end:
            at = waiting.pop()
            if text[start:at].strip():
                yield start, at
                start = at
        yield start, end
        start = end if found is None else found.end()


class _Pieces:
    """Cuts a text at the bounds of its mentions, cues and headers."""

    def __init__(
        self, text: str, evidence: Sequence[Span], headers: Sequence[tuple[int, int]]
    ) -> None:
        self._text = text
        bounds: set[int] = {0, len(text)}
        opened: dict[int, list[tuple[int, int, Span | None, bool]]] = {}
        for start, end, span, cue in _ranges(evidence, headers):
            bounds.update((start, end))
            opened.setdefault(start, []).append((start, end, span, cue))
        self._cuts = sorted(at for at in bounds if 0 <= at <= len(text))
        self._over: list[list[tuple[Span | None, bool]]] = []
        active: list[tuple[int, int, Span | None, bool]] = []
        for at in self._cuts:
            active = [item for item in active if item[1] > at] + opened.get(at, [])
            self._over.append([(span, cue) for _, _, span, cue in active])

    def within(self, start: int, end: int) -> Iterator[Segment]:
        """The segments of a line."""
        place = bisect_right(self._cuts, start) - 1
        while start < end:
            stop = min(end, self._cuts[place + 1]) if place + 1 < len(self._cuts) else end
            yield _segment(self._text[start:stop], self._over[place])
            start, place = stop, place + 1


def _ranges(
    evidence: Sequence[Span], headers: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int, Span | None, bool]]:
    for start, end in headers:
        yield start, end, None, False
    for span in evidence:
        if span.start < span.end:
            yield span.start, span.end, span, False
        if span.cue_start is not None and span.cue_end is not None:
            yield span.cue_start, span.cue_end, span, True


def _segment(text: str, over: Sequence[tuple[Span | None, bool]]) -> Segment:
    header = any(span is None for span, _ in over)
    mentions = [span for span, cue in over if span is not None and not cue]
    cues = [span for span, cue in over if span is not None and cue]
    shown = mentions or cues
    if not shown:
        return Segment(text, header=header)
    label = min((Label(span.label) for span in shown), key=_STRENGTH.index)
    about = dict.fromkeys(f"{s.observation}: {Label(s.label).name.lower()}" for s in shown)
    return Segment(
        text,
        tone=label.name.lower(),
        cue=not mentions,
        header=header,
        about="; ".join(about),
        observations=tuple(dict.fromkeys(span.observation for span in shown)),
    )
