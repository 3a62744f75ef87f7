"""The rule labeler: the three stages in a row, each distinct sentence judged once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lingula.errors import SchemaError
from lingula.labels import Evidence, Label, Labels, Schema, is_missing, remade
from lingula.observations import NO_FINDING
from lingula.rules.aggregation import NOT_PATHOLOGY, aggregate, label_table
from lingula.rules.judging import SentenceJudge
from lingula.rules.lexicon import load_lexicon, shipped_lexicons
from lingula.rules.lexicon_model import OTHER_FINDING, Lexicon
from lingula.text.content import reads_as_elsewhere, reads_as_report, states_normality
from lingula.text.decoding import decode, decoded
from lingula.text.given import as_texts
from lingula.text.vocabulary import spelling_digest


class RuleLabeler:
    """Labels reports by rules, in the three stages of the CheXpert labeler, with evidence.

    Args:
        schema: A shipped schema (or one with the same observations); chexpert14 if not given.
        lexicon: Name of a shipped lexicon, a TOML file that extends one, or a Lexicon.
        aggregation: "chexpert" (the paper's rule) or "chexpert-code" (the program's).
        cache: Whether to remember judged sentences, which are patients' text; without, repeated
            sentences are judged again (docs/patients.md).
        spelling: "lenient" reads misspelled, run-together and split words of the lexicon as what
            they were meant to be; "exact" takes every word as it is written.

    Raises:
        InputError: If the spelling is neither.
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
        cache: bool = True,
        spelling: str = "lenient",
    ) -> None:
        self._made = {
            "schema": schema,
            "lexicon": lexicon,
            "aggregation": aggregation,
            "cache": cache,
            "spelling": spelling,
        }
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
        #: What each sentence says; remembers the sentences that it has judged.
        self.judge = SentenceJudge(lexicon, cache, spelling)
        self.spelling = spelling

    def __reduce__(self) -> tuple[Any, ...]:
        # What it has judged, patients' text, is not passed on; the pickle is the same every time.
        return remade, (RuleLabeler, self._made, self.sha256)

    @property
    def any_language(self) -> bool:
        """Whether text in another language is labeled as English; else its labels are blank."""
        return self.judge.any_language

    @any_language.setter
    def any_language(self, value: bool) -> None:
        self.judge.any_language = value

    @property
    def schema(self) -> Schema:
        """The observations that it labels."""
        return self.lexicon.schema

    @property
    def sha256(self) -> str:
        """Digest of the rule files, and of the lists by which misspelled words are read.

        Hexadecimal text: what a figure should be quoted with.
        """
        if self.spelling == "exact":
            return self.lexicon.digest
        return hashlib.sha256((self.lexicon.digest + spelling_digest()).encode()).hexdigest()

    def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> Labels:
        """Labels of n texts; an empty or missing text gets blanks.

        Args:
            texts: Reports or parts of reports, labeled whole, as ``as_texts`` takes them.
            evidence: Whether to give the reasons: every mention with its cue and rule.

        Raises:
            InputError: If it is one text, bytes or a whole table, or an item is no text.
        """
        texts = as_texts(texts)
        empty = [is_missing(text) for text in texts]
        reasons = None
        if evidence:
            # Judging a sentence for its reasons gives its mask too: nothing is judged twice.
            both = [
                ((), 0) if missing else self._evidence(str(text))
                for text, missing in zip(texts, empty, strict=True)
            ]
            reasons = tuple(found for found, _ in both)
            masks = [mask for _, mask in both]
        else:
            masks = [
                0 if missing else self._mask(str(text))
                for text, missing in zip(texts, empty, strict=True)
            ]
        # No Finding needs a reason: a text of which nothing is read must be a report on a chest.
        blank = [
            missing or (not mask and not self.is_report(str(text)))
            for text, mask, missing in zip(texts, masks, empty, strict=True)
        ]
        classes = aggregate(masks, blank, self.schema, self._table)
        return Labels(self.schema, classes, evidence=reasons)

    def is_report(self, text: str) -> bool:
        """Whether a text of which nothing is read may be called normal."""
        if reads_as_elsewhere(text, self.any_language):
            return False
        return states_normality(text) or reads_as_report(decoded(text), self.judge.reader.speller)

    def _mask(self, text: str) -> int:
        return self.judge.report(decoded(text))

    def _evidence(self, source: str) -> tuple[tuple[Evidence, ...], int]:
        """The reasons of a text, and its mask."""
        reading = decode(source)
        text = reading.text
        found: list[Evidence] = []
        blocker: Evidence | None = None
        recognized = False
        mask = 0
        for start, end, inherited in self.judge.statements(text):
            reasons = self.judge.reasons(text[start:end], inherited)
            mask |= self.judge.mask_of(reasons)
            for reason in reasons:
                if reason.label is Label.BLANK:
                    continue
                recognized = True
                item = reason.at(text, start)
                if item.observation != OTHER_FINDING:
                    found.append(item)
                if blocker is None and blocks(item):
                    blocker = item
        if NO_FINDING in self.schema:
            found.append(no_finding(blocker) if recognized else self.nothing_read(text))
        if not reading.whole:
            found = [item.in_source(reading.span, source) for item in found]
        return tuple(found), mask

    def nothing_read(self, text: str) -> Evidence:
        """What is said of No Finding where no mention was found."""
        label, rule = Label.POSITIVE, "no finding / nothing abnormal named"
        if not states_normality(text):
            rule = "no finding / nothing was recognized"
        if not self.is_report(text):
            label, rule = Label.BLANK, "no finding / no report on a chest"
        return Evidence(NO_FINDING, label, 0, 0, "", rule)


def blocks(item: Evidence) -> bool:
    """Whether a mention stands in the way of No Finding."""
    present = item.label in (Label.POSITIVE, Label.UNCERTAIN)
    return present and item.observation not in NOT_PATHOLOGY


def no_finding(blocker: Evidence | None) -> Evidence:
    """The evidence for No Finding, or what keeps it blank."""
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
