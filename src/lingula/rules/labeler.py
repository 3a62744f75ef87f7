"""The rule labeler: the three stages in a row, each distinct sentence judged once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from lingula.errors import SchemaError
from lingula.labels import Evidence, Label, Labels, Schema, is_missing
from lingula.rules.aggregation import BITS, NO_FINDING, NOT_PATHOLOGY, aggregate, label_table
from lingula.rules.assertion import Assertion, AssertionClassifier
from lingula.rules.clauses import ClauseWords, clause_walls
from lingula.rules.lexicon import load_lexicon, shipped_lexicons
from lingula.rules.lexicon_model import OTHER_FINDING, Lexicon
from lingula.rules.matcher import Matcher
from lingula.rules.mentions import MentionExtractor
from lingula.rules.patterns import token_spans, tokens_of
from lingula.text.sentences import split_sentences

#: Distinct sentences that are remembered; about 100 bytes each.
CACHE_SENTENCES = 200_000

#: Longer runs without a sentence end are no prose; they are judged in pieces of this many
#: characters, so that time grows with the length of a text whatever it holds.
LONGEST_SENTENCE = 2_000


class RuleLabeler:
    """Labels reports by rules, in the three stages of the CheXpert labeler, with evidence.

    Args:
        schema: A shipped schema (or one with the same observations); chexpert14 if not given.
        lexicon: Name of a shipped lexicon, a TOML file that extends one, or a Lexicon.
        aggregation: "chexpert" (the paper's rule) or "chexpert-code" (the program's).

    Raises:
        LexiconError: If the lexicon is missing or malformed.
        SchemaError: If no rules are known for the schema, or the aggregation is unknown.
    """

    name = "rules"
    #: Labels faster in several processes: the pipeline may pickle it and start some.
    parallel = True

    def __init__(
        self,
        schema: Schema | None = None,
        lexicon: str | Path | Lexicon | None = None,
        aggregation: str = "chexpert",
    ) -> None:
        if lexicon is None:
            name = "chexpert14" if schema is None else schema.name
            if name not in shipped_lexicons():
                raise SchemaError(
                    f"there are no rules for the schema {name!r}; rules ship for "
                    f"{', '.join(shipped_lexicons())}, or pass a lexicon file"
                )
            lexicon = name
        if not isinstance(lexicon, Lexicon):
            lexicon = load_lexicon(lexicon)
        if schema is not None and schema.names != lexicon.schema.names:
            raise SchemaError(
                f"the schema {schema.name!r} and the lexicon ({lexicon.schema.name}) name "
                "different observations; leave the schema out to use the lexicon's own"
            )
        self.lexicon = lexicon
        self.aggregation = aggregation
        self._table = label_table(aggregation)
        self._matcher = Matcher(lexicon)
        self._extractor = MentionExtractor(lexicon, self._matcher)
        self._classifier = AssertionClassifier(lexicon)
        self._words = ClauseWords(frozenset(lexicon.starters), frozenset(lexicon.verbs))
        self._offset = {name: 3 * at for at, name in enumerate(lexicon.schema.names)}
        self._offset[OTHER_FINDING] = 3 * len(lexicon.schema)
        self._masks: dict[str, int] = {}
        self._reasons: dict[str, tuple[_Reason, ...]] = {}

    @property
    def schema(self) -> Schema:
        """The observations that it labels."""
        return self.lexicon.schema

    @property
    def sha256(self) -> str:
        """Digest of the rule files, as hexadecimal text: what a figure should be quoted with."""
        return self.lexicon.digest

    def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> Labels:
        """Labels of n texts; an empty or missing text gets blanks.

        Args:
            texts: Reports or parts of reports, labeled whole.
            evidence: Whether to give the reasons: every mention with its cue and rule.
        """
        masks: list[int] = []
        empty: list[bool] = []
        for text in texts:
            missing = is_missing(text)
            empty.append(missing)
            masks.append(0 if missing else self._mask(str(text)))
        classes = aggregate(masks, empty, self.schema, self._table)
        reasons = None
        if evidence:
            reasons = tuple(
                () if missing else self._evidence(str(text))
                for text, missing in zip(texts, empty, strict=True)
            )
        return Labels(self.schema, classes, evidence=reasons)

    def _mask(self, text: str) -> int:
        known = self._masks
        mask = 0
        spans = split_sentences(text) if len(text) <= LONGEST_SENTENCE else _sentences(text)
        for start, end in spans:
            sentence = text[start:end]
            found = known.get(sentence)
            if found is None:
                found = 0
                for assertion in self._judge(sentence):
                    found |= self._bit(assertion)
                if len(known) >= CACHE_SENTENCES:
                    known.clear()
                known[sentence] = found
            mask |= found
        return mask

    def _judge(self, sentence: str) -> list[Assertion]:
        scan = self._matcher.scan(tokens_of(sentence))
        if scan is None:
            return []
        walls = clause_walls(scan.tokens, scan.boundaries, self._words)
        mentions = self._extractor.extract(scan, walls)
        return self._classifier.classify(scan.tokens, mentions, scan.cues, walls)

    def _bit(self, assertion: Assertion) -> int:
        observation = self.lexicon.mentions[assertion.mention.rule].observation
        if observation in (OTHER_FINDING, NO_FINDING):
            # Whatever is not denied stands in the way of No Finding.
            if assertion.label is Label.NEGATIVE:
                return 0
            return 1 << self._offset[OTHER_FINDING]
        return BITS[assertion.label] << self._offset[observation]

    def _evidence(self, text: str) -> tuple[Evidence, ...]:
        found: list[Evidence] = []
        blocker: Evidence | None = None
        for start, end in _sentences(text):
            for reason in self._reasons_of(text[start:end]):
                item = reason.at(text, start)
                if item.observation != OTHER_FINDING:
                    found.append(item)
                if blocker is None and _blocks(item):
                    blocker = item
        if NO_FINDING in self.schema:
            found.append(_no_finding(blocker))
        return tuple(found)

    def _reasons_of(self, sentence: str) -> tuple[_Reason, ...]:
        known = self._reasons.get(sentence)
        if known is None:
            assertions = self._judge(sentence)
            spans = list(token_spans(sentence)) if assertions else []
            known = tuple(self._reason(assertion, spans) for assertion in assertions)
            if len(self._reasons) >= CACHE_SENTENCES:
                self._reasons.clear()
            self._reasons[sentence] = known
        return known

    def _reason(self, assertion: Assertion, spans: list[tuple[int, int]]) -> _Reason:
        mention, label, cue = assertion
        rule = self.lexicon.mentions[mention.rule]
        start, end = spans[mention.start][0], spans[mention.end - 1][1]
        if cue is None:
            return _Reason(rule.observation, label, start, end, rule.name, None, None)
        return _Reason(
            rule.observation,
            label,
            start,
            end,
            f"{rule.name} / {self.lexicon.cues[cue.rule].name}",
            spans[cue.start][0],
            spans[cue.end - 1][1],
        )


class _Reason(NamedTuple):
    """A piece of evidence with offsets into its sentence."""

    observation: str
    label: Label
    start: int
    end: int
    rule: str
    cue_start: int | None
    cue_end: int | None

    def at(self, text: str, sentence: int) -> Evidence:
        start, end = self.start + sentence, self.end + sentence
        if self.cue_start is None or self.cue_end is None:
            return Evidence(self.observation, self.label, start, end, text[start:end], self.rule)
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
        )


def _blocks(item: Evidence) -> bool:
    present = item.label in (Label.POSITIVE, Label.UNCERTAIN)
    return present and item.observation not in NOT_PATHOLOGY


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    for start, end in split_sentences(text):
        at = start
        while end - at > LONGEST_SENTENCE:
            limit = at + LONGEST_SENTENCE
            cuts = (text.rfind(mark, at + 1, limit) for mark in (",", " "))
            cut = next((place for place in cuts if place > 0), limit)
            yield at, cut
            at = cut
        yield at, end


def _no_finding(blocker: Evidence | None) -> Evidence:
    if blocker is None:
        return Evidence(NO_FINDING, Label.POSITIVE, 0, 0, "", "no finding / nothing abnormal named")
    return Evidence(
        NO_FINDING,
        Label.BLANK,
        blocker.start,
        blocker.end,
        blocker.phrase,
        f"no finding / blocked by {blocker.observation}: {blocker.rule}",
        blocker.cue_start,
        blocker.cue_end,
        blocker.cue,
    )
