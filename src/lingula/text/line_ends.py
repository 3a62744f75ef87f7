"""What the line ends of a text mean: the end of a statement, or hard wrapping."""

# ruff: noqa: SIM905 (word lists are easier to read and to extend as running text)

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from lingula.text.abbreviations import WORD
from lingula.text.list_items import NUMBERED, OPEN_END, next_number

_FIRST_WORD = re.compile(r"\S{1,40}")
#: "Heart:", "Bones and soft tissues:", at the start of a line.
_LABEL = re.compile(r"[A-Z][A-Za-z]*(?:[ /&,-]{1,3}[A-Za-z]+){0,4}[ \t]*:(?!\d)")
_PARAGRAPH_BREAK = re.compile(r"\n[^\S\n]*\n|\r[^\S\r\n]*\r")
_MIXED_CASE = re.compile(r"[A-Z][a-z]")
#: Capitalized words that stand inside sentences: before these a line end proves nothing.
_NAMES = frozenset(
    "bochdalek broviac chilaiditi cobb cordis dobbhoff dobhoff dr drs foley fontan ganz ghon "
    "groshong hampton harrington heimlich hickman impella kerley medtronic morgagni mr mrs ms "
    "omaya permcath pleurx port quinton schmorl shiley stanford swan swan-ganz vascath westermark "
    "zenker january february march april june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday".split()
)
#: After these "no" is the answer of a form.
_ANSWER_MARKS = (":", "|", "-", "–", "=", "?", " .", "....")
#: A line shorter than this was not cut by hard wrapping.
_LEAST_WRAP = 40


class Layout:
    """What line ends mean in one text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def line_ends(self, at: int, next_at: int, marker: str, expected: int) -> bool:
        """Whether the line end at ``at``, before the text at ``next_at``, ends a sentence."""
        text = self._lines
        if next_at == len(text):
            return True
        following = text[next_at]
        if self._text.count("\n", at, next_at) + self._text.count("\r", at, next_at) > (
            2 if self._text.startswith("\r\n", at) else 1
        ):
            return True
        line = text[text.rfind("\n", 0, at) + 1 : at].strip()
        words = line[-20:].split()
        last = words[-1].lower() if words else ""
        if marker:
            number = next_number(marker) - 1
            return number in (-1, 1, expected) or not (last in NUMBERED or last.endswith(","))
        if last == "no" and (
            line[-3:-2] == "\t" or (words[:-1] and words[-2].endswith(_ANSWER_MARKS))
        ):
            return True  # the answer of a form
        if last in OPEN_END or last.endswith((",", ";", "-", "/", "&", "(", ":", ".")):
            return False
        if following.islower() and self._mixed_case:
            return False
        if _LABEL.match(text, next_at):
            return True
        match = WORD.match(text, next_at)
        word = match.group() if match else ""
        if self._mixed_case and (word == "A" or (word[:1].isupper() and word[1:2].islower())):
            return word.lower() not in _NAMES or self._would_fit(at, next_at, len(line))
        return self._would_fit(at, next_at, len(line))

    def _would_fit(self, at: int, next_at: int, length: int) -> bool:
        """Whether the next line's first word had room on this line."""
        starts, widths = self._paragraphs
        width = widths[bisect_right(starts, at) - 1]
        match = _FIRST_WORD.match(self._lines, next_at)
        assert match is not None
        return width < _LEAST_WRAP or length + 1 + len(match.group()) <= width

    @cached_property
    def _lines(self) -> str:
        """The text with one character for every line end; offsets stay."""
        return self._text.replace("\r", "\n") if "\r" in self._text else self._text

    @cached_property
    def _mixed_case(self) -> bool:
        return _MIXED_CASE.search(self._text) is not None

    @cached_property
    def _paragraphs(self) -> tuple[list[int], list[int]]:
        """Where each paragraph starts, and the length of its longest line."""
        starts = [0, *(match.end() for match in _PARAGRAPH_BREAK.finditer(self._text))]
        ends = [*starts[1:], len(self._text)]
        widths = [
            max(len(line.strip()) for line in self._lines[start:end].split("\n"))
            for start, end in zip(starts, ends, strict=True)
        ]
        return starts, widths
