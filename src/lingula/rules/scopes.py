"""How far a cue reaches, and what it needs beside it to be one."""

from __future__ import annotations

from typing import NamedTuple

from lingula.rules.clauses import separated
from lingula.rules.inversion import inverted_verb, past_structures
from lingula.rules.lexicon_model import Cue, Direction, Mention
from lingula.rules.matcher import Span
from lingula.rules.word_classes import BE, NEW_STATEMENT

#: A word that undoes a cue stands at most this many tokens before it.
_UNDOING_REACH = 8
#: Or at most this many after it.
_UNDOING_AFTER = 9


class Scope(NamedTuple):
    """How far a cue reaches, ready for use.

    Attributes:
        forward: Whether it speaks of what follows.
        backward: Whether it speaks of what stands before.
        reach: Most tokens between it and a mention.
        stops: Words that end its scope.
        crosses: Whether it reaches past walls and stops, though past no finding.
        hangs_on_verb: Whether it looks back and needs a verb before it.
        inverts: Whether it may head its clause: it asserts something, and is no state.
    """

    forward: bool
    backward: bool
    reach: int
    stops: frozenset[str]
    crosses: bool
    hangs_on_verb: bool
    inverts: bool

    @classmethod
    def of(cls, cue: Cue, inverts: bool) -> Scope:
        """The scope of a cue."""
        return cls(
            cue.direction is not Direction.BACKWARD,
            cue.direction is not Direction.FORWARD,
            cue.reach,
            frozenset(cue.stops),
            cue.crosses,
            cue.direction is Direction.BACKWARD and not BE.isdisjoint(cue.needs_before),
            inverts,
        )

    def reaches(self, tokens: list[str], cue: Span, target: Span, walls: list[int]) -> bool:
        """Whether the cue, where it stands, speaks of a mention.

        Args:
            tokens: The sentence, those of findings blanked.
            cue: Where the cue stands.
            target: The mention.
            walls: Of the sentence.
        """
        if cue.end <= target.start:
            if self.forward and self._spans(tokens, cue, cue.end, target.start, walls):
                return True
            if not self.inverts:
                return False
            verb = inverted_verb(tokens, cue, target)
            return verb >= 0 and self._spans(tokens, cue, verb, target.start, walls)
        if target.end <= cue.start and self.backward:
            start, end = target.end, cue.start
            if self.hangs_on_verb:
                # "The opacity over the base is breast tissue": what counts follows the verb.
                verbs = [at for at in range(start, end) if tokens[at] in BE]
                start = verbs[-1] if verbs and verbs[-1] - start <= self.reach else start
            return self._spans(tokens, cue, start, end, walls)
        return False

    def _spans(self, tokens: list[str], cue: Span, start: int, end: int, walls: list[int]) -> bool:
        """Whether the scope spans the tokens between the cue and a mention."""
        if start == end:
            return True
        if self.crosses:
            return end - start <= self.reach and "" not in tokens[start:end]
        if end - start > self.reach or (walls and separated(walls, start, end)):
            return False
        return (
            not self.stops
            or self.stops.isdisjoint(tokens[start:end])
            or (
                start == cue.end
                and self.stops.isdisjoint(tokens[past_structures(tokens, start, end) : end])
            )
        )


class Conditions(NamedTuple):
    """Words that a cue needs after and before it, and that undo it before and after it."""

    needs: frozenset[str]
    needs_before: frozenset[str]
    void_after: frozenset[str]
    void_before: frozenset[str]
    #: Whether the cue looks forward alone.
    forward: bool

    @classmethod
    def of(cls, cue: Cue) -> Conditions | None:
        """The conditions of a cue, None if it has none."""
        if not (cue.needs or cue.needs_before or cue.void_after or cue.void_before):
            return None
        return cls(
            frozenset(cue.needs),
            frozenset(cue.needs_before),
            frozenset(cue.void_after),
            frozenset(cue.void_before),
            forward=cue.direction is Direction.FORWARD,
        )

    def fail(self, tokens: list[str], cue: Span, walls: list[int]) -> bool:
        """Whether the cue lacks a word that it needs, or a word beside it undoes it.

        So do "no" in "no resolution" and "near-total" in "near-total clearing".
        """
        before = self.needs_before
        if self.needs and self.needs.isdisjoint(tokens[cue.end :]):
            return True
        if self.void_before:
            for token in tokens[cue.end : cue.end + _UNDOING_AFTER]:
                if token in NEW_STATEMENT:
                    break
                if token in self.void_before:
                    return True
        first = max(cue.start - _UNDOING_REACH, 0)
        if before and before.isdisjoint(tokens[first : cue.start]):
            return True
        if not self.void_after:
            return False
        for at in range(cue.start - 1, first - 1, -1):
            if self.forward and not tokens[at]:  # what the word speaks of stands before the cue
                return False
            if before and tokens[at] in BE:  # "the opacity over the base is ..."
                return False
            if tokens[at] in self.void_after and not separated(walls, at + 1, cue.start):
                return True
        return False


def acts_on(cue: Cue, mention: Mention) -> bool:
    """Whether a cue may speak of a group of mentions at all."""
    names = {mention.name, mention.observation}
    return not names & set(cue.excludes) and (not cue.only or bool(names & set(cue.only)))
