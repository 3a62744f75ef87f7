"""Other ways to write the same words: slips, short forms, dropped words, masks."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

_WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
#: Words that many reports leave out.
_DROPPED = re.compile(r"\b(?:the|a|an|is|are|there is|there are|has been|have been|of)\b ?", re.I)
#: Long forms and what stands for them in notes and in British reports.
_FORMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("without", ("w/o", "w/out", "with no")),
    ("with", ("w/", "c")),
    ("evidence of", ("e/o",)),
    ("no evidence of", ("neg for", "nil")),
    ("status post", ("s/p",)),
    ("history of", ("h/o", "hx of")),
    ("rule out", ("r/o",)),
    ("right", ("rt", "R")),
    ("left", ("lt", "L")),
    ("bilateral", ("bilat", "b/l")),
    ("normal", ("nl", "wnl", "unremarkable")),
    ("unchanged", ("unch", "stable", "static")),
    ("possible", ("poss", "?")),
    ("probable", ("prob",)),
    ("versus", ("vs", "vs.", "v")),
    ("increased", ("inc", "incr")),
    ("decreased", ("dec", "decr")),
    ("visualized", ("visualised",)),
    ("is not seen", ("not seen", "is not demonstrated", "is not evident", "is not appreciated")),
    ("no longer seen", ("not seen any more", "no longer visible", "no longer evident")),
    ("there is no", ("no", "I see no", "there is not any")),
    ("cannot be excluded", ("can't be excluded", "cannot be ruled out", "not excluded")),
    ("may represent", ("might represent", "could represent", "may reflect", "may be")),
    ("resolved", ("cleared", "resolved completely")),
    ("favored", ("favoured",)),
    ("and", ("&", "plus")),
    ("follow-up", ("f/u", "follow up", "followup")),
    ("because", ("since",)),
    ("approximately", ("approx", "~")),
    ("consistent with", ("c/w", "in keeping with")),
    ("compared to", ("c/t", "compared with")),
)
_COMPILED = tuple((re.compile(rf"\b{long}\b", re.I), short) for long, short in _FORMS)
_MASKS = ("XXXX", "___", "[**date**]")


@dataclass(frozen=True)
class Perturbation:
    """Changes words at random and never what they say.

    Attributes:
        generator: Source of chance.
        share: How many of the texts are changed at all.
    """

    generator: np.random.Generator
    share: float = 0.5

    def apply(self, words: str) -> str:
        """The words between two mentions, possibly written in another way."""
        if self.generator.random() >= self.share:
            return words
        draw = self.generator.random(6)
        if draw[0] < 0.5:
            words = self._forms(words)
        if draw[1] < 0.3:
            words = _DROPPED.sub(lambda found: "" if self._chance(0.7) else found[0], words)
        if draw[2] < 0.5:
            words = _WORD.sub(self._slip, words)
        if draw[3] < 0.1:
            words = words.replace(",", "")
        if draw[4] < 0.06:
            words = re.sub(r"\b(?:the|prior|previous) \w+", lambda _: self._mask(), words)
        if draw[5] < 0.15:
            words = words.upper()
        return words

    def _forms(self, words: str) -> str:
        for pattern, short in _COMPILED:
            if pattern.search(words) and self._chance(0.5):
                words = pattern.sub(short[int(self.generator.integers(len(short)))], words)
        return words

    def _slip(self, found: re.Match[str]) -> str:
        word = found[0]
        if len(word) < 5 or not self._chance(0.15):
            return word
        at = int(self.generator.integers(1, len(word) - 1))
        letter = _LETTERS[int(self.generator.integers(26))]
        kind = int(self.generator.integers(4))
        if kind == 0:
            return word[:at] + word[at + 1 :]
        if kind == 1:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        if kind == 2:
            return word[:at] + word[at] + word[at:]
        return word[:at] + letter + word[at + 1 :]

    def _mask(self) -> str:
        return _MASKS[int(self.generator.integers(len(_MASKS)))]

    def _chance(self, share: float) -> bool:
        return bool(self.generator.random() < share)
