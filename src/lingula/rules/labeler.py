"""The rule labeler: the three stages in a row, each distinct sentence judged once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lingula.errors import SchemaError
from lingula.labels import Evidence, Label, Labels, Schema, is_missing
from lingula.rules.aggregation import BITS, NO_FINDING, aggregate, label_table
from lingula.rules.assertion import Assertion, AssertionClassifier
from lingula.rules.clauses import ClauseWords, clause_walls
from lingula.rules.lexicon import load_lexicon, shipped_lexicons
from lingula.rules.lexicon_model import OTHER_FINDING, Lexicon
from lingula.rules.matcher import Matcher
from lingula.rules.mentions import MentionExtractor
from lingula.rules.patterns import normal_form, token_spans
from lingula.text.sentences import split_sentences

#: Distinct sentences that are remembered; about 100 bytes each.
CACHE_SENTENCES = 200_000

#: Longer runs without a sentence end are no prose; they are judged in pieces of this many
#: characters, so that time grows with the length of a text whatever it holds.
LONGEST_SENTENCE = 2_000


class _Sentence(NamedTuple):
    mask: int
    evidence: tuple[Evidence, ...]


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
                () if missing else self._evidence(str(text), row)
                for text, missing, row in zip(texts, empty, classes, strict=True)
            )
        return Labels(self.schema, classes, evidence=reasons)

    def _mask(self, text: str) -> int:
        known = self._masks
        mask = 0
        for start, end in _sentences(text):
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
        scan = self._matcher.scan(normal_form(sentence))
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

    def _evidence(
        self, text: str, classes: np.ndarray[tuple[int], np.dtype[np.int8]]
    ) -> tuple[Evidence, ...]:
        found: list[Evidence] = []
        blocker: Evidence | None = None
        for start, end in _sentences(text):
            sentence = text[start:end]
            assertions = self._judge(sentence)
            if not assertions:
                continue
            spans = [(a + start, b + start) for a, b in token_spans(sentence)]
            for assertion in assertions:
                item = self._reason(text, assertion, spans)
                if item.observation != OTHER_FINDING:
                    found.append(item)
                if blocker is None and self._blocks(item):
                    blocker = item
        if NO_FINDING in self.schema:
            found.append(_no_finding(text, blocker))
        return tuple(found)

    def _blocks(self, item: Evidence) -> bool:
        return item.label in (Label.POSITIVE, Label.UNCERTAIN) and item.observation not in (
            "Support Devices",
        )

    def _reason(self, text: str, assertion: Assertion, spans: list[tuple[int, int]]) -> Evidence:
        mention, label, cue = assertion
        rule = self.lexicon.mentions[mention.rule]
        start, end = spans[mention.start][0], spans[mention.end - 1][1]
        name = rule.name
        cue_start = cue_end = None
        if cue is not None:
            name = f"{name} / {self.lexicon.cues[cue.rule].name}"
            cue_start, cue_end = spans[cue.start][0], spans[cue.end - 1][1]
        return Evidence(
            observation=rule.observation,
            label=label,
            start=start,
            end=end,
            phrase=text[start:end],
            rule=name,
            cue_start=cue_start,
            cue_end=cue_end,
            cue="" if cue_start is None else text[cue_start:cue_end],
        )


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


def _no_finding(text: str, blocker: Evidence | None) -> Evidence:
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
