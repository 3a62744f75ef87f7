"""What a sentence's grammar says of a finding apart from its cues: presupposition, measurement."""

from __future__ import annotations

from lingula.labels import Label
from lingula.rules.matcher import Span
from lingula.rules.word_classes import BE, NEW_STATEMENT

_DEFINITE = frozenset({"the", "this", "these", "his", "her", "known"})
_PREPOSITIONS = frozenset({
    "of", "in", "to", "for", "from", "around", "within", "behind", "on", "regarding",
    "concerning", "underlying", "at", "near", "over", "along", "beneath", "beside", "about",
    "under", "overlying", "affecting", "involving",
})  # fmt: skip
#: "We do not believe the opacity to be pneumonia" denies what it is, not that it is there.
_OPINIONS = frozenset({"believe", "consider", "think"})
#: What "if the opacity is ..." asks of a finding that is there.
_CAUSED = frozenset({
    "due", "represents", "represent", "reflects", "caused", "from", "secondary", "new", "old",
    "acute", "chronic", "larger", "smaller", "changed", "progressed", "unchanged", "worse",
    "recent", "healed", "benign", "malignant", "longstanding", "increased", "decreased", "stable",
})  # fmt: skip
#: Most words between "the" and the finding that it is about.
_LONGEST_PHRASE = 5
#: A value stands at most this many tokens after what is measured.
_MEASURE_REACH = 9
#: A larger value is a percentage.
_LARGEST_SHARE = 1.5
_LENGTHS = frozenset({"cm", "mm", "centimeters", "centimetres"})
_GREATER = frozenset({">", "over", "above", "exceeds", "exceeding", "greater", "more", "larger"})
_LESS = frozenset({"<", "under", "below", "less", "smaller"})


def taken_for_granted(tokens: list[str], target: Span) -> int:
    """Where the words begin that take a finding for granted, -1 if none do.

    "No drainage of the effusion" and "no pneumothorax around the chest tube" deny what stands
    before the preposition; effusion and tube are there.
    """
    for at in range(target.start - 1, max(target.start - _LONGEST_PHRASE, 0), -1):
        token = tokens[at]
        if token in _DEFINITE and tokens[at - 1] in _PREPOSITIONS:
            return at - 1
        if token == "the" and tokens[at - 1] in _OPINIONS:
            return at
        if token in _DEFINITE and _asks_for_its_cause(tokens, at, target):
            return at + 1
        if token in NEW_STATEMENT or token == "or" or token in BE:
            return -1
    return -1


def _asks_for_its_cause(tokens: list[str], at: int, target: Span) -> bool:
    """Whether "unclear if the opacity is due to" asks what a finding is, not if it is there."""
    return tokens[at - 1] in ("if", "whether") and not _CAUSED.isdisjoint(
        tokens[target.end : target.end + 3]
    )


def _second_length(tokens: list[str], start: int) -> str:
    """The next length of a sentence, "" if there is none ("17 cm against 30 cm")."""
    for at in range(start, min(start + _MEASURE_REACH, len(tokens) - 1)):
        if tokens[at][:1].isdecimal() and tokens[at + 1] in _LENGTHS:
            return tokens[at]
    return ""


def measured_label(tokens: list[str], mention: Span, limit: float) -> Label | None:
    """What the value after a measured structure says, a share or a percentage."""
    greater = less = False
    for at in range(mention.end, min(mention.end + _MEASURE_REACH, len(tokens))):
        token = tokens[at]
        if token in ("not", "no"):
            return Label.NEGATIVE
        greater = greater or token in _GREATER
        less = less or token in _LESS
        if token == "half" or token[:1].isdecimal():
            value = 0.5 if token == "half" else float(token)
            following = tokens[at + 1] if at + 1 < len(tokens) else ""
            if following in _LENGTHS:
                following = _second_length(tokens, at + 2)
                if not following:
                    return None
            if following[:1].isdecimal() and float(following) > value:  # "16/30"
                value /= float(following)
            value = value / 100 if value > _LARGEST_SHARE else value
            if less:
                return Label.NEGATIVE if value <= limit else None
            return (
                Label.POSITIVE if value > limit or (greater and value == limit) else Label.NEGATIVE
            )
    return None
