"""A sentence as the mention model reads it: each finding's words give way to one mark.

What a sentence says of a finding hangs on the words around it, not on which of many names it has.
With a mark of its observation in place of the name, the model learns "no ... is seen" once for all
names, a misspelled name reads like a well-spelled one, and sentences that differ in names alone are
judged once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from lingula.labels import Schema
from lingula.observations import NO_FINDING
from lingula.rules.judging import Reason
from lingula.rules.lexicon_model import Lexicon
from lingula.rules.tokens import TokenView

_OPEN, _CLOSE = "⟦", "⟧"
_MARK = re.compile(rf"{_OPEN}(\d+)s?{_CLOSE}")
#: Numbers other than 0 and 1 ("effusion: 0") read alike.
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SPACE = re.compile(r"\s+")
#: A sentence means the same with its full stop and without.
_END = " \t\r\n.,;"


class Marked(NamedTuple):
    """A marked sentence.

    Attributes:
        text: With marks in place of the mentions.
        places: For each mention that was given, the number of the mark that stands for it;
            -1 for one that has none (a finding outside the schema).
    """

    text: str
    places: tuple[int, ...]


def mark_names(schema: Schema) -> tuple[str, ...]:
    """The marks of k observations: k for findings, then k for structures whose state is told."""
    plain = [f"{_OPEN}{at}{_CLOSE}" for at in range(len(schema))]
    return (*plain, *(f"{_OPEN}{at}s{_CLOSE}" for at in range(len(schema))))


def marked_observations(text: str) -> list[int]:
    """Place in the schema of the observation of each mark, from left to right."""
    return [int(number) for number in _MARK.findall(text)]


class Marker:
    """Puts marks into sentences.

    Args:
        lexicon: Of the rules that found the mentions.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        schema = lexicon.schema
        names = mark_names(schema)
        self._marks: list[str | None] = [
            names[schema.index(item.observation) + len(schema) * item.structure]
            if item.observation in schema and item.observation != NO_FINDING
            else None
            for item in lexicon.mentions
        ]

    def mark(
        self,
        statement: tuple[str, str],
        reasons: Sequence[Reason],
        view: Callable[[str], TokenView],
    ) -> Marked | None:
        """The sentence with its mentions marked; None if none of them has a mark.

        Mentions that overlap share the mark of the first. Misspelled words of the lexicon stand
        as the rules read them. A mention that a header made ("Effusion:", then "None.") stands
        before its answer.

        Args:
            statement: A sentence as the rules judged it, and the words that it inherits.
            reasons: Its mentions, in any order.
            view: Gives the tokens of a sentence as the rules read them.
        """
        if all(self._marks[item.group] is None for item in reasons):
            return None
        sentence, inherited = statement
        put_right = _corrections(view(sentence))
        places = [-1] * len(reasons)
        pieces: list[str] = []
        end, count = 0, 0
        if inherited:
            pieces.append(_plain(inherited, 0, len(inherited), ()))
        order = sorted(range(len(reasons)), key=lambda at: (reasons[at].start, -reasons[at].end))
        for at in order:
            item = reasons[at]
            mark = self._marks[item.group]
            if mark is None:
                continue
            if count and item.start < end:
                places[at] = count - 1
                end = max(end, item.end)
                continue
            pieces += [_plain(sentence, end, item.start, put_right), mark]
            if (item.start, item.end) == (item.cue_start, item.cue_end):
                pieces.append(":")
                end = item.start
            else:
                end = item.end
            places[at] = count
            count += 1
        pieces.append(_plain(sentence, end, len(sentence), put_right))
        return Marked(_SPACE.sub(" ", " ".join(pieces)).strip(_END), tuple(places))


def said_at_marks(reasons: Sequence[Reason], places: Sequence[int]) -> tuple[int, ...]:
    """What the rules say at each mark: of several mentions under one mark, of the first."""
    said: dict[int, int] = {}
    for reason, place in zip(reasons, places, strict=True):
        if place >= 0:
            said.setdefault(place, int(reason.said))
    return tuple(said[place] for place in sorted(said))


def _corrections(view: TokenView) -> list[tuple[int, int, str]]:
    """Characters of a sentence that are read otherwise than written, and as what."""
    if not any(view.changed):
        return []
    found: dict[tuple[int, int], str] = {}
    for token, span, changed in zip(view.tokens, view.spans, view.changed, strict=True):
        if changed:
            found[span] = f"{found[span]} {token}" if span in found else token
    return [(start, end, words) for (start, end), words in found.items()]


def _plain(sentence: str, start: int, end: int, put_right: Sequence[tuple[int, int, str]]) -> str:
    """The words of a stretch of the sentence as the model reads them."""
    pieces, at = [], start
    for first, last, words in put_right:
        if at <= first and last <= end:
            pieces += [sentence[at:first], words]
            at = last
    text = "".join((*pieces, sentence[at:end])).replace(_OPEN, " ").replace(_CLOSE, " ")
    return _NUMBER.sub(_number, text)


def _number(found: re.Match[str]) -> str:
    return found[0] if found[0] in ("0", "1") else "5"
