"""Terms that dictation wrote as other English words of the same sound ("new motor axis").

Each run of up to four words has a key, the consonants that are heard, in order; a run whose key is
that of a term, or differs from a long one by one consonant, was that term. The keys follow the idea
of Metaphone (Philips 1990), with "th" read as "t" and "d" as "t".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA

#: Fewest consonants of a key that is looked for, and of one that may differ by one of them.
_LEAST, _LEAST_NEAR = 5, 7
#: Fewest consonants of a shorter key that may have lost one, with the same first and last.
_LEAST_LOST = 5
#: A term's first consonant may differ only in keys of this length.
_LEAST_FIRST = 7
#: Most words that one term was heard as, and most letters that they have more or fewer.
_MOST_WORDS, _MOST_LETTERS = 4, 4
#: A known word of this length is no part of another.
_WHOLE = 10
#: Short words that may be a part of what was heard.
_SMALL = frozenset({"a", "at", "in", "of", "to", "by", "or", "an", "the", "new", "more", "on"})
#: Words that say something of their own.
_TELLING = frozenset({"no", "not", "and", "nor", "with", "without", "is", "are"})
_SPELLED = (
    *(("pn", "n"), ("kn", "n"), ("gn", "n"), ("ph", "f"), ("v", "f"), ("ght", "t")),
    *(("ssion", "jn"), ("tion", "jn"), ("sion", "jn"), ("cion", "jn"), ("cian", "jn")),
    *(("tch", "j"), ("sh", "j"), ("th", "t"), ("d", "t"), ("sce", "s"), ("sci", "s")),
    *(("ce", "s"), ("ci", "s"), ("cy", "s"), ("z", "s"), ("ch", "k"), ("c", "k"), ("q", "k")),
    *(("x", "ks"), ("ge", "j"), ("gi", "j"), ("gy", "j")),
)
_VOWELS = str.maketrans("", "", "aeiouyhw")
_DOUBLE = re.compile(r"(.)\1+")


@lru_cache(maxsize=20_000)
def sound(letters: str) -> str:
    """The key of a run of words without its spaces, in lower case."""
    for spelled, heard in _SPELLED:
        letters = letters.replace(spelled, heard)
    return _DOUBLE.sub(r"\1", letters.translate(_VOWELS))


class Listener:
    """Finds terms by their sound.

    Args:
        terms: Terms of one word or two, in lower case; those with short keys are left out.
        own: Words that need no look, since they are what they say.
    """

    def __init__(self, terms: Iterable[str], own: frozenset[str]) -> None:
        self._own = own
        self._exact: dict[str, str] = {}
        self._near: dict[str, list[str]] = {}
        for term in terms:
            key = sound(term.replace(" ", ""))
            if len(key) >= _LEAST:
                self._exact.setdefault(key, term)
        for key in self._exact:
            if len(key) >= _LEAST_LOST:
                for shorter in _shorter(key):
                    self._near.setdefault(shorter, []).append(key)
        self._keys = " ".join(self._exact)
        parts = {term[at:] for term in self._exact.values() for at in range(1, len(term) - 3)}
        parts |= {term[:at] for term in self._exact.values() for at in range(4, len(term) - 1)}
        parts |= {term.partition(" ")[0] for term in self._exact.values() if " " in term}
        self._parts = frozenset(word for word in own if len(word) < _WHOLE) & parts

    def alike(self, word: str) -> str:
        """The term that one word sounds exactly like, "" if none does ("consolidashun")."""
        return self._exact.get(sound(word), "")

    def is_piece(self, word: str) -> bool:
        """Whether a word sounds like a part of a term."""
        key = sound(word)
        return len(key) > 1 and key in self._keys

    def heard(
        self, tokens: Sequence[str], at: int, first: int
    ) -> tuple[int, int, tuple[str, ...]] | None:
        """The run of tokens around one that was a term: start, end, and the term's words.

        Args:
            tokens: The sentence.
            at: A token of the run.
            first: Tokens before this one are read already.
        """
        if tokens[at] in self._own or tokens[at] in _SMALL:
            return None
        for size in range(_MOST_WORDS, 1, -1):
            for start in range(max(at - size + 1, first), at + 1):
                run = tokens[start : start + size]
                if len(run) < size or not all(map(self._usable, run)):
                    continue
                term = self._term("".join(run))
                if term is not None and self._fits(run, term):
                    return start, start + size, tuple(term.split())
        return None

    def _usable(self, word: str) -> bool:
        """Whether a word can be a part of anything that was heard."""
        if word in self._own and word not in _SMALL:
            return word in self._parts
        return word.isalpha() and word not in _TELLING

    def _fits(self, run: Sequence[str], term: str) -> bool:
        """Whether words may be what was heard: a known one only stands where the term has it."""
        rest = [word for word in run if word not in _SMALL]
        if run[0] == "a" and term[0] != "a":
            return False
        exact = sound("".join(run)) in self._exact
        return all(
            term.startswith(f"{word} ")
            or (exact and term.endswith(f" {word}"))
            or (" " not in term and (term.endswith(word) or term.startswith(word)))
            for word in rest
            if word in self._own
        )

    def _term(self, letters: str) -> str | None:
        key = sound(letters)
        found = self._exact.get(key)
        if found is None and len(key) > _LEAST_LOST:
            found = self._nearby(key)
        if found is None or abs(len(found.replace(" ", "")) - len(letters)) > _MOST_LETTERS:
            return None
        return found

    def _nearby(self, key: str) -> str | None:
        tried = {key, *_shorter(key)}
        keys = {near for part in tried for near in self._near.get(part, ())}
        keys |= {part for part in tried if len(part) >= _LEAST_LOST and part in self._exact}
        fitting = [
            near
            for near in keys
            if OSA.distance(key, near, score_cutoff=1) <= 1
            and (near[0] == key[0] or len(near) >= _LEAST_FIRST)
            and (len(near) >= _LEAST_NEAR or (near[-1] == key[-1] and len(near) < len(key)))
        ]
        return self._exact[fitting[0]] if len(fitting) == 1 else None


@lru_cache(maxsize=10_000)
def _shorter(key: str) -> tuple[str, ...]:
    return tuple(key[:at] + key[at + 1 :] for at in range(len(key)))
