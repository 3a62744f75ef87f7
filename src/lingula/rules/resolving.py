"""Stage two for words that refer back: what they are said to be, their findings are."""

from __future__ import annotations

from lingula.labels import Label
from lingula.rules.anaphora import (
    Anaphor,
    anaphors,
    denies,
    echoes,
    is_partial,
    persists,
    refers,
)
from lingula.rules.assertion import Assertion, AssertionClassifier
from lingula.rules.lexicon_model import Category, Lexicon
from lingula.rules.matcher import Scan, Span, longest


class ReferringClassifier(AssertionClassifier):
    """Labels mentions by the cues about them, and about the words that stand for them.

    "There is an effusion and a pneumothorax. The latter has resolved.": "the latter" is judged as
    if "pneumothorax" stood in its place, and what is denied of it is denied of the mention.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        super().__init__(lexicon)
        #: The cue that is named where "neither" or "only" denies.
        self._neither = next(
            (at for at, cue in enumerate(lexicon.cues) if "neither" in cue.phrases), 0
        )

    def classify_all(self, scan: Scan, mentions: list[Span], walls: list[int]) -> list[Assertion]:
        """One assertion a mention, in their order; ``Label.BLANK`` where nothing is asserted."""
        if not mentions or not refers(scan.tokens):
            return super().classify_all(scan, mentions, walls)
        tokens = scan.tokens
        findings = [span for span in mentions if not self._is_structure[span.rule]]
        structures = [span for span in mentions if self._is_structure[span.rule]]
        pointers = anaphors(tokens, findings)
        stand_ins = {
            Span(pointer.start, pointer.end, span.rule)
            for pointer in pointers
            for span in pointer.stands_for
        }
        judged = sorted([*mentions, *stand_ins]) if stand_ins else mentions
        known = {item.mention: item for item in super().classify_all(scan, judged, walls)}
        for pointer in pointers:
            if not is_partial(tokens, pointer):
                self._carry(scan, pointer, known, walls)
        for span, before in (*echoes(tokens, findings), *echoes(tokens, structures)):
            if known[before].said is not None and known[before].label is not Label.BLANK:
                known[span] = self._again(known[span], known[before])
        return [known[span] for span in mentions]

    def _carry(
        self, scan: Scan, pointer: Anaphor, known: dict[Span, Assertion], walls: list[int]
    ) -> None:
        """Says of the mentions what is said of the words that stand for them."""
        denial = Span(pointer.start, pointer.start + 1, self._neither)
        for span in pointer.stands_for:
            said = known[Span(pointer.start, pointer.end, span.rule)]
            said = self._of_the_words(scan, pointer, walls) or said
            if pointer.neither:
                denied = denies(scan.tokens, pointer)
                label = Label.NEGATIVE if denied else Label.POSITIVE
                said = said._replace(said=label, cue=denial)
            if said.said is Label.NEGATIVE or self._tells_it_is_there(scan.tokens, pointer, said):
                known[span] = self._again(known[span], said)
        for span in pointer.others:
            known[span] = self._again(
                known[span], Assertion(span, Label.NEGATIVE, denial, Label.NEGATIVE)
            )

    def _of_the_words(self, scan: Scan, pointer: Anaphor, walls: list[int]) -> Assertion | None:
        """What a cue says that holds the referring words themselves ("these have cleared")."""
        for cue in longest(scan.cues):
            if (
                cue.start == pointer.start
                and self._scopes[cue.rule].crosses
                and self._asserts[cue.rule] is Label.NEGATIVE
                and not self._undone(scan.tokens, cue, walls)
            ):
                return Assertion(cue, Label.NEGATIVE, cue, Label.NEGATIVE)
        return None

    def _tells_it_is_there(self, tokens: list[str], pointer: Anaphor, said: Assertion) -> bool:
        """Whether a finding that was only asked about is there ("it is confirmed", "unchanged")."""
        if said.said is not Label.POSITIVE or pointer.neither:
            return False
        if said.cue is not None and self._cues[said.cue.rule].category is Category.AFFIRMATION:
            return True
        return persists(tokens, pointer)

    def _again(self, own: Assertion, said: Assertion) -> Assertion:
        """A mention of which is said what was said of another."""
        assert said.said is not None
        label = self._told[own.mention.rule][said.said]
        return Assertion(own.mention, label, said.cue, said.said)
