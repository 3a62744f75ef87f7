"""New sentences with silver labels: a mention or a cue takes another's place.

Rare observations name few of a corpus's sentences, and a model that saw twenty learns to answer "no
mention". A rule lexicon knows how they are named and how anything is denied or doubted, and its
labeler says what a new sentence means, so that as many can be made as are wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from lingula.errors import RecipeError
from lingula.labels import Evidence, Labeler
from lingula.rules import RuleLabeler
from lingula.rules.lexicon_model import (
    OTHER_FINDING,
    Category,
    Cue,
    Direction,
    Lexicon,
    Mention,
)

#: How often a cue is exchanged too, and how often a new phrase is one that the corpus itself uses
#: rather than any of the lexicon's. Chosen by us, not tuned.
CUE_CHANCE, CORPUS_CHANCE = 0.5, 0.5

#: Cues that decide a mention's label where it stands alone.
ASSERTING = frozenset({Category.UNCERTAINTY_FIRST, Category.NEGATION, Category.UNCERTAINTY})

T = TypeVar("T")


@dataclass(frozen=True)
class _Slot:
    """A sentence and one of its mentions."""

    text: str
    evidence: Evidence


class Substitution:
    """Makes sentences from those of a corpus.

    Args:
        labeler: Must be the rules: their evidence says what stands where.
        sentences: The corpus.

    Raises:
        RecipeError: If the labeler has no lexicon.
    """

    def __init__(self, labeler: Labeler, sentences: Sequence[str]) -> None:
        if not isinstance(labeler, RuleLabeler):
            raise RecipeError(
                'augmentation "substituted" needs the lexicon of the labeler "rules"; '
                "this recipe's has none"
            )
        lexicon = labeler.lexicon
        groups = {mention.name: mention for mention in lexicon.mentions}
        found = labeler.label(sentences, evidence=True).evidence or ()
        self._slots: list[_Slot] = []
        self._seen: dict[tuple[str, bool], dict[str, None]] = {}
        for text, reasons in zip(sentences, found, strict=True):
            for reason in reasons:
                group = groups.get(reason.rule.split(" / ")[0])
                if group is None or reason.end <= reason.start:
                    continue
                self._slots.append(_Slot(text, reason))
                kind = (reason.observation, group.structure)
                self._seen.setdefault(kind, {})[reason.phrase.lower()] = None
        self._groups = groups
        self._cues = {cue.name: cue for cue in lexicon.cues}
        self._others = _by_kind(lexicon)
        self._near = [phrases for group in lexicon.mentions if (phrases := _misleading(group))]
        self._asserting = [cue for cue in lexicon.cues if cue.category in ASSERTING]

    def make(
        self, count: int, generator: np.random.Generator, *, near_misses: bool = False
    ) -> list[str]:
        """New sentences, fewer than asked for only if the corpus has no mention at all.

        In a sentence of the corpus one mention becomes another observation's, each observation
        being as likely as the next, and every second time its cue becomes another cue of the same
        direction. What the new sentence means is the labeler's to say.

        Args:
            count: How many to make.
            generator: Source of chance.
            near_misses: Put in phrases that hold a mention's words and are none ("pericardial
                effusion"), or that name a finding outside the schema.
        """
        if not self._slots:
            return []
        places = generator.integers(len(self._slots), size=count)
        return [self._exchange(self._slots[place], generator, near_misses) for place in places]

    def _exchange(self, slot: _Slot, generator: np.random.Generator, near_misses: bool) -> str:
        reason = slot.evidence
        rule, _, cue_name = reason.rule.partition(" / ")
        if near_misses and self._near:
            phrase = _draw(_draw(self._near, generator), generator)
        else:
            phrase = self._phrase(self._groups[rule], generator)
        changes = [(reason.start, reason.end, phrase)]
        cue = self._cues.get(cue_name)
        if cue is not None and reason.cue_start is not None and reason.cue_end is not None:
            apart = reason.cue_end <= reason.start or reason.end <= reason.cue_start
            other = self._cue(cue, generator) if apart else None
            if other is not None and generator.random() < CUE_CHANCE:
                changes.append((reason.cue_start, reason.cue_end, other))
        text = slot.text
        for start, end, phrase in sorted(changes, reverse=True):
            text = text[:start] + phrase + text[end:]
        return text

    def _phrase(self, group: Mention, generator: np.random.Generator) -> str:
        kind = _draw([kind for kind in self._others if kind[1] == group.structure], generator)
        seen = list(self._seen.get(kind, ()))
        if seen and generator.random() < CORPUS_CHANCE:
            return _draw(seen, generator)
        return _draw(_draw(self._others[kind], generator).phrases, generator)

    def _cue(self, cue: Cue, generator: np.random.Generator) -> str | None:
        same = [
            other
            for other in self._asserting
            if other.direction in (cue.direction, Direction.BOTH) and not other.only
        ]
        if not same or cue.category not in ASSERTING:
            return None
        category = _draw(sorted({other.category for other in same}), generator)
        chosen = _draw([other for other in same if other.category is category], generator)
        return _draw(chosen.phrases, generator)


def _by_kind(lexicon: Lexicon) -> dict[tuple[str, bool], list[Mention]]:
    """Groups of phrases by observation and whether they name a structure."""
    out: dict[tuple[str, bool], list[Mention]] = {}
    for mention in lexicon.mentions:
        if mention.observation in lexicon.schema:
            out.setdefault((mention.observation, mention.structure), []).append(mention)
    return out


def _misleading(group: Mention) -> tuple[str, ...]:
    """Phrases that a model might take for a mention of the schema's observations."""
    return group.phrases if group.observation == OTHER_FINDING else group.not_in


def _draw(items: Sequence[T], generator: np.random.Generator) -> T:
    return items[int(generator.integers(len(items)))]
