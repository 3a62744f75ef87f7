"""Stage two, mention classification: what a sentence says of each of its mentions."""

from __future__ import annotations

from typing import NamedTuple

from lingula.labels import Label
from lingula.rules.answers import AnswerReader
from lingula.rules.grammar import measured_label, taken_for_granted
from lingula.rules.inversion import answers_before, asks_next, contrasted, of_one_view
from lingula.rules.lexicon_model import Category, Lexicon, Mention
from lingula.rules.matcher import Scan, Span, apart, longest
from lingula.rules.scopes import Conditions, Scope, acts_on
from lingula.rules.word_classes import NEW_STATEMENT

#: What each category asserts, in the order in which they are asked.
_ASSERTIONS = {
    Category.HYPOTHETICAL: Label.BLANK,
    Category.AFFIRMATION: Label.POSITIVE,
    Category.UNCERTAINTY_FIRST: Label.UNCERTAIN,
    Category.NEGATION: Label.NEGATIVE,
    Category.UNCERTAINTY: Label.UNCERTAIN,
    Category.PAST: Label.BLANK,
}
#: A cue looks forward if a mention begins within so many tokens after it.
_LOOKS_FORWARD = 4
#: These speak of both sides at once.
_BOTH_SIDES = frozenset({"versus", "vs", "v"})
#: A state after one of these is a former one.
_FORMERLY = frozenset({"once", "formerly", "previously", "earlier", "initially", "originally"})
#: Places of the categories that deny or doubt what is not taken for granted.
_DENIALS = frozenset(
    at
    for at, category in enumerate(_ASSERTIONS)
    if category in (Category.NEGATION, Category.UNCERTAINTY_FIRST, Category.UNCERTAINTY)
)
_STATES = (Category.NORMAL, Category.ABNORMAL, Category.BORDERLINE, Category.UNCHANGED)


class Assertion(NamedTuple):
    """A mention with its label and the cue that gave it (None: nothing spoke against it).

    ``said`` is what the sentence says of the words themselves, before the mention's own rules:
    "no heart failure" denies heart failure, and is no label of the heart.
    """

    mention: Span
    label: Label
    cue: Span | None
    said: Label | None = None


