"""Which finding a detail belongs to, as in "small right and moderate left effusions"."""

from __future__ import annotations

from collections.abc import Sequence

from lingula.rules.matcher import Span
from lingula.strata.definitions import Bridge

_COORDINATORS = frozenset({",", "and", "or"})
_PREPOSITIONS = frozenset({"on", "in", "at", "of"})
_COPULAS = frozenset({"is", "are", "was", "were", "remains", "remain", "appears", "appear"})


def attach(
    tokens: Sequence[str], detail: Span, findings: Sequence[Span], bridge: Bridge
) -> tuple[Span, ...]:
    """The findings that a detail belongs to: none, one, or several on the same words.

    In this order: a finding whose own words hold the detail ("tension pneumothorax"); the finding
    straight after it ("small left effusion"); the finding before it ("the effusion is small"); the
    finding after it beyond an "and" or a comma ("small right and moderate left effusions").

    Args:
        tokens: The sentence's tokens.
        detail: The detail's tokens.
        findings: All findings of the sentence, asserted or not, from left to right.
        bridge: The words that may stand in between.
    """
    holding = [item for item in findings if item.start <= detail.start and detail.end <= item.end]
    if holding:
        return tuple(holding)
    following = min((x for x in findings if x.start >= detail.end), default=None)
    gap = () if following is None else tokens[detail.end : following.start]
    joined = following is not None and all(_joins(word, bridge.before) for word in gap)
    coordinated = not _COORDINATORS.isdisjoint(gap)
    if following is not None and not joined and bridge.shared and bridge.own.isdisjoint(gap):
        # "Left basilar atelectasis and effusion": one side for both.
        joined = all(_joins(word, bridge.before | bridge.shared) for word in gap)
    if following is not None and joined and not coordinated:
        return _same_words(following, findings)
    preceding = max((x for x in findings if x.end <= detail.start), default=None)
    if preceding is not None and _predicated(tokens, detail, preceding, bridge):
        return _same_words(preceding, findings)
    if following is not None and joined and not _is_predicate(tokens, detail):
        return _same_words(following, findings)
    return ()


def _is_predicate(tokens: Sequence[str], detail: Span) -> bool:
    """Whether a detail ends a statement of its own ("the heart is large, effusion")."""
    before = tokens[max(detail.start - 2, 0) : detail.start]
    return bool(before) and before[-1] in _COPULAS and before[0] != "there"


def _predicated(tokens: Sequence[str], detail: Span, finding: Span, bridge: Bridge) -> bool:
    gap = tokens[finding.end : detail.start]
    if not all(_joins(word, bridge.after) for word in gap):
        return False
    if detail.end == len(tokens):
        return True
    following = tokens[detail.end]
    if following in bridge.places:
        return not _PREPOSITIONS.isdisjoint(gap)
    return following in bridge.tail


def _joins(word: str, words: frozenset[str]) -> bool:
    # Numbers name ribs and vertebrae; underscores are the masks of de-identified text.
    return word in words or word[0].isdecimal() or word[0] == "_"


def _same_words(chosen: Span, findings: Sequence[Span]) -> tuple[Span, ...]:
    return tuple(x for x in findings if x.start < chosen.end and chosen.start < x.end)
