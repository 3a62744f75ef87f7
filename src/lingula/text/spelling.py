# ruff: noqa: SIM905 (word lists are easier to read and to extend as running text)
"""Words as they were meant: misspelled, run-together and split words of a lexicon.

Only words that are no English are looked at (``vocabulary.py``), besides a list of what dictation
makes of a term. In this order: words of a term that were split ("pneumo thorax"), words run
together ("noeffusion"), and one word for another by the optimal string alignment distance (Damerau
1964: insertions, deletions, substitutions, and transpositions of neighbours count one each).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from lingula.text.dictation import heard_terms, misheard, trigger
from lingula.text.nearness import has_nearer, says_another, settled
from lingula.text.sounds import Listener
from lingula.text.vocabulary import is_english, word_list

#: Shortest word that is read by one edit, and by two; shorter ones are too like each other.
ONE_EDIT, TWO_EDITS = 6, 10
#: Shortest term whose split pieces are joined, and most pieces of it.
_SPLIT_TERM, _MOST_PIECES = 7, 3
#: Shortest word, of two with a shifted space, that must be the lexicon's.
_SHIFTED = 4
#: Longest word that is looked at: longer runs of letters are no words.
_LONGEST = 40
#: Words whose reading is remembered.
_REMEMBERED = 100_000

#: Short words that stand run together with a term, beside those of the lexicon.
_JOINED_WORDS = frozenset(
    "a an and are at by for from in is no not of on or the there to was with without left right "
    "new old small mild acute focal large some any this has have".split()
)
#: Shorter words that are read by one edit as well.
_SHORT = frozenset({"edema", "heart", "lungs", "chest"})
#: One of these and another word of the lexicon run together are plain however short.
_GRAMMAR = frozenset("no the is are not there of and with without has".split())


class Edit(NamedTuple):
    """Tokens ``start`` to ``end`` (exclusive) of a sentence, and the words they are read as."""

    start: int
    end: int
    words: tuple[str, ...]


class Speller:
    """Reads tokens as words of a lexicon.

    Args:
        words: All words of the lexicon, in lower case; those of ``ONE_EDIT`` letters and more are
            what unknown words are read as.
        cache: Whether to remember the words that were looked up.
    """

    def __init__(self, words: Iterable[str], *, cache: bool = True) -> None:
        self._room = _REMEMBERED if cache else 0
        own = frozenset(words)
        self._targets: dict[int, list[str]] = {}
        for word in sorted(own):
            if len(word) >= ONE_EDIT and word.isalpha():
                self._targets.setdefault(len(word), []).append(word)
        self._targets.setdefault(5, []).extend(_SHORT & own)
        self._terms = frozenset(word for word in own if len(word) >= _SPLIT_TERM)
        self._all_terms = " ".join(self._terms)
        self._parts = frozenset(word for word in own | _JOINED_WORDS if word.isalpha())
        self._own = own
        self._phrases = misheard()
        self._by_trigger: dict[str, list[tuple[str, ...]]] = {}
        for written in self._phrases:
            self._by_trigger.setdefault(trigger(written, own), []).append(written)
        triggers = self._by_trigger.keys()
        said = {word for words in self._phrases.values() for word in words}
        known = own | word_list("chest") | word_list("radiology")
        self._listener = Listener(heard_terms(), known - (triggers - said))
        #: Tokens that need no look.
        self._plain = {word for word in own if word not in triggers}
        self._readings: dict[str, tuple[str, ...]] = {}
        self._english: dict[str, bool] = {}
        self._long = [word for word in own if len(word) >= TWO_EDITS and word.isalpha()]

    @cached_property
    def _heads(self) -> frozenset[str]:
        return frozenset(word[:end] for word in self._long for end in range(3, len(word) - 1))

    @cached_property
    def _starts(self) -> frozenset[str]:
        return frozenset(word[at : at + 3] for word in self._long for at in range(len(word) - 2))

    @cached_property
    def _tails(self) -> frozenset[str]:
        return frozenset(word[at:] for word in self._long for at in range(2, len(word) - 2))

    def edits(self, tokens: Sequence[str]) -> list[Edit]:
        """What is read otherwise than it is written, from left to right; most often nothing."""
        if self._plain.issuperset(tokens):
            return []
        found: list[Edit] = []
        done = 0
        for at, token in enumerate(tokens):
            if at < done or token in self._plain or self._is_plain(token):
                continue
            edit = self._edit(tokens, at, done)
            if edit is not None:
                found.append(edit)
                done = edit.end
        return found

    def _is_plain(self, token: str) -> bool:
        if token in self._by_trigger or self._possessed(token):
            return False
        if token in self._own or not token[0].isalpha() or len(token) > _LONGEST:
            plain = True
        elif self._listener.is_piece(token):
            plain = token in word_list("chest") or token in word_list("radiology")
        else:
            plain = self._is_english(token) or not (self._is_piece(token) or self._reading(token))
        if plain:
            if self._room and len(self._plain) >= self._room:
                self._plain = set(self._own - set(self._by_trigger))
            if self._room:
                self._plain.add(token)
        return plain

    def _edit(self, tokens: Sequence[str], at: int, done: int) -> Edit | None:
        token = tokens[at]
        edit = self._phrase(tokens, at, done)
        if edit is not None or (token in self._own and token not in self._by_trigger):
            return edit
        if owner := self._possessed(token):
            return Edit(at, at + 1, (owner,))
        if token in self._own or self._is_english(token):
            return self._by_sound(tokens, at, done)
        shifted = self._shifted(tokens, at, done)
        if shifted is not None:
            return shifted
        windows = [
            (start, start + size)
            for size in range(_MOST_PIECES, 1, -1)
            for start in range(max(at - size + 1, done), at + 1)
            if start + size <= len(tokens)
        ]
        joined = [(start, end, "".join(tokens[start:end])) for start, end in windows]
        for start, end, term in joined:
            if term in self._terms:
                return Edit(start, end, (term,))
        words = self._reading(token)
        if words:
            return Edit(at, at + 1, words)
        for start, end, term in joined:
            pieces = end - start == 2 and len(term) >= TWO_EDITS and term.isalpha()
            if pieces and (tokens[start] in self._heads or tokens[start + 1] in self._tails):
                near = self._nearest(term, 1)
                if near is not None and len(near) >= TWO_EDITS:
                    return Edit(start, end, (near,))
        return self._by_sound(tokens, at, done)

    def _shifted(self, tokens: Sequence[str], at: int, done: int) -> Edit | None:
        """Two words of which one has the other's first or last letter ("chestt ube")."""
        for start in (at - 1, at):
            pair = tokens[start : start + 2] if start >= done else ()
            if len(pair) < 2 or not all(map(str.isalpha, pair)):
                continue
            both = "".join(pair)
            for cut in (len(pair[0]) - 1, len(pair[0]) + 1):
                words = both[:cut], both[cut:]
                if self._parts.issuperset(words) and not self._own.isdisjoint(
                    word for word in words if len(word) >= _SHIFTED
                ):
                    return Edit(start, start + 2, words)
        return None

    def _by_sound(self, tokens: Sequence[str], at: int, done: int) -> Edit | None:
        heard = self._listener.heard(tokens, at, done)
        return None if heard is None else Edit(*heard)

    def _possessed(self, token: str) -> str:
        """The lexicon's word in a wrong plural or a genitive ("infiltrate's"), "" if it is none."""
        word = token.removesuffix("'s")
        long = len(word) < len(token) and len(word) >= ONE_EDIT
        return word if long and word in self._own and token not in self._own else ""

    def _is_piece(self, token: str) -> bool:
        """Whether a token can be one of the pieces of a split term."""
        return (
            token in self._all_terms
            or token[:3] in self._starts
            or (len(token) > _SHIFTED and not self._parts.isdisjoint((token[1:], token[:-1])))
        )

    def _is_english(self, token: str) -> bool:
        known = self._english.get(token)
        if known is None:
            known = is_english(token)
            if len(self._english) >= self._room:
                self._english.clear()
            if self._room:
                self._english[token] = known
        return known

    def _phrase(self, tokens: Sequence[str], at: int, done: int) -> Edit | None:
        for written in self._by_trigger.get(tokens[at], ()):
            start = at - written.index(tokens[at])
            if start >= done and tuple(tokens[start : start + len(written)]) == written:
                return Edit(start, start + len(written), self._phrases[written])
        return None

    def _reading(self, token: str) -> tuple[str, ...]:
        """The words that an unknown token is read as; none to leave it."""
        known = self._readings.get(token)
        if known is None:
            known = self._read(token)
            if len(self._readings) >= self._room:
                self._readings.clear()
            if self._room:
                self._readings[token] = known
        return known

    def _read(self, token: str) -> tuple[str, ...]:
        if len(token) < _SHIFTED or not token.isalpha():
            return ()
        parts = _segments(token, self._parts)
        if len(parts) > 1 and self._are_joined(parts):
            # "atelectisis" is not "atelect is is", nor "pneumthorax" an abbreviation and "thorax".
            one = self._nearest(token, 1) if len(token) >= TWO_EDITS else None
            return parts if one is None or len(one) < TWO_EDITS else (one,)
        if len(token) < ONE_EDIT - 1:
            return ()
        denied = token[2:] if token.startswith("no") else ""
        if len(denied) >= ONE_EDIT and (near := self._nearest(denied, 1)) is not None:
            return ("no", near)
        near = self._nearest(token, 2)
        if near is not None:
            return (near,)
        return tuple(self._listener.alike(token).split())

    def _are_joined(self, parts: tuple[str, ...]) -> bool:
        """Whether words are long enough that nothing but these words run together is meant."""
        if len(parts) == 2 and not _GRAMMAR.isdisjoint(parts):
            return True
        longest = max(map(len, parts))
        if longest >= ONE_EDIT or (parts[0] == "no" and longest == ONE_EDIT - 1):
            return True
        return min(map(len, parts)) > 3 and self._own.issuperset(parts)

    def _nearest(self, token: str, most: int) -> str | None:
        """The lexicon's word that an unknown one was meant to be, if that is plain."""
        best: list[str] = []
        fewest = most
        for length in range(len(token) - most, len(token) + most + 1):
            allowed = min(fewest, 1 if length < TWO_EDITS else 2)
            for word, distance, _ in process.extract(
                token, self._targets.get(length, ()), scorer=OSA.distance, score_cutoff=allowed,
                limit=None,
            ):  # fmt: skip
                if distance > fewest or says_another(token, word):
                    continue
                if distance < fewest:
                    best, fewest = [], int(distance)
                best.append(word)
        if not best or (fewest == 2 and has_nearer(token)):
            return None
        return settled(token, best)


def _segments(token: str, parts: frozenset[str]) -> tuple[str, ...]:
    """The token as the fewest words of at least two letters run together; none if it is not so."""
    best: list[tuple[str, ...] | None] = [()] + [None] * len(token)
    for end in range(2, len(token) + 1):
        for start in range(end - 1):
            before, part = best[start], token[start:end]
            if before is None or part not in parts or len(before) > 3:
                continue
            current = best[end]
            if current is None or len(before) + 1 < len(current):
                best[end] = (*before, part)
    return best[-1] or ()
