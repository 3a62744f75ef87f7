"""A rule lexicon in memory: mentions, cues, boundaries, and the examples that prove them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lingula.labels import Label, Schema

#: Stands in a mention's ``observation`` for findings outside the schema: they block No Finding.
OTHER_FINDING = "other finding"


class Category(str, Enum):
    """What a cue says of a mention in its scope; tried in this order (Irvin et al., AAAI 2019)."""

    HYPOTHETICAL = "hypothetical"
    UNCERTAINTY_FIRST = "pre-negation uncertainty"
    NEGATION = "negation"
    #: Affirms whatever else is said: an answer ("Edema: yes"), "no effusion but for a small one".
    AFFIRMATION = "affirmation"
    UNCERTAINTY = "post-negation uncertainty"
    #: Told of an earlier study: nothing is asserted, unless the sentence goes on to say more.
    PAST = "past"
    #: No bearing on the mention; its words are taken from shorter cues ("no change in").
    NEUTRAL = "neutral"
    #: States of a structure ("heart size is ...").
    NORMAL = "normal"
    ABNORMAL = "abnormal"
    BORDERLINE = "borderline"
    UNCHANGED = "unchanged"


class Direction(str, Enum):
    """Where the mentions of a cue stand: after it, before it, or on either side."""

    FORWARD = "forward"
    BACKWARD = "backward"
    BOTH = "both"


@dataclass(frozen=True)
class Example:
    """A sentence and the label that one observation must get from it."""

    text: str
    observation: str
    label: Label


@dataclass(frozen=True)
class Mention:
    """A group of phrases that name one observation.

    Attributes:
        name: Name of the group, unique in the lexicon.
        observation: Name in the schema, or ``OTHER_FINDING``.
        source: Where the phrases come from.
        phrases: Expanded phrases, in normal form.
        not_in: A match that overlaps one of these phrases is none.
        not_with: A match whose clause also holds one of these phrases is none.
        only_with: A match counts only if its clause holds one of these phrases.
        under: A match counts only after one of these headers ("Pleura: no thickening").
        not_under: A match does not count after one of these headers.
        structure: Whether the phrases name a structure, whose state decides ("heart size").
        unstated: Label of a structure of which no state is told; ``Label.BLANK`` drops it.
        unchanged: Label of a structure of which only "unchanged" is told.
        borderline: Label of a structure at its limit ("upper limits of normal").
        limit: A measured structure is abnormal above this value (cardiothoracic ratio: 0.5).
        implies: Label that a positive or uncertain mention gives instead of its own, if any
            (congestion is uncertain edema).
        denied: Label of a negated mention; ``Label.BLANK`` drops it (no heart failure does not mean
            that the heart is small).
    """

    name: str
    observation: str
    source: str
    phrases: tuple[str, ...]
    not_in: tuple[str, ...] = ()
    not_with: tuple[str, ...] = ()
    only_with: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    not_under: tuple[str, ...] = ()
    structure: bool = False
    unstated: Label = Label.BLANK
    unchanged: Label = Label.UNCERTAIN
    borderline: Label = Label.UNCERTAIN
    limit: float | None = None
    implies: Label | None = None
    denied: Label = Label.NEGATIVE
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Cue:
    """A group of phrases that decide what is said of mentions in their scope.

    Attributes:
        name: Name of the group, unique in the lexicon.
        category: What the cue says.
        direction: Where its mentions stand.
        source: Where the phrases come from.
        phrases: Expanded phrases, in normal form.
        reach: Most tokens between cue and mention.
        stops: Words that end the scope early, beside the clause boundaries.
        only: Names of observations or mention groups that it acts on; all if empty.
        excludes: Names of observations or mention groups that it leaves alone.
        void_after: Words that undo the cue where one stands shortly before it ("no resolution of",
            "near-total clearing").
        void_before: Words that undo the cue where one follows it in its statement ("neither has
            resolved").
        crosses: Whether it speaks of the last mention before it beyond any wall ("pneumothorax was
            asked for; none is seen").
        needs_before: Words one of which must stand shortly before the cue, if any are given.
        needs: Words one of which must follow the cue in its sentence, if any are given.
        answer: Whether it only counts as the value of a finding ("Effusion: none").
    """

    name: str
    category: Category
    direction: Direction
    source: str
    phrases: tuple[str, ...]
    reach: int = 40
    stops: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    void_after: tuple[str, ...] = ()
    void_before: tuple[str, ...] = ()
    crosses: bool = False
    needs_before: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    answer: bool = False
    examples: tuple[Example, ...] = ()


class HeaderKind(str, Enum):
    """What the words after a header are about."""

    #: A structure, which supplies its noun to what follows ("Pleura: no thickening").
    PLACE = "place"
    #: Nothing that this film shows: history, indication, technique, recommendation.
    ELSEWHERE = "elsewhere"
    #: An earlier study; its own sentence tells of this film only where it says "now" or the like.
    PRIOR = "prior"
    #: A part of the report; ends the reach of the header before it.
    PART = "part"


@dataclass(frozen=True)
class Header:
    """A group of words that head a statement, before a colon or a dash.

    Attributes:
        name: Name of the group, unique in the lexicon; mentions name it in ``under``.
        kind: What the words after it are about.
        source: Where the words come from.
        phrases: Expanded phrases, in normal form, without the colon.
    """

    name: str
    kind: HeaderKind
    source: str
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """All rules of a rule labeler.

    Attributes:
        schema: The observations that the mentions name.
        mentions: Stage one.
        cues: Stage two.
        boundaries: Words that always end a clause.
        starters: Words that begin a new clause after a comma or a conjunction.
        verbs: Finite verbs; two of them make two clauses.
        predicates: Participles and adjectives that make a statement without a verb
            ("effusion resolved").
        headers: Words that head a statement.
        digest: sha256 of the files that it was read from, as hexadecimal text.
    """

    schema: Schema
    mentions: tuple[Mention, ...]
    cues: tuple[Cue, ...]
    boundaries: tuple[str, ...]
    starters: tuple[str, ...]
    verbs: tuple[str, ...]
    digest: str
    predicates: tuple[str, ...] = ()
    headers: tuple[Header, ...] = ()

    def examples(self) -> tuple[tuple[str, Example], ...]:
        """Every example with the name of the rule it belongs to."""
        rules: tuple[Mention | Cue, ...] = (*self.mentions, *self.cues)
        return tuple((rule.name, example) for rule in rules for example in rule.examples)
