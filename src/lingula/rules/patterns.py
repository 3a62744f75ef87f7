"""Phrase patterns: a small notation for inflections and variants, expanded to plain word lists.

``effusion{|s}`` stands for two words, ``[pleural] effusion`` for a phrase with and without its
first word, ``{left|right} base`` for two phrases. Patterns nest. There is no wildcard: every phrase
that a rule can match is in the lexicon, so that the lexicon can be read, printed and tested.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

#: What counts as one token of a sentence: a number with its decimals, a word with its apostrophe,
#: a run of underscores (a de-identification mask), a free-standing dash, a mark that separates
#: clauses or one that answers a template ("edema (+)", "[x] effusion"). Hyphens and slashes inside
#: words separate tokens and are not tokens themselves.
TOKEN = re.compile(
    r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+(?:\.\d+)?|_{2,}"
    r"|(?<![^\s(\[])(?:-{1,3}|[–—])(?![^\s),.;\]])|[-+]ve\b|\+/-|#{1,2}|[,;:()?.\[\]&+=<>|∅☐☑☒✓✔✗✘√↑↓]"
)
#: The same tokens of a text in lower-case ASCII, found faster.
_ASCII_TOKEN = re.compile(
    "".join(
        char
        for char in TOKEN.pattern.replace(r"[^\W\d_]", "[a-z]").replace("|[–—]", "")
        if char.isascii()
    )
)

#: A pattern of plain lower-case words, and a run of letters without brackets.
_PLAIN = re.compile(r"[a-z \[\]{}|]*")
_SPACES = re.compile(r"  +")
_LETTERS = re.compile(r"[^\[\]{}|]+")

#: An expansion larger than this is a slip of the pen rather than a rule.
MOST_PHRASES = 20_000


def tokens_of(sentence: str) -> list[str]:
    """The tokens of a sentence, in lower case."""
    lowered = sentence.lower()
    tokens: list[str]
    if lowered.isascii() and sentence.isascii():
        tokens = _ASCII_TOKEN.findall(lowered)
        return [_SAME.get(token, token) for token in tokens] if "&" in lowered else tokens
    if len(lowered) == len(sentence):
        tokens = TOKEN.findall(lowered)
        return [_SAME.get(token, token) for token in tokens] if "&" in lowered else tokens
    # A few letters become two in lower case, which could move the borders of tokens.
    return [_SAME.get(token, token.lower()) for token in TOKEN.findall(sentence)]


#: Tokens that are read as another.
_SAME = {"&": "and"}


def expand(pattern: str) -> list[str]:
    """All phrases that a pattern stands for, in normal form without outer spaces.

    Raises:
        ValueError: If brackets do not pair, a phrase is empty, or there are too many.
    """
    raw, rest = _sequence(pattern, 0)
    if rest != len(pattern):
        raise ValueError(f"unpaired {pattern[rest]!r} in the pattern {pattern!r}")
    if _PLAIN.fullmatch(pattern):
        # Tokens of plain lower-case words are what stands between their spaces.
        text = _SPACES.sub(" ", "\n".join(raw)).replace(" \n", "\n").replace("\n ", "\n")
        phrases = list(dict.fromkeys(text.strip(" ").split("\n")))
    else:
        phrases = list(dict.fromkeys([" ".join(tokens_of(item)) for item in raw]))
    if not all(phrases):
        raise ValueError(f"the pattern {pattern!r} also stands for an empty phrase")
    return phrases


def _sequence(pattern: str, at: int) -> tuple[list[str], int]:
    found = [""]
    while at < len(pattern):
        letters = _LETTERS.match(pattern, at)
        if letters is not None:
            found = [head + letters[0] for head in found]
            at = letters.end()
            continue
        if pattern[at] in "]}|":
            return found, at
        choices, at = _choices(pattern, at)
        if len(found) * len(choices) > MOST_PHRASES:
            raise ValueError(f"the pattern {pattern!r} stands for over {MOST_PHRASES} phrases")
        found = [head + tail for head in found for tail in choices]
    return found, at


def _choices(pattern: str, at: int) -> tuple[list[str], int]:
    closing = "]" if pattern[at] == "[" else "}"
    start = at
    found = [""] if closing == "]" else []
    while True:
        part, at = _sequence(pattern, at + 1)
        found.extend(part)
        if at >= len(pattern):
            raise ValueError(f"{pattern[start]!r} is not closed in the pattern {pattern!r}")
        if pattern[at] == closing:
            return found, at + 1
        if pattern[at] != "|":
            raise ValueError(f"unpaired {pattern[at]!r} in the pattern {pattern!r}")


def token_spans(sentence: str) -> Iterator[tuple[int, int]]:
    """Character offsets of each token of a sentence."""
    return (match.span() for match in TOKEN.finditer(sentence))
