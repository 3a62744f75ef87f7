"""Words that stand for a finding named before: "the latter has resolved", "neither is seen".

An *anaphor* is the subject of a statement about findings already named, in the sentence before or
in the same one: what is said of it is said of them. An *echo* says of a finding what was said of
the one before it: "the edema has cleared, as have the effusions". The kinds are those of reference
grammars (Quirk et al., A Comprehensive Grammar of the English Language, 1985, chapters 12 and 19);
the words are Lingula's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lingula.rules.matcher import Span
from lingula.rules.word_classes import BE, VIEWS

_ORDINALS = {"former": 0, "first": 0, "second": 1, "latter": -1, "last": -1, "third": 2}
_WHOLES = frozenset({"both", "all", "neither", "none", "each"})
_PRONOUNS = frozenset({"it", "this", "that", "such"})
_PLURALS = frozenset({"they", "these", "those"})
_SUBJECT_NOUNS = frozenset({
    "finding", "findings", "abnormality", "abnormalities", "change", "changes", "lesion",
    "lesions", "process", "processes", "of", "them", "these", "the", "two", "three", "four", "five",
})  # fmt: skip
_AUXILIARIES = frozenset({
    "is", "are", "was", "were", "has", "have", "had", "does", "do", "did", "can", "could", "cannot",
    "may", "no", "now", "since", "remains", "remain", "persists", "persist", "appears", "appear",
    "resolved", "cleared", "gone", "unchanged", "not", "removed", "being", "seems", "still",
})  # fmt: skip
#: What "neither" denies of what it stands for; other predicates it denies of the change.
_EXISTENCE = frozenset({
    "seen", "present", "identified", "visible", "remains", "remain", "persists", "persist",
    "evident", "confirmed", "found", "there", "demonstrated", "detected", "apparent", "noted",
    "visualized", "appreciated", "observed", "exists", "left", "identifiable", "shown",
    "recognizable",
})  # fmt: skip
_ONE_VIEW = VIEWS | {"view", "projection"}
_PERSISTENCE = frozenset({
    "unchanged", "stable", "persists", "persist", "persisting", "remains", "remain", "still",
    "grown", "larger", "smaller", "increased", "decreased", "improved", "worse", "worsened",
    "bigger", "present", "visible",
})  # fmt: skip
_ECHOING = frozenset({"so", "as", "nor", "neither", "same"})
_PERFECT = frozenset({"has", "have", "had", "did", "does", "do"})
_ENDS = frozenset({",", ".", ";", "and", "but", "on", "in", "at", "(", ")"})
#: Most words between the auxiliary of an echo and its finding.
_LONGEST_ECHO = 6
_BEGINS = frozenset({".", ";", ",", "and", "but", ":"})
#: Before "neither" these end a statement with it ("now there is neither").
_FINDING_VERBS = frozenset({"is", "are", "find", "found", "see", "identify", "remains", "remain"})
_TIMES = frozenset({"today", "now", "currently", "however"})
_BEFORE = _BEGINS | _FINDING_VERBS | _TIMES | {"the", "only"}
_WORDS = (
    frozenset(_ORDINALS) | _WHOLES | _PLURALS | _PRONOUNS | {"so", "as", "nor", "same", "which"}
)


class Anaphor(NamedTuple):
    """Words that stand for findings named before them.

    Attributes:
        start: First token.
        end: One past the last token.
        stands_for: The mentions that they stand for.
        others: Mentions beside them of which the opposite is said ("only the latter remains").
        neither: Whether the words themselves deny.
    """

    start: int
    end: int
    stands_for: tuple[Span, ...]
    others: tuple[Span, ...] = ()
    neither: bool = False


def refers(tokens: Sequence[str]) -> bool:
    """Whether a sentence has a word that may refer back."""
    return not _WORDS.isdisjoint(tokens)


def anaphors(tokens: Sequence[str], findings: Sequence[Span]) -> list[Anaphor]:
    """The words of a sentence that stand for findings named before them.

    Args:
        tokens: The sentence, or several that are read together.
        findings: Its mentions of findings, from left to right.
    """
    found = []
    for at, token in enumerate(tokens):
        if token not in _WORDS or (at > 0 and tokens[at - 1] not in _BEFORE):
            continue
        anaphor = _anaphor(tokens, at, findings)
        if anaphor is not None:
            found.append(anaphor)
    return found


def _anaphor(tokens: Sequence[str], at: int, findings: Sequence[Span]) -> Anaphor | None:
    token = tokens[at]
    end = at + 1
    while end < len(tokens) and tokens[end] in _SUBJECT_NOUNS:
        end += 1
    if token == "neither" and tokens[at - 1] in _FINDING_VERBS and _closes(tokens, end):
        before = _named_before(tokens, at, findings, least=1)
        return Anaphor(at, end, tuple(before), neither=True) if before else None
    if end >= len(tokens) or tokens[end] not in _AUXILIARIES:
        return None
    if token == "none" and end == at + 1:  # an answer
        return None
    start = at
    while start > 0 and (tokens[start - 1] in ("the", "only", "of") or tokens[start - 1] in _TIMES):
        start -= 1
    before = _named_before(tokens, start, findings, least=2 if token in _ORDINALS else 1)
    if not before:
        return None
    if token in _ORDINALS and tokens[at - 1] == "the":
        chosen = _by_place(before, _ORDINALS[token])
        if chosen is None:
            return None
        only = tokens[at - 2] == "only" if at > 1 else False
        others = [span for span in before if span.rule != chosen.rule] if only else []
        return Anaphor(start, end, (chosen,), tuple(others))
    if start > 0 and tokens[start - 1] not in (".", ";", ",", ":"):
        return None
    if token == "which":
        return Anaphor(start, end, (before[-1],)) if tokens[at - 1] == "," else None
    if token in _WHOLES or token in _PLURALS:
        return Anaphor(start, end, tuple(before), neither=token in ("neither", "none"))
    if token in _PRONOUNS and start > 0 and tokens[start - 1] in (".", ";", ":"):
        # "It" is plain only where one finding was named.
        return Anaphor(start, end, tuple(before)) if len({s.rule for s in before}) == 1 else None
    return None


def _named_before(
    tokens: Sequence[str], at: int, findings: Sequence[Span], least: int
) -> list[Span]:
    """The findings of the nearest statement before a place that names enough of them."""
    named = [span for span in findings if span.end <= at]
    stops = [place for place in range(at) if tokens[place] == "."]
    for stop in reversed([-1, *(place for place in stops if place < at - 1)]):
        here = [span for span in named if span.start > stop]
        if len({span.rule for span in here}) >= least:
            return here
    return []


def _by_place(spans: Sequence[Span], place: int) -> Span | None:
    distinct = list({span.rule: span for span in reversed(spans)}.values())[::-1]
    return distinct[place] if -len(distinct) <= place < len(distinct) else None


def _closes(tokens: Sequence[str], end: int) -> bool:
    return end >= len(tokens) or tokens[end] in (".", ";", ",")


def denies(tokens: Sequence[str], anaphor: Anaphor) -> bool:
    """Whether "neither" denies that its findings are there, rather than that they changed."""
    if _closes(tokens, anaphor.end):
        return True
    for token in tokens[anaphor.end : anaphor.end + 6]:
        if token in _ENDS:
            return False
        if token in _EXISTENCE:
            return True
    return False


def is_partial(tokens: Sequence[str], anaphor: Anaphor) -> bool:
    """Whether a statement is of one projection or side: "this is not seen on the lateral view"."""
    rest = list(tokens[anaphor.end : anaphor.end + 12])
    rest = rest[: rest.index(".")] if "." in rest else rest
    return not _ONE_VIEW.isdisjoint(rest) or ("but" in rest and "not" in rest[rest.index("but") :])


def persists(tokens: Sequence[str], anaphor: Anaphor) -> bool:
    """Whether the statement tells that its findings are there still ("it has not grown")."""
    for token in tokens[anaphor.end : anaphor.end + 6]:
        if token in _ENDS:
            return False
        if token in _PERSISTENCE:
            return True
    return False


def echoes(tokens: Sequence[str], findings: Sequence[Span]) -> list[tuple[Span, Span]]:
    """Each finding of which the same is said as of one before it, with that one."""
    found: list[tuple[Span, Span]] = []
    if len(findings) < 2 or _ECHOING.isdisjoint(tokens):
        return found
    for order, span in enumerate(findings):
        if order and (at := _echo_before(tokens, span)) >= 0:
            before = [other for other in findings[:order] if other.end <= at]
            if before:
                found.append((span, before[-1]))
    return found


def _echo_before(tokens: Sequence[str], span: Span) -> int:
    """Where the echo begins that a finding ends ("so has the effusion"), -1 if there is none."""
    for at in range(span.start - 1, max(span.start - _LONGEST_ECHO - 1, -1), -1):
        token = tokens[at]
        if token in _ENDS and token not in ("in", "on", "at", "and"):
            return -1
        if token == "same" and at and tokens[at - 1] == "the":
            return at - 1
        if at + 1 < span.start and token in ("so", "as", "nor", "neither"):
            verb = tokens[at + 1]
            following = tokens[span.end] if span.end < len(tokens) else "."
            if verb in _PERFECT and tokens[at + 2] != "not":
                return at
            if verb in BE and token != "as" and following in _ENDS and tokens[at + 2] != "there":
                return at
    return -1
