"""Abbreviations of radiology reports, and whether the full stop after one ends a sentence."""

# ruff: noqa: SIM905 (word lists are easier to read and to extend as running text)

from __future__ import annotations

import re

#: A word, or as much of one as is compared.
WORD = re.compile(r"[^\W\d_][\w'-]{0,30}")
_DOTTED = re.compile(r"[a-z]{1,2}(?:\.[a-z])+")

#: Before a name or an example: the full stop never ends a sentence.
_NEVER = frozenset("dr drs mr mrs ms prof vs e.g i.e eg ie cf approx viz fig figs ph st".split())
#: Clipped words: the full stop ends a sentence only before a capitalized word.
_CLIPPED = frozenset(
    "abd abn ant assoc bilat ca cont dept dx est ext freq hosp hx imp incl inf int jr lat lg lt "
    "max med min mod neg nos pos poss post prev prob pt pts rec ref resp rt rx sec sm sr susp sup "
    "surg temp tel".split()
)
#: Units and the like: the full stop ends a sentence unless the phrase plainly goes on.
_UNIT = frozenset("cm mm mo mos yr yrs wk wks hr hrs lb lbs kg ft etc".split())
#: All words whose full stop may be their own.
ABBREVIATED = _NEVER | _CLIPPED | _UNIT | {"no"}
#: Last two letters of those: a word that ends otherwise needs no closer look.
ENDINGS = frozenset(
    ending
    for word in ABBREVIATED
    for ending in (word[-2:], word[-2:].upper(), word[-2:].capitalize())
)
_LONG_ENDINGS = frozenset(word[-3:] for word in ABBREVIATED if len(word) > 2)
_GOES_ON = frozenset(
    "above across along and anterior apart at below beneath beyond by caudal cephalad cranial deep "
    "diameter distal for from greatest in inferior into lateral left long medial nodule of on or "
    "pleural posterior proximal right short size superior thick to transverse wide with within "
    "x".split()
)
#: Words that open a sentence even after a clipped word, in capitals or without any.
_OPENERS = frozenset("no the there this these heart lungs".split())
_BY = frozenset("dr drs mr mrs ms prof by with".split())


def may_be_clipped(text: str, at: int) -> bool:
    """Whether a word of two letters or more that ends at a place may be an abbreviation."""
    last = text[max(at - 3, 0) : at]
    return not last.isalpha() or len(last) < 3 or last.lower() in _LONG_ENDINGS


def abbreviation_ends(text: str, start: int, match: re.Match[str], word: str) -> bool:
    """Whether the full stop of a word that is often abbreviated ends a sentence all the same."""
    (at, _), (_, end), (_, next_at), _ = match.regs
    following = text[next_at]
    if len(word) == 1:
        return next_at > end and not _is_initial(text, start, at, next_at, word)
    if word in _NEVER:
        return word == "st" and not following.isupper()
    if word == "no":
        return not following.isdecimal()
    capital = following.isupper()
    title = capital and not text[next_at + 1 : next_at + 2].isupper()
    following_word = WORD.match(text, next_at)
    next_word = following_word.group().lower() if following_word else ""
    if word in _CLIPPED:
        return title or next_word in _OPENERS
    if word in _UNIT:
        if capital:
            return title or next_word not in _GOES_ON
        # Lower case says nothing where sentences start in lower case.
        return not following.islower() or (text[start].islower() and next_word not in _GOES_ON)
    if _DOTTED.fullmatch(word):  # a.m., M.D.
        return title or next_word in _OPENERS
    return True


def _is_initial(text: str, start: int, at: int, next_at: int, letter: str) -> bool:
    if not letter.isalpha():
        return False
    if letter in "rl" and text[next_at].islower():  # "L. pleural effusion"
        return True
    if text[next_at].isalpha() and text[next_at + 1 : next_at + 2] == ".":
        return True
    words = text[max(start, at - 20) : at].split()
    if len(words) < 2:
        return at - start < 3
    before = words[-2].lower()
    return before.rstrip(".:") in _BY or (len(before) == 2 and before[1] == ".")
