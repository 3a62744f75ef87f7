"""What the sentences of a report say of each mention, each distinct sentence judged once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lingula.labels import Evidence, Label
from lingula.observations import NO_FINDING
from lingula.rules.aggregation import BITS
from lingula.rules.assertion import Assertion
from lingula.rules.clauses import ClauseWords
from lingula.rules.context import ContextReader, may_inherit
from lingula.rules.headers import sentence_walls
from lingula.rules.lexicon_model import OTHER_FINDING, Category, Lexicon
from lingula.rules.matcher import Matcher
from lingula.rules.mentions import MentionExtractor
from lingula.rules.references import joined, may_refer
from lingula.rules.resolving import ReferringClassifier
from lingula.rules.tokens import TokenReader, TokenView
from lingula.text.content import reads_as_elsewhere
from lingula.text.sentences import split_sentences

#: Distinct sentences that are remembered; about 100 bytes each, with reasons a few hundred.
CACHE_SENTENCES = 200_000

#: Longer runs without a sentence end are no prose; they are judged in pieces of this many
#: characters, so that time grows with the length of a text whatever it holds.
LONGEST_SENTENCE = 2_000


class Reason(NamedTuple):
    """One mention of a sentence, with offsets into that sentence.

    Attributes:
        observation: Name in the schema, or ``OTHER_FINDING``.
        label: What the mention gives its observation; blank where nothing is asserted.
        said: What is said of the words themselves ("no heart failure" denies heart failure).
        group: Number of the mention's group in the lexicon.
        start: First character of the mention.
        end: One past its last character.
        rule: Name of the rule, or of both rules, that gave the label.
        cue_start: First character of the cue, or None for a mention without a cue.
        cue_end: One past the cue's last character, or None.
        read: The mention as it was read, if otherwise than written.
        cue_read: The same of the cue.
    """

    observation: str
    label: Label
    said: Label
    group: int
    start: int
    end: int
    rule: str
    cue_start: int | None
    cue_end: int | None
    read: str = ""
    cue_read: str = ""

    def at(self, text: str, sentence: int, probability: float | None = None) -> Evidence:
        """The evidence in a text in which the sentence begins at character ``sentence``."""
        start, end = self.start + sentence, self.end + sentence
        if self.cue_start is None or self.cue_end is None:
            return Evidence(
                self.observation,
                self.label,
                start,
                end,
                text[start:end],
                self.rule,
                read=self.read,
                probability=probability,
            )
        cue_start, cue_end = self.cue_start + sentence, self.cue_end + sentence
        return Evidence(
            self.observation,
            self.label,
            start,
            end,
            text[start:end],
            self.rule,
            cue_start,
            cue_end,
            text[cue_start:cue_end],
            read=self.read,
            cue_read=self.cue_read,
            probability=probability,
        )


class SentenceJudge:
    """Judges sentences by a lexicon: mentions first, then what is said of them.

    A sentence's mask holds three bits an observation in schema order, lowest first (positive,
    negative, uncertain), and after them one bit for a finding outside the schema.

    Args:
        lexicon: The rules.
        cache: Whether to remember the sentences that were judged. They are patients' text, in
            memory until the process ends.
        spelling: "lenient" or "exact", see ``TokenReader``.
    """

    def __init__(self, lexicon: Lexicon, cache: bool = True, spelling: str = "lenient") -> None:
        self.lexicon = lexicon
        #: Whether text in another language is read as English; else nothing is read in it.
        self.any_language = False
        self._room = CACHE_SENTENCES if cache else 0
        #: How it reads words.
        self.reader = TokenReader(lexicon, spelling, cache=cache)
        self._matcher = Matcher(lexicon)
        self._extractor = MentionExtractor(lexicon, self._matcher)
        self._classifier = ReferringClassifier(lexicon)
        self._words = ClauseWords.of(lexicon)
        self._context = ContextReader(lexicon)
        self._offset = {name: 3 * at for at, name in enumerate(lexicon.schema.names)}
        self._offset[OTHER_FINDING] = 3 * len(lexicon.schema)
        #: The bits of a mention, by its group and its label.
        self._bits = [
            tuple(self.bit(mention.observation, label) for label in Label)
            for mention in lexicon.mentions
        ]
        #: Masks of the sentences judged so far.
        self.masks: dict[str, int] = {}
        self._reasons: dict[str, tuple[Reason, ...]] = {}

    def statements(self, text: str) -> Iterable[tuple[int, int, str]]:
        """The sentences of a text: start, end, and the words that each inherits ("" for none)."""
        if reads_as_elsewhere(text, self.any_language):
            return []
        spans = sentence_spans(text)
        if may_refer(text):
            spans = joined(text, spans, LONGEST_SENTENCE)
        if not may_inherit(text):
            return [(start, end, "") for start, end in spans]
        return self._context.statements(text, spans)

    def report(self, text: str) -> int:
        """The mask of a report: all that its sentences say."""
        found = 0
        if may_inherit(text) or may_refer(text):
            for start, end, inherited in self.statements(text):
                found |= self.mask(text[start:end], inherited)
            return found
        if reads_as_elsewhere(text, self.any_language):
            return found
        known = self.masks
        for start, end in sentence_spans(text):
            sentence = text[start:end]
            mask = known.get(sentence)
            found |= self.mask(sentence) if mask is None else mask
        return found

    def mask(self, sentence: str, inherited: str = "") -> int:
        """The mask of a sentence, after the words that it inherits."""
        key = inherited + sentence
        found = self.masks.get(key)
        if found is None:
            found = self._remember(key, self._judge(sentence, inherited))
        return found

    def reasons(self, sentence: str, inherited: str = "") -> tuple[Reason, ...]:
        """Every mention of a sentence, from left to right; blank ones too."""
        key = inherited + sentence
        known = self._reasons.get(key)
        if known is None:
            assertions = self._judge(sentence, inherited)
            self._remember(key, assertions)
            if assertions:
                view = self.reader.view(sentence)
                lead = len(self.reader.tokens(inherited)) if inherited else 0
                known = tuple(self._reason(_shifted(item, lead), view) for item in assertions)
            else:
                known = ()
            if len(self._reasons) >= self._room:
                self._reasons.clear()
            if self._room:
                self._reasons[key] = known
        return known

    def mask_of(self, reasons: Iterable[Reason]) -> int:
        """The mask of what reasons say."""
        found = 0
        for reason in reasons:
            found |= self._bits[reason.group][reason.label]
        return found

    def view(self, sentence: str) -> TokenView:
        """The tokens of a sentence as they are read, and where they stand."""
        return self.reader.view(sentence)

    def bit(self, observation: str, label: Label) -> int:
        """The bit of a mask that a mention with this label sets; 0 for a blank one."""
        if label is Label.BLANK:
            return 0
        if observation in (OTHER_FINDING, NO_FINDING):
            # Whatever is not denied stands in the way of No Finding.
            return 0 if label is Label.NEGATIVE else 1 << self._offset[OTHER_FINDING]
        return BITS[label] << self._offset[observation]

    def _remember(self, sentence: str, assertions: list[Assertion]) -> int:
        found = 0
        for mention, label, _, _ in assertions:
            found |= self._bits[mention.rule][label]
        if len(self.masks) >= self._room:
            self.masks.clear()
        if self._room:
            self.masks[sentence] = found
        return found

    def _judge(self, sentence: str, inherited: str = "") -> list[Assertion]:
        tokens = self.reader.tokens(sentence)
        lead = self.reader.tokens(inherited) if inherited else []
        scan = self._matcher.scan(lead + tokens if lead else tokens)
        if scan is None:
            return []
        walls = sentence_walls(scan, self._words)
        mentions = self._extractor.extract(scan, walls)
        found = self._classifier.classify_all(scan, mentions, walls)
        return [item for item in found if self._own(item, len(lead))] if lead else found

    def _own(self, assertion: Assertion, lead: int) -> bool:
        """Whether a sentence says this itself: of a header's noun only an answer ("None.")."""
        mention, _, cue, _ = assertion
        if mention.start >= lead:
            return True
        if cue is None or cue.start < lead:
            return False
        rule = self.lexicon.cues[cue.rule]
        return rule.answer or (rule.crosses and rule.category is Category.NEGATION)

    def _reason(self, assertion: Assertion, view: TokenView) -> Reason:
        mention, label, cue, said = assertion
        rule = self.lexicon.mentions[mention.rule]
        spans = view.spans
        start, end = spans[mention.start][0], spans[mention.end - 1][1]
        name, cue_start, cue_end, cue_read = rule.name, None, None, ""
        if cue is not None:
            name = f"{rule.name} / {self.lexicon.cues[cue.rule].name}"
        if cue is not None and cue.start >= 0:
            cue_start, cue_end = spans[cue.start][0], spans[cue.end - 1][1]
            cue_read = view.read_as(cue.start, cue.end)
        return Reason(
            rule.observation,
            label,
            label if said is None else said,
            mention.rule,
            start,
            end,
            name,
            cue_start,
            cue_end,
            view.read_as(mention.start, mention.end),
            cue_read,
        )


def _shifted(assertion: Assertion, lead: int) -> Assertion:
    """An assertion in the places of its own sentence, which begins at token ``lead``.

    A header's noun stands where its answer does; a cue among the inherited words stands nowhere.
    """
    if not lead:
        return assertion
    mention, _, cue, _ = assertion
    if cue is not None:
        cue = cue._replace(start=cue.start - lead, end=cue.end - lead)
    if mention.start < lead and cue is not None:
        mention = mention._replace(start=cue.start, end=cue.end)
    else:
        mention = mention._replace(start=mention.start - lead, end=mention.end - lead)
    return assertion._replace(mention=mention, cue=cue)


def sentence_spans(text: str) -> Iterable[tuple[int, int]]:
    """Offsets of a text's sentences, none of them longer than ``LONGEST_SENTENCE``."""
    spans = split_sentences(text)
    return spans if len(text) <= LONGEST_SENTENCE else _cut(text, spans)


def _cut(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for start, end in spans:
        at = start
        while end - at > LONGEST_SENTENCE:
            limit = at + LONGEST_SENTENCE
            cuts = (text.rfind(mark, at + 1, limit) for mark in (",", " "))
            cut = next((place for place in cuts if place > 0), limit)
            yield at, cut
            at = cut
        yield at, end
