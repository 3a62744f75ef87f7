"""One pass over a sentence that finds every phrase of the lexicon, as whole words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

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


#: A word of the tree: the words that go on, None if none do, and what ends here (kind and rule).
_Node: TypeAlias = "tuple[dict[str, _Node] | None, tuple[tuple[int, int], ...]]"


#: Makes a span in half the time of its own constructor.
_new: Callable[[type[Span], tuple[int, int, int]], Span] = tuple.__new__


class Scan(NamedTuple):
    """All matches in one sentence, in order of their starts."""

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

    Phrases are kept word by word in a tree. A walk down it begins at every word of a sentence and
    ends where no phrase goes on, so a match is always one of whole words, and time is linear in the
    sentence: no walk is longer than the longest phrase. A branch grows when a sentence first has
    its word, since few reports use a large part of the lexicon.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        waiting: dict[str, list[tuple[str, tuple[int, int]]]] = defaultdict(list)

        def add(phrases: Iterable[str], kind: int, number: int) -> None:
            what = (kind, number)
            for phrase in phrases:
                waiting[phrase.partition(" ")[0]].append((phrase, what))

        #: Phrase of a context -> its number; mentions name contexts by these numbers. Contexts of
        #: one word are looked up among the tokens.
        self.context_numbers: dict[str, int] = {}
        for number, mention in enumerate(lexicon.mentions):
            add(mention.phrases, MENTION, number)
            add(mention.not_in, BLOCK, number)
            for phrase in (*mention.not_with, *mention.only_with):
                if " " in phrase and phrase not in self.context_numbers:
                    self.context_numbers[phrase] = len(self.context_numbers)
                    add([phrase], CONTEXT, self.context_numbers[phrase])
        for number, cue in enumerate(lexicon.cues):
            add(cue.phrases, ANSWER if cue.answer else CUE, number)
        add(lexicon.boundaries, BOUNDARY, 0)
        for number, header in enumerate(lexicon.headers):
            for mark in ":", "-", "–", "=":
                add([f"{phrase} {mark}" for phrase in header.phrases], HEADER, number)
        #: Phrases by their first word, until it is met.
        self._waiting = dict(waiting)
        self._tree: dict[str, _Node] = {}

    def scan(self, tokens: list[str]) -> Scan | None:
        """All matches in a sentence of these tokens, or None when it mentions nothing."""
        if not self._waiting.keys().isdisjoint(tokens):
            self._grow(tokens)
        found: tuple[list[Span], ...] = ([], [], [], [], [], [], [])
        following = [*tokens[1:], ""]  # no phrase goes on with ""
        for start, first in enumerate(map(self._tree.get, tokens)):
            node, end = first, start
            while node is not None:
                further, items = node
                end += 1
                for kind, rule in items:
                    found[kind].append(_new(Span, (start, end, rule)))
                if further is None:
                    break
                node = further.get(following[end - 1])
        mentions, blocks, contexts, cues, boundaries, headers, answers = found
        if not mentions:
            return None
        if headers:
            headers = [span for span in headers if _heads(tokens, span)]
        walls = [span.start for span in boundaries] if boundaries else []
        return Scan(tokens, mentions, blocks, contexts, cues, walls, headers, answers)

    def _grow(self, tokens: Sequence[str]) -> None:
        for token in tokens:
            phrases = self._waiting.get(token)
            if phrases is not None:
                # The branch stands before its phrases go: another thread may be scanning.
                self._tree[token] = _branch(token, phrases)
                self._waiting.pop(token, None)


def _branch(first: str, phrases: Iterable[tuple[str, tuple[int, int]]]) -> _Node:
    """The tree below a word, of all phrases that begin with it."""
    table: dict[str, list[tuple[int, int]]] = {}
    for phrase, item in phrases:
        table.setdefault(phrase, []).append(item)
    tree: dict[str, _Node] = {}
    for phrase, items in table.items():
        *before, last = phrase.split(" ")
        level = tree
        for word in before:
            node = level.get(word)
            if node is None or node[0] is None:
                deeper: dict[str, _Node] = {}
                level[word] = (deeper, () if node is None else node[1])
                level = deeper
            else:
                level = node[0]
        node = level.get(last)
        level[last] = (None if node is None else node[0], tuple(items))
    return tree[first]


def _heads(tokens: list[str], span: Span) -> bool:
    """Whether the words of a header are one where they stand."""
    before = tokens[span.start - 1] if span.start else ""
    return before not in _DETERMINERS and (
        tokens[span.end - 1] == ":" or not before or before in _STOPS
    )


def longest(spans: list[Span]) -> list[Span]:
    """The spans that lie inside no longer span, from left to right."""
    if len(spans) < 2 or apart(spans):
        return spans
    kept: list[Span] = []
    for span in sorted(spans, key=_widest_first):
        if not kept or span.end > kept[-1].end or span[:2] == kept[-1][:2]:
            kept.append(span)
    return kept


def apart(spans: list[Span]) -> bool:
    """Whether each span begins after the end of the one before it."""
    end = 0
    for span in spans:
        if span[0] < end:
            return False
        end = span[1]
    return True


def _widest_first(span: Span) -> tuple[int, int]:
    return span[0], -span[1]