class AssertionClassifier:
    """Labels mentions by the cues in whose scope they stand.

    The order of the categories is that of the CheXpert labeler (Irvin et al., AAAI 2019):
    pre-negation uncertainty, negation, post-negation uncertainty, else positive. Of several cues
    of one category the nearest is named as the reason.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._mentions = lexicon.mentions
        self._cues = lexicon.cues
        order = list(_ASSERTIONS)
        #: Place of a cue's category in that order; None for neutral cues and states.
        self._rank = [
            order.index(cue.category) if cue.category in _ASSERTIONS else None
            for cue in lexicon.cues
        ]
        self._is_structure = [mention.structure for mention in lexicon.mentions]
        #: What a cue's category asserts; None likewise.
        self._asserts = [_ASSERTIONS.get(cue.category) for cue in lexicon.cues]
        #: The label that a group of mentions gives, by what is said of its words.
        self._told = [tuple(told(rule, label) for label in Label) for rule in lexicon.mentions]
        self._scopes = [
            Scope.of(cue, inverts=rank is not None)
            for cue, rank in zip(lexicon.cues, self._rank, strict=True)
        ]
        self._conditions = [Conditions.of(cue) for cue in lexicon.cues]
        self._answers = AnswerReader(lexicon)
        #: _acts[mention][cue]: whether that cue may speak of that group of mentions at all.
        self._acts = [
            [acts_on(cue, mention) for cue in lexicon.cues] for mention in lexicon.mentions
        ]

    def classify(self, scan: Scan, mentions: list[Span], walls: list[int]) -> list[Assertion]:
        """One assertion a mention; mentions of which nothing is asserted are left out."""
        every = self.classify_all(scan, mentions, walls)
        return [item for item in every if item.label is not Label.BLANK]

    def classify_all(self, scan: Scan, mentions: list[Span], walls: list[int]) -> list[Assertion]:
        """One assertion a mention, in their order; ``Label.BLANK`` where nothing is asserted."""
        found: list[Assertion] = []
        answered = self._answers.read(scan, mentions)
        tokens, cues = self._standing(scan, mentions, walls)
        scopes = self._scopes
        for mention in mentions:
            rule = mention.rule
            if answered and mention in answered:
                said, cue = answered[mention]
                found.append(Assertion(mention, self._told[rule][said], cue, said))
                continue
            near = cues
            if cues:
                acts = self._acts[rule]
                near = [
                    cue
                    for cue in cues
                    if acts[cue.rule] and scopes[cue.rule].reaches(tokens, cue, mention, walls)
                ]
            if self._is_structure[rule]:
                said, cue = self._structure(tokens, mention, near, cues, walls)
            elif near:
                said, cue = self._finding(tokens, mention, near)
            else:
                said, cue = Label.POSITIVE, None
            found.append(Assertion(mention, self._told[rule][said], cue, said))
        return found

    def _standing(
        self, scan: Scan, mentions: list[Span], walls: list[int]
    ) -> tuple[list[str], list[Span]]:
        """The cues of a sentence that stand, and its tokens with those of findings blanked."""
        cues = longest(scan.cues)
        if not cues:
            return scan.tokens, cues
        tokens = self._outside(scan.tokens, mentions)
        if ":" in tokens or "?" in tokens:
            cues = [cue for cue in cues if not answers_before(tokens, cue)]
        if "but" in tokens or "though" in tokens:
            cues = [cue for cue in cues if not contrasted(tokens, cue)]
        if "on" in tokens or "in" in tokens:
            cues = [cue for cue in cues if not self._of_one_view(tokens, cue)]
        cues = [cue for cue in cues if not self._undone(tokens, cue, walls)]
        return tokens, cues if apart(cues) else self._directed(tokens, cues)

    def _of_one_view(self, tokens: list[str], cue: Span) -> bool:
        """Whether a cue that looks back denies a finding of one view only."""
        return self._scopes[cue.rule].backward and of_one_view(tokens, cue)

    def _directed(self, tokens: list[str], cues: list[Span]) -> list[Span]:
        """The cues without those that look back while the same words look forward to a mention.

        "Possible" and "?" do both: "opacity, ? pneumonia" asks about pneumonia only.
        """
        spans = [cue[:2] for cue in cues]
        if len(set(spans)) == len(spans):
            return cues
        forward = {cue[:2] for cue in cues if self._scopes[cue.rule].forward}
        return [
            cue
            for cue in cues
            if self._scopes[cue.rule].forward
            or cue[:2] not in forward
            or tokens[cue.start] in _BOTH_SIDES
            or not (
                asks_next(tokens, cue)
                or "" in _upto_stop(tokens[cue.end : cue.end + _LOOKS_FORWARD])
            )
        ]

    def _undone(self, tokens: list[str], cue: Span, walls: list[int]) -> bool:
        """Whether the conditions of a cue are not met."""
        conditions = self._conditions[cue.rule]
        return conditions is not None and conditions.fail(tokens, cue, walls)

    def _outside(self, tokens: list[str], mentions: list[Span]) -> list[str]:
        """The tokens with those of findings blanked: "heart" in "heart failure" stops no scope."""
        tokens = tokens.copy()
        is_structure = self._is_structure
        for span in mentions:
            if not is_structure[span.rule]:
                tokens[span.start : span.end] = [""] * (span.end - span.start)
        return tokens

    def _finding(
        self, tokens: list[str], target: Span, near: list[Span]
    ) -> tuple[Label, Span | None]:
        ranked = [
            (rank, _gap(target, cue), cue)
            for cue in near
            if (rank := self._rank[cue.rule]) is not None
        ]
        if ranked and (taken := taken_for_granted(tokens, target)) >= 0:
            ranked = [item for item in ranked if not (item[0] in _DENIALS and item[2].end < taken)]
        if not ranked:
            return Label.POSITIVE, None
        if len(ranked) > 1:
            ranked = [
                min([item for item in ranked if self._scopes[item[2].rule].crosses] or ranked)
            ]
        cue = ranked[0][2]
        asserted = self._asserts[cue.rule]
        assert asserted is not None
        return asserted, cue

    def _structure(
        self,
        tokens: list[str],
        mention: Span,
        near: list[Span],
        cues: list[Span],
        walls: list[int],
    ) -> tuple[Label, Span | None]:
        rule = self._mentions[mention.rule]
        if rule.limit is not None:
            measured = measured_label(tokens, mention, rule.limit)
            if measured is not None:
                return measured, None
        states = [cue for cue in near if self._cues[cue.rule].category in _STATES]
        if len(states) > 1:
            states = [
                cue
                for cue in states
                if _FORMERLY.isdisjoint(tokens[max(cue.start - 2, 0) : cue.start])
            ] or states
        state = min(states, key=lambda cue: self._remoteness(tokens, mention, cue), default=None)
        if state is None or self._cues[state.rule].category is Category.UNCHANGED:
            unclear = [
                cue
                for cue in near
                if self._cues[cue.rule].only
                and self._cues[cue.rule].category is Category.UNCERTAINTY
            ]
            if unclear:
                nearest = min(unclear, key=lambda cue: _gap(mention, cue))
                return Label.UNCERTAIN, nearest
            return rule.unstated if state is None else rule.unchanged, state
        category = self._cues[state.rule].category
        if category is Category.NORMAL:
            return Label.NEGATIVE, state
        if category is Category.BORDERLINE:
            return rule.borderline, state
        # "enlarged" makes a finding of the heart; cues now speak of that state.
        outer = Span(min(mention.start, state.start), max(mention.end, state.end), mention.rule)
        spoken = [
            cue
            for cue in cues
            if self._acts[mention.rule][cue.rule]
            and (
                self._scopes[cue.rule].reaches(tokens, cue, state, walls)
                or self._scopes[cue.rule].reaches(tokens, cue, outer, walls)
            )
        ]
        said, cue = self._finding(tokens, outer, spoken)
        return said, cue or state

    def _remoteness(self, tokens: list[str], mention: Span, cue: Span) -> int:
        """How far a state stands from a structure; each comma between them weighs ten words.

        "Unchanged" tells least, and only counts where no other state is near: "stable and normal".
        """
        first, second = sorted((mention, cue))
        between = tokens[first.end : second.start]
        unchanged = self._cues[cue.rule].category is Category.UNCHANGED
        return len(between) + 10 * between.count(",") + 5 * unchanged


def told(rule: Mention, said: Label) -> Label:
    """The label that a group of mentions gives where this is said of its words."""
    if said is Label.NEGATIVE:
        return rule.denied
    if rule.implies is not None and said is not Label.BLANK:
        return rule.implies
    return said


def _gap(one: Span, other: Span) -> int:
    return max(other.start - one.end, one.start - other.end)


def _upto_stop(tokens: list[str]) -> list[str]:
    return next((tokens[:at] for at, token in enumerate(tokens) if token in NEW_STATEMENT), tokens)
