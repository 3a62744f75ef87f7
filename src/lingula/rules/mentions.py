"""Stage one, mention extraction: which words of a sentence name an observation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lingula.rules.clauses import separated
from lingula.rules.headers import header_before
from lingula.rules.lexicon_model import HeaderKind, Lexicon
from lingula.rules.matcher import Matcher, Scan, Span, apart, longest

#: Under "Comparison:" these tell of the film that is read.
_CURRENT = frozenset({
    "since", "now", "again", "increased", "decreased", "unchanged", "stable", "today", "currently",
    "interval", "persists", "persist", "larger", "smaller", "worse", "improved", "resolved", "new",
    "worsened", "cleared", "current", "change", "remains", "remain", "progressed", "developed",
    "not", "no", "less", "more", "redemonstrated",
})  # fmt: skip


class _Company(NamedTuple):
    """Phrases that must, or must not, stand in the clause of a mention."""

    words: frozenset[str]
    phrases: frozenset[int]

    @classmethod
    def of(cls, phrases: Sequence[str], numbers: Mapping[str, int]) -> _Company | None:
        """The company of a mention, None if it minds none; ``numbers`` are those of phrases."""
        if not phrases:
            return None
        return cls(
            frozenset(phrase for phrase in phrases if phrase not in numbers),
            frozenset(numbers[phrase] for phrase in phrases if phrase in numbers),
        )

    def near(self, span: Span, scan: Scan, walls: list[int]) -> bool:
        """Whether one of them stands in a mention's clause, beside its own words."""
        if not self.words.isdisjoint(scan.tokens):
            for at, token in enumerate(scan.tokens):
                if token in self.words and _beside(Span(at, at + 1, 0), span, walls):
                    return True
        return any(
            context.rule in self.phrases and _beside(context, span, walls)
            for context in scan.contexts
        )


class MentionExtractor:
    """Chooses, of all phrases found in a sentence, those that stand as mentions."""

    def __init__(self, lexicon: Lexicon, matcher: Matcher) -> None:
        numbers = matcher.context_numbers
        self._not_with = [_Company.of(mention.not_with, numbers) for mention in lexicon.mentions]
        self._only_with = [_Company.of(mention.only_with, numbers) for mention in lexicon.mentions]
        number = {header.name: at for at, header in enumerate(lexicon.headers)}
        self._under = [frozenset(number[h] for h in m.under) for m in lexicon.mentions]
        self._not_under = [frozenset(number[h] for h in m.not_under) for m in lexicon.mentions]
        self._elsewhere = frozenset(
            at for at, header in enumerate(lexicon.headers) if header.kind is HeaderKind.ELSEWHERE
        )
        self._prior = frozenset(
            at for at, header in enumerate(lexicon.headers) if header.kind is HeaderKind.PRIOR
        )
        #: Groups whose place depends on the words or headers about them.
        self._bound = frozenset(
            at
            for at, mention in enumerate(lexicon.mentions)
            if mention.not_with or mention.only_with or mention.under
        )
        self._observation = [mention.observation for mention in lexicon.mentions]

    def extract(self, scan: Scan, walls: list[int]) -> list[Span]:
        """The mentions of a sentence, from left to right.

        A phrase is dropped where it overlaps a phrase that it must not be part of, where its
        clause lacks or holds a deciding word, and where a longer phrase of the same observation
        covers it.
        """
        standing = scan.mentions
        bound = self._bound
        if scan.blocks or scan.headers or [span for span in standing if span.rule in bound]:
            standing = [span for span in standing if self._stands(span, scan, walls)]
        if len(standing) < 2 or apart(standing):
            return standing
        by_observation: dict[str, list[Span]] = {}
        for span in standing:
            by_observation.setdefault(self._observation[span.rule], []).append(span)
        return sorted(span for spans in by_observation.values() for span in longest(spans))

    def _stands(self, span: Span, scan: Scan, walls: list[int]) -> bool:
        if not self._under_header(span, scan):
            return False
        for block in scan.blocks:
            if block.rule == span.rule and block.start < span.end and span.start < block.end:
                return False
        forbidden, needed = self._not_with[span.rule], self._only_with[span.rule]
        if forbidden is not None and forbidden.near(span, scan, walls):
            return False
        return needed is None or needed.near(span, scan, walls)

    def _under_header(self, span: Span, scan: Scan) -> bool:
        """Whether a phrase counts under the header that it stands under, if any."""
        under = self._under[span.rule]
        header = header_before(scan.headers, span.start) if scan.headers else None
        if header is None:
            return not under
        if header.rule in self._elsewhere:
            return False
        if header.rule in self._prior and _CURRENT.isdisjoint(scan.tokens[header.end :]):
            return False
        return (not under or header.rule in under) and header.rule not in self._not_under[span.rule]


def _beside(one: Span, other: Span, walls: list[int]) -> bool:
    if one.start < other.end and other.start < one.end:
        return False
    first, second = sorted((one, other))
    return not (walls and separated(walls, first.end, second.start))
