"""Where one clause of a sentence ends and the next begins: the walls of every cue's scope.

A clause has a predicate: a finite verb ("the effusion has resolved"), or in note style a participle
or an adjective after its noun ("effusion resolved"). Commas and "and" also join the items of a
list, so which of them is a wall follows from where the predicates stand.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable
from typing import NamedTuple

from lingula.rules.lexicon_model import Lexicon

_COORDINATORS = frozenset({",", "and"})
_ALTERNATIVES = frozenset({"or", "nor"})
#: Conjunctions that open a clause if a verb of its own follows.
_SUBORDINATORS = frozenset({"after", "since", "because", "when", "until", "where"})
_LISTING = _COORDINATORS | _ALTERNATIVES
_JOINTS = _LISTING | _SUBORDINATORS
_DETERMINERS = frozenset({"the", "there", "no", "this", "these", "it", "a", "an"})
_PLURAL = frozenset({
    "are", "were", "have", "appear", "remain", "show", "demonstrate", "contain", "reveal",
    "persist", "exist", "seem", "represent",
})  # fmt: skip
#: Participles of seeing: after a denied list they belong to it ("no effusion, edema seen").
_PERCEPTION = frozenset({
    "seen", "identified", "noted", "visualized", "visualised", "present", "appreciated",
    "demonstrated", "evident", "visible", "detected", "observed", "apparent", "found", "shown",
})  # fmt: skip
_DENIED = frozenset({"not", "longer", "never"})
#: After these a bare predicate ends its statement; a noun after it would make it an attribute.
_AFTER_PREDICATE = frozenset({
    ",", ";", ":", ".", "(", ")", "-", "and", "or", "but", "in", "on", "at", "from", "since",
    "compared", "by", "now", "today", "with", "without", "after", "again", "as", "to", "completely",
    "slightly", "markedly", "significantly", "relative",
    "rll", "lll", "rul", "lul", "rml", "versus", "bilaterally", "size", "nor",
})  # fmt: skip
#: Most words of the second part of a subject.
_LONGEST_SUBJECT = 8
#: "As to the heart, it is normal": the pronoun resumes the topic.
_TOPICS = frozenset({"as", "regarding", "concerning", "with"})
_PRONOUNS = frozenset({"it", "they", "this", "these"})
_MODALS = frozenset({"may", "might", "could", "can", "does", "do", "did"})
#: The verb of a modal stands at most this many tokens after it ("may well represent").
_MODAL_REACH = 3
_CLOSING = {"(": frozenset({")"}), "which": frozenset({","}), "--": frozenset({"--"})}


class ClauseWords(NamedTuple):
    """The word lists of a lexicon that tell clauses apart."""

    starters: frozenset[str]
    verbs: frozenset[str]
    predicates: frozenset[str] = frozenset()

    @classmethod
    def of(cls, lexicon: Lexicon) -> ClauseWords:
        """The lists of a lexicon."""
        return cls(
            frozenset(lexicon.starters), frozenset(lexicon.verbs), frozenset(lexicon.predicates)
        )


class Walls(list[int]):
    """Token positions that no scope crosses, in order, and the asides that a scope may skip."""

    asides: list[tuple[int, int]]

    def __init__(self, places: Iterable[int], asides: list[tuple[int, int]]) -> None:
        super().__init__(places)
        self.asides = asides


#: Those of most sentences.
_NO_WALLS = Walls((), [])


class _Joint(NamedTuple):
    """A comma or conjunction that could be a wall."""

    at: int
    #: First token after it.
    next_at: int
    #: "," alone, "and" with or without a comma, "or" likewise, or a subordinating conjunction.
    kind: str
    noun_before: bool
    #: A list before it began with "no".
    denied_before: bool


def clause_walls(
    tokens: list[str],
    hard: Collection[int],
    words: ClauseWords,
    nouns: Iterable[tuple[int, int, int]] = (),
) -> Walls:
    """Token positions that no scope crosses, in order.

    Hard walls come from boundary words ("but", ";"). A comma, "and" or "after" is a wall as well
    where a new statement follows: before a word that starts one ("no effusion, the heart is
    enlarged"), between two predicates ("the heart is large and the lungs are clear", "consolidation
    worse, effusion no longer seen"), and between a finished list and a subject of its own
    ("fractures and effusion, edema has resolved"). Within a list there is none ("no effusion,
    consolidation, or pneumothorax").

    Args:
        tokens: The sentence.
        hard: Positions of boundary words.
        words: The lexicon's lists.
        nouns: Spans of the words that name findings or structures.
    """
    if _JOINTS.isdisjoint(tokens):
        if not hard:
            return _NO_WALLS
        walls = set(hard)
    else:
        walls = set(hard)
        named = {at for start, end, _ in nouns for at in range(start, end)}
        _Reader(tokens, walls, words, named).read()
    return Walls(sorted(walls), _asides(tokens, walls, words.verbs)) if walls else _NO_WALLS


def separated(walls: list[int], first_end: int, second_start: int) -> bool:
    """Whether a wall stands between two spans, the first of which ends before the second."""
    at = bisect_left(walls, first_end)
    if at == len(walls) or walls[at] >= second_start:
        return False
    asides = getattr(walls, "asides", ())
    if not asides:
        return True
    skipped = [(start, end) for start, end in asides if first_end <= start and end < second_start]
    return not skipped or any(
        not any(start <= wall <= end for start, end in skipped)
        for wall in walls[at : bisect_left(walls, second_start)]
    )


def _asides(
    tokens: list[str], walls: Collection[int], verbs: Collection[str]
) -> list[tuple[int, int]]:
    """Words in brackets, and relative clauses within their sentence."""
    found = []
    for at in walls:
        closing = _CLOSING.get(tokens[at])
        if closing is None:
            continue
        if tokens[at] == "which" and (at == 0 or tokens[at - 1] != ","):
            end = _relative_end(tokens, at, verbs)
            if end > 0:
                found.append((at, end))
            continue
        for end in range(at + 1, len(tokens)):
            if tokens[end] in closing:
                found.append((at, end))
                break
            if tokens[end] == ";":
                break
    return found


def _relative_end(tokens: list[str], at: int, verbs: Collection[str]) -> int:
    """Last token of a relative clause without commas: before the second finite verb; -1 if none.

    "The pneumothorax for which it was placed | is no longer seen".
    """
    first = 0
    for end in range(at + 1, len(tokens)):
        if tokens[end] in _LISTING or tokens[end] == ";":
            return -1
        if tokens[end] in verbs:
            if first and not (tokens[first] in _MODALS and end - first <= _MODAL_REACH):
                return end - 1
            first = first or end
    return -1


class _Reader:
    """One walk over a sentence from left to right."""

    def __init__(
        self, tokens: list[str], walls: set[int], words: ClauseWords, nouns: Collection[int]
    ) -> None:
        self._tokens = tokens
        self._walls = walls
        self._words = words
        self._nouns = nouns
        #: A comma before the last "or" separates items of its list.
        self._listed_from = -1
        if not _ALTERNATIVES.isdisjoint(tokens):
            self._listed_from = max(at for at, token in enumerate(tokens) if token in _ALTERNATIVES)
        self._reset()

    def _reset(self) -> None:
        self._joints: list[_Joint] = []
        self._predicate = False  # one stands in the clause, before its joints
        self._noun = False  # a finding or structure stands in the clause
        self._noun_here = False  # one stands since the last joint
        self._plain = True  # nothing but findings and commas stands in the clause
        self._closed = False  # "and" has ended a list before the clause
        self._denied = False

    def read(self) -> None:
        tokens, verbs, predicates = self._tokens, self._words.verbs, self._words.predicates
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if at in self._walls:
                if token in predicates and self._noun_here and self._predicates(at):
                    self._participle(at)  # "effusion not seen, ..." ends there
                self._reset()
            elif token in _JOINTS:
                at = self._joint(at)
                continue
            elif token in verbs:
                self._verb(at)
            elif at in self._nouns:
                self._noun = self._noun_here = True
            elif token in predicates and self._noun_here and self._predicates(at):
                self._participle(at)
            else:
                self._plain = False
                if token in ("no", "without", "not", "neither"):
                    self._denied = True
            at += 1

    def _joint(self, at: int) -> int:
        """Notes the joint at a position; returns the first position after it."""
        tokens = self._tokens
        end = at + 1
        if tokens[at] in _SUBORDINATORS:
            kind = "after"
        else:
            while end < len(tokens) and tokens[end] in _LISTING:
                end += 1
            run = tokens[at:end]
            kind = "or" if not _ALTERNATIVES.isdisjoint(run) else "and" if "and" in run else ","
            following = tokens[end] if end < len(tokens) else ""
            if following in _PRONOUNS and tokens[0] in _TOPICS:
                return end
            if (
                kind != "or"
                and following in self._words.starters
                and (at > self._listed_from or following in _DETERMINERS)
                and not (kind == "and" and self._shared_subject(end))
            ):
                self._wall(at, closed=kind == "and" and self._noun_here)
                return end
        self._joints.append(_Joint(at, end, kind, self._noun, self._denied))
        self._noun_here = False
        return end

    def _shared_subject(self, at: int) -> bool:
        """Whether "and the" goes on with a subject: "the heart and the mediastinum are normal"."""
        if self._predicate or self._denied or not self._noun or self._tokens[at] != "the":
            return False
        following = self._tokens[at : at + _LONGEST_SUBJECT]
        verb = next((token for token in following if token in self._words.verbs), "")
        return verb in _PLURAL and _JOINTS.isdisjoint(following[: following.index(verb)])

    def _wall(self, at: int, *, closed: bool) -> None:
        self._walls.add(at)
        noun_here = self._noun_here
        self._reset()
        self._closed = closed
        self._noun = self._noun_here = noun_here

    def _verb(self, at: int) -> None:
        plural = self._tokens[at] in _PLURAL
        wall = self._between(at, plural) if self._predicate else self._after_list(at, plural)
        if wall is not None:
            self._walls.add(wall)
        self._predicate, self._joints, self._plain = True, [], False
        self._noun = True

    def _between(self, at: int, plural: bool) -> int | None:
        """The wall between a predicate and the verb at a position."""
        joints = [joint for joint in self._joints if joint.kind != "or" and joint.next_at < at]
        if not joints:
            return None
        for joint in joints:
            if self._tokens[joint.next_at] in _DETERMINERS:
                return joint.at
        last = self._joints[-1]
        # The subject itself may be a list: "..., lungs and pleura are clear".
        listed = last.kind == "or" or (last.kind == "and" and plural)
        if listed and len(joints) > 1:
            commas = [joint for joint in joints if joint.kind == ","]
            return (commas or joints)[0].at
        return joints[-1].at

    def _after_list(self, at: int, plural: bool) -> int | None:
        """The wall between nouns without a predicate and the verb at a position."""
        if not self._joints:
            return None
        last = self._joints[-1]
        own_subject = last.next_at < at
        if not own_subject or not last.noun_before:
            return None
        if last.kind == "after":
            return last.at
        if last.kind != ",":
            return None
        closed = any(joint.kind in ("and", "or") for joint in self._joints[:-1])
        return last.at if closed or not plural else None

    def _predicates(self, at: int) -> bool:
        """Whether the word at a position ends a statement rather than describing a noun."""
        tokens = self._tokens
        following = tokens[at + 1] if at + 1 < len(tokens) else "."
        if following not in _AFTER_PREDICATE and at + 1 not in self._walls:
            return False
        if tokens[at] in _PERCEPTION:
            told = self._predicate and not self._denied  # "effusion absent, edema present"
            return told or tokens[at - 1] in _DENIED
        return True

    def _participle(self, at: int) -> None:
        joints = [joint for joint in self._joints if joint.kind != "or"]
        if joints and self._joints[-1].kind != "or":
            last = joints[-1]
            closed = self._closed or any(joint.kind == "and" for joint in joints[:-1])
            if self._predicate or (
                last.kind == ","
                and last.noun_before
                and (closed or not self._plain)
                and not (last.denied_before and self._tokens[at] in _PERCEPTION)
            ):
                self._walls.add(last.at)
        elif joints and self._predicate:
            self._walls.add(joints[0].at)
        self._predicate, self._joints, self._plain = True, [], False
