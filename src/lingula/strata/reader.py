"""Reads strata from texts, each distinct sentence once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from lingula.labels import Label, is_missing
from lingula.rules.assertion import Assertion
from lingula.rules.clauses import ClauseWords
from lingula.rules.headers import sentence_walls
from lingula.rules.judging import sentence_spans
from lingula.rules.matcher import Matcher, Scan, Span
from lingula.rules.mentions import MentionExtractor
from lingula.rules.resolving import ReferringClassifier
from lingula.rules.tokens import TokenReader
from lingula.strata.attach import attach
from lingula.strata.cells import Cells
from lingula.strata.definitions import detail_names, strata, strata_lexicon
from lingula.strata.result import Strata, StratumEvidence, Value
from lingula.text.decoding import decode
from lingula.text.reading import Reading

#: Distinct sentences that are remembered.
CACHE_SENTENCES = 200_000

#: The label of a presence, in words.
PRESENCE_WORDS = {
    Label.POSITIVE: "present",
    Label.NEGATIVE: "absent",
    Label.UNCERTAIN: "uncertain",
}
_AFFIRMED = frozenset({Label.POSITIVE, Label.UNCERTAIN})

#: Words before a detail that say when it holds.
_PRESENT = frozenset({"now", "currently"})
_PAST = frozenset({"previously", "formerly"})


class _Fact(NamedTuple):
    """What a sentence tells of one stratum; the value "" stands for an affirmed finding alone."""

    stratum: int
    value: str
    label: Label
    mention: Span
    cue: Span | None


class _Sentence(NamedTuple):
    mask: int
    facts: tuple[_Fact, ...]


_NOTHING = _Sentence(0, ())


def find_strata(texts: Sequence[str | None], *, evidence: bool = False) -> Strata:
    """The strata of n texts, by rules; see ``StrataReader.read``."""
    return _shared_reader().read(texts, evidence=evidence)


@lru_cache(maxsize=1)
def _shared_reader() -> StrataReader:
    return StrataReader()


class StrataReader:
    """Reads strata with the rule labeler's own machinery and a lexicon of its own."""

    def __init__(self) -> None:
        lexicon = strata_lexicon()
        self._strata = strata()
        self._mentions = lexicon.mentions
        self._cues = lexicon.cues
        self._reader = TokenReader(lexicon)
        self._matcher = Matcher(lexicon)
        self._extractor = MentionExtractor(lexicon, self._matcher)
        self._classifier = ReferringClassifier(lexicon)
        self._words = ClauseWords.of(lexicon)
        self._is_detail = [mention.observation in detail_names() for mention in lexicon.mentions]
        self._cells = Cells(self._strata)
        divided = {item.of for item in self._strata if item.kind == "detail"}
        self._is_divided = [mention.observation in divided for mention in lexicon.mentions]
        self._by_finding: dict[str, list[int]] = {}
        self._by_choice: dict[str, list[tuple[int, int]]] = {}
        self._told: list[dict[str, int]] = []
        for at, item in enumerate(self._strata):
            told = {name: number for number, names in enumerate(item.told_by) for name in names}
            self._told.append(told)
            if item.kind == "choice":
                for name, number in told.items():
                    self._by_choice.setdefault(name, []).append((at, number))
            else:
                self._by_finding.setdefault(item.of, []).append(at)
        self._known: dict[str, _Sentence] = {}
        self._decoded: dict[int, tuple[Value, ...]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(item.name for item in self._strata)

    def read(self, texts: Sequence[str | None], *, evidence: bool = False) -> Strata:
        """The strata of n texts; an empty or missing text gets blanks.

        Args:
            texts: Reports or parts of reports, read whole.
            evidence: Whether to give the words that each value was read from.
        """
        place: dict[int, int] = {}
        rows = np.empty(len(texts), dtype=np.intp)
        reasons: list[tuple[StratumEvidence, ...]] = []
        for row, text in enumerate(texts):
            mask = 0
            pieces: list[tuple[int, int, _Sentence]] = []
            source = "" if text is None or is_missing(text) else text
            reading = decode(source)
            for piece in self._sentences(reading.text):
                mask |= piece[2].mask
                pieces.append(piece)
            rows[row] = place.setdefault(mask, len(place))
            if evidence:
                found = self._evidence(reading.text, pieces, self._decode(mask))
                reasons.append(found if reading.whole else _in_source(found, reading, source))
        return Strata(
            self.names,
            rows,
            tuple(self._decode(mask) for mask in place),
            tuple(reasons) if evidence else None,
        )

    def _decode(self, mask: int) -> tuple[Value, ...]:
        found = self._decoded.get(mask)
        if found is None:
            if len(self._decoded) >= CACHE_SENTENCES:
                self._decoded.clear()
            found = self._decoded[mask] = self._cells.decode(mask)
        return found

    def _sentences(self, text: str) -> Iterator[tuple[int, int, _Sentence]]:
        known = self._known
        for start, end in sentence_spans(text):
            sentence = text[start:end]
            found = known.get(sentence)
            if found is None:
                found = self._judge(sentence)
                if len(known) >= CACHE_SENTENCES:
                    known.clear()
                known[sentence] = found
            if found.facts:
                yield start, end, found

    def _judge(self, sentence: str) -> _Sentence:
        scan = self._matcher.scan(self._reader.tokens(sentence))
        if scan is None or all(self._is_detail[span.rule] for span in scan.mentions):
            return _NOTHING
        walls = sentence_walls(scan, self._words)
        mentions = self._extractor.extract(scan, walls)
        heads = [span for span in mentions if not self._is_detail[span.rule]]
        assertions = self._classifier.classify(scan, heads, walls)
        if not assertions:
            return _NOTHING
        findings = [span for span in heads if self._is_divided[span.rule]]
        details = [span for span in mentions if self._is_detail[span.rule]]
        mask = 0
        facts: list[_Fact] = []
        for assertion in assertions:
            if self._is_taken(assertion.mention, scan, details, findings):
                continue
            for bit, fact in self._facts(assertion, scan, details, findings):
                mask |= bit
                facts.append(fact)
        return _Sentence(mask, tuple(facts))

    def _is_taken(
        self, mention: Span, scan: Scan, details: list[Span], findings: list[Span]
    ) -> bool:
        """Whether a finding's words are a detail of another ("fracture of a sternal wire")."""
        others = [span for span in findings if span[:2] != mention[:2]]
        if not others:
            return False
        for detail in details:
            if detail[:2] != mention[:2]:
                continue
            name = self._mentions[detail.rule].observation
            for target in others:
                for at in self._by_finding[self._mentions[target.rule].observation]:
                    item = self._strata[at]
                    if name in self._told[at] and target in attach(
                        scan.tokens, detail, others, item.bridge
                    ):
                        return True
        return False

    def _facts(
        self,
        assertion: Assertion,
        scan: Scan,
        details: list[Span],
        findings: list[Span],
    ) -> Iterator[tuple[int, _Fact]]:
        mention, label, cue, _ = assertion
        observation = self._mentions[mention.rule].observation
        for at in self._by_finding.get(observation, ()):
            item = self._strata[at]
            if item.kind == "presence":
                fact = _Fact(at, PRESENCE_WORDS[label], label, mention, cue)
                yield self._cells.presence_bit(at, label), fact
            elif label in _AFFIRMED:
                yield self._cells.affirmed_bit(at), _Fact(at, "", label, mention, cue)
                if item.kind != "detail":
                    continue
                for detail, number in self._details_of(at, mention, scan, details, findings):
                    fact = _Fact(at, item.values[number], label, mention, detail)
                    yield self._cells.value_bit(at, number), fact
        if label in _AFFIRMED:
            for at, number in self._by_choice.get(observation, ()):
                fact = _Fact(at, self._strata[at].values[number], label, mention, cue)
                yield self._cells.value_bit(at, number), fact

    def _details_of(
        self, at: int, mention: Span, scan: Scan, details: list[Span], findings: list[Span]
    ) -> list[tuple[Span, int]]:
        """The details of a finding that tell values of one stratum, with those values' numbers."""
        told, bridge = self._told[at], self._strata[at].bridge
        found: list[tuple[Span, int]] = []
        for detail in details:
            number = told.get(self._mentions[detail.rule].observation)
            if number is None or _word_before(scan, detail) in _PAST:
                continue
            others = [span for span in findings if span[:2] != detail[:2]]
            if mention in attach(scan.tokens, detail, others, bridge):
                found.append((detail, number))
        # "The large effusion is now small."
        present = [item for item in found if _word_before(scan, item[0]) in _PRESENT]
        return present or found

    def _evidence(
        self, text: str, pieces: list[tuple[int, int, _Sentence]], cells: tuple[Value, ...]
    ) -> tuple[StratumEvidence, ...]:
        found: list[StratumEvidence] = []
        for start, end, sentence in pieces:
            view = self._reader.view(text[start:end])
            spans = [(start + a, start + b) for a, b in view.spans]
            for fact in sentence.facts:
                item, cell = self._strata[fact.stratum], cells[fact.stratum]
                value = fact.value
                if item.kind == "companion":
                    value = str(cell)
                elif not value and cell == item.unstated and not _is_told(fact, sentence):
                    value = item.unstated
                if value:
                    found.append(self._reason(text, spans, value, fact))
        return tuple(self._with_devices(found))

    def _reason(
        self, text: str, spans: list[tuple[int, int]], value: str, fact: _Fact
    ) -> StratumEvidence:
        item, cue = self._strata[fact.stratum], fact.cue
        start, end = spans[fact.mention.start][0], spans[fact.mention.end - 1][1]
        rule = self._mentions[fact.mention.rule].name
        cue_start = cue_end = None
        if cue is not None:
            # A detail's words are a mention; those that decide a label are a cue.
            is_detail = item.kind == "detail" and bool(fact.value)
            rule = f"{rule} / {(self._mentions if is_detail else self._cues)[cue.rule].name}"
            cue_start, cue_end = spans[cue.start][0], spans[cue.end - 1][1]
        return StratumEvidence(
            stratum=item.name,
            value=value,
            label=fact.label,
            start=start,
            end=end,
            phrase=text[start:end],
            rule=rule,
            cue_start=cue_start,
            cue_end=cue_end,
            cue="" if cue_start is None else text[cue_start:cue_end],
        )

    def _with_devices(self, found: list[StratumEvidence]) -> Iterator[StratumEvidence]:
        """Names the device beside the finding in a companion's evidence."""
        companions = {x.name: x.companion for x in self._strata if x.kind == "companion"}
        first: dict[str, StratumEvidence] = {}
        for item in found:
            first.setdefault(item.stratum, item)
        for item in found:
            device = first.get(companions.get(item.stratum) or "")
            if device is None:
                yield item
            else:
                yield replace(
                    item,
                    rule=f"{item.rule} / {device.rule}",
                    cue_start=device.start,
                    cue_end=device.end,
                    cue=device.phrase,
                )


def _in_source(
    found: tuple[StratumEvidence, ...], reading: Reading, source: str
) -> tuple[StratumEvidence, ...]:
    """The same reasons with offsets into the text that was read."""
    moved = []
    for item in found:
        start, end = reading.span(item.start, item.end)
        new = replace(item, start=start, end=end, phrase=source[start:end])
        if item.cue_start is not None and item.cue_end is not None:
            start, end = reading.span(item.cue_start, item.cue_end)
            new = replace(new, cue_start=start, cue_end=end, cue=source[start:end])
        moved.append(new)
    return tuple(moved)


def _word_before(scan: Scan, span: Span) -> str:
    return scan.tokens[span.start - 1] if span.start else ""


def _is_told(fact: _Fact, sentence: _Sentence) -> bool:
    """Whether a detail of the same mention is among the facts."""
    return any(
        other.value and (other.stratum, other.mention) == (fact.stratum, fact.mention)
        for other in sentence.facts
    )
