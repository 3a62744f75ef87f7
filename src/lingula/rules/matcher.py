"""One pass over a sentence that finds every phrase of the lexicon, as whole words."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import ahocorasick

from lingula.rules.lexicon_model import Lexicon

MENTION, BLOCK, CONTEXT, CUE, BOUNDARY, HEADER, ANSWER = range(7)


#: After these, words before a dash head a statement ("heart - normal, lungs - clear").
_STOPS = frozenset(".,;")
#: After these, words before a colon are no header ("to answer the question: no effusion").
_DETERMINERS = frozenset({"the", "a", "an", "this", "that", "of", "his", "her", "your", "our"})


class Span(NamedTuple):
    """A match: tokens ``start`` to ``end`` (exclusive) belong to rule number ``rule``."""

    start: int
    end: int
    rule: int


class Scan(NamedTuple):
    """All matches in one sentence, in order of their ends."""

    tokens: list[str]
    mentions: list[Span]
    blocks: list[Span]
    contexts: list[Span]
    cues: list[Span]
    boundaries: list[int]
    #: Headers with the colon, or the dash, after them.
    headers: list[Span]
    #: Cues that count as the value of a finding only.
    answers: list[Span]


class Matcher:
    """Finds the phrases of a lexicon.

    Phrases are stored with one space on both sides and sentences are written the same way, so a
    match is always one of whole words. All phrases are searched at once by the algorithm of Aho and
    Corasick (1975), in time linear in the sentence.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        table: dict[str, list[tuple[int, int]]] = defaultdict(list)
        #: Phrase of a context -> its number; mentions name contexts by these numbers. Contexts of
        #: one word are looked up among the tokens.
        self.context_numbers: dict[str, int] = {}
        for number, mention in enumerate(lexicon.mentions):
            for phrase in mention.phrases:
                table[phrase].append((MENTION, number))
            for phrase in mention.not_in:
                table[phrase].append((BLOCK, number))
            for phrase in (*mention.not_with, *mention.only_with):
                if " " in phrase and phrase not in self.context_numbers:
                    self.context_numbers[phrase] = len(self.context_numbers)
                    table[phrase].append((CONTEXT, self.context_numbers[phrase]))
        for number, cue in enumerate(lexicon.cues):
            for phrase in cue.phrases:
                table[phrase].append((ANSWER if cue.answer else CUE, number))
        for phrase in lexicon.boundaries:
            table[phrase].append((BOUNDARY, 0))
        for number, header in enumerate(lexicon.headers):
            for phrase in header.phrases:
                for mark in ":", "-", "–", "=":
                    table[f"{phrase} {mark}"].append((HEADER, number))
        self._automaton = ahocorasick.Automaton()
        for phrase, items in table.items():
            self._automaton.add_word(f" {phrase} ", (phrase.count(" ") + 1, tuple(items)))
        self._automaton.make_automaton()

    def scan(self, tokens: list[str]) -> Scan | None:
        """All matches in a sentence of these tokens, or None when it mentions nothing."""
        sentence = f" {' '.join(tokens)} "
        mentions: list[Span] = []
        blocks: list[Span] = []
        contexts: list[Span] = []
        cues: list[Span] = []
        boundaries: list[int] = []
        headers: list[Span] = []
        answers: list[Span] = []
        for at, (length, items) in self._automaton.iter(sentence):
            end = sentence.count(" ", 0, at)
            start = end - length
            for kind, rule in items:
                if kind == CUE:
                    cues.append(Span(start, end, rule))
                elif kind == MENTION:
                    mentions.append(Span(start, end, rule))
                elif kind == ANSWER:
                    answers.append(Span(start, end, rule))
                elif kind == BOUNDARY:
                    boundaries.append(start)
                elif kind == CONTEXT:
                    contexts.append(Span(start, end, rule))
                elif kind == HEADER:
                    before = tokens[start - 1] if start else ""
                    if before not in _DETERMINERS and (
                        tokens[end - 1] == ":" or not before or before in _STOPS
                    ):
                        headers.append(Span(start, end, rule))
                else:
                    blocks.append(Span(start, end, rule))
        if not mentions:
            return None
        return Scan(tokens, mentions, blocks, contexts, cues, boundaries, headers, answers)


def longest(spans: list[Span]) -> list[Span]:
    """The spans that lie inside no longer span, from left to right."""
    if len(spans) < 2:
        return spans
    kept: list[Span] = []
    for span in sorted(spans, key=_widest_first):
        if not kept or span.end > kept[-1].end or span[:2] == kept[-1][:2]:
            kept.append(span)
    return kept


def _widest_first(span: Span) -> tuple[int, int]:
    return span[0], -span[1]
