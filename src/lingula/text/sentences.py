"""Sentences of a radiology report, as character spans of the text as given.

One regular expression finds the places where a sentence could end (a stop, a line end, a bullet,
the number of a list item); a short check at each decides. Nothing is looked at twice, so time
grows with the length of the text whatever it holds.

What ends a sentence:

* ``. ! ?`` (runs, spaced ones and closing quotes included), unless the full stop belongs to a
  decimal, an abbreviation, an initial or a list number. A full stop without a space after it
  counts where the next letter is a capital ("apex.There"). A semicolon never counts: what follows
  it may still share the sentence's subject.
* A blank line; a line end before a list item, a bullet or a label ("Heart: normal").
* Any other line end only when it looks meant: the next line starts with a capitalized common word,
  or, where case says nothing (capitals throughout, none at all, acronyms, names, masks), its first
  word would still have fitted on this line, which hard wrapping never leaves undone.

List numbers and bullets belong to no sentence; everything else that is not white space does.
"""

from __future__ import annotations

import re

from lingula.text.abbreviations import (
    ABBREVIATED,
    ENDINGS,
    WORD,
    abbreviation_ends,
    may_be_clipped,
)
from lingula.text.line_ends import Layout
from lingula.text.list_items import MARKER, list_number, next_number
from lingula.text.run_on import divided

#: A list item's number or bullet, up to three in a row ("- 1. ").
_OPENING = re.compile(rf"\s*((?:{MARKER}\s*){{0,3}})")

#: Where a sentence could end. Group 1 ends where the sentence would, group 2 is the white space
#: after it, group 3 the markers that open the next sentence.
_BOUNDARY = re.compile(
    r"""[.?!…\n\r)•●▪◦‣■▶►➤➢❖]((?:(?<=[.?!…])[.?!…]*["'”’»)\]}]*)?)(\s*)"""
    rf"((?=[\d(a-h*–—•●▪◦‣■▶►➤➢❖-])(?:{MARKER}\s*){{1,3}}|)"  # the first look ahead is for speed
)
#: The same for texts in ASCII, whose sets of characters are searched faster.
_ASCII_BOUNDARY = re.compile(
    "".join(char for char in _BOUNDARY.pattern.replace("|[•●▪◦‣■▶►➤➢❖]", "") if char.isascii())
)
#: Text up to the first place where a sentence could end, if that is a full stop, white space and
#: a letter that opens no marker: most sentences. Group 1 ends where the sentence would.
_PLAIN = re.compile(r"([^.?!…\n\r)•●▪◦‣■▶►➤➢❖]*\.) +(?=[A-Zi-z])")
_ASCII_PLAIN = re.compile(r"([^.?!\n\r)]*\.) +(?=[A-Zi-z])")

#: "1. 4 cm": a decimal whose full stop got a space by an earlier cleaning.
_SPLIT_DECIMAL = re.compile(r"\d{1,2}\s?(?:[cm]m\b|x\s?\d)", re.IGNORECASE)
_QUERY_BEFORE = frozenset(" \t\n\r(/[,-")
#: A statement's first words, after which a question mark before them was the end of another.
_OPENS = re.compile(r"(?:No|The|There|This|These|Heart|Lungs)\b")
#: The answer to a question, in the same breath ("Effusion? Yes, small.").
_ANSWERED = re.compile(
    r"(?:\([YyNn]/[YyNn]\)\s*)?(?:[-–—]{1,3}\s*)?(?:A(?:ns(?:wer)?)?\.?\s*[:-]\s*)?"
    r"(?:(?:yes|no|none|nil|y|n|absent|present|possibly|possible|maybe|perhaps|unlikely|likely|"
    r"positive|negative|mild|moderate|small|tiny|trace|minimal|severe|large|resolved|gone|unchanged|"
    r"stable|not (?:seen|present|identified|today|now|any ?more|really|evident|visible|at all))"
    r"(?=\s*(?:[.,;(\n-]|$)|\s+(?:seen|present)\b)"
    r"|(?:bilateral|both|right|left)(?:[ /-]\w+){0,3}(?=\s*(?:[.,;(\n]|$)))",
    re.IGNORECASE,
)
_LEADER = re.compile(r"(?:\.{4,80}|\.(?:[ \t]\.){2,80})[ \t]{0,8}(?=[A-Za-z+-])")
#: Directly after a full stop these show that the sentence goes on ("etc., ", "a.m.-").
_TIGHT = frozenset(",;:/\\-–—)%@+=^~|")


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of a text: ``text[start:end]``, in order, never overlapping or empty.

    A span holds the sentence's own full stop and closing quotes, but no outer white space and no
    list number or bullet before it. All other characters that are not white space are in a span.
    """
    spans: list[tuple[int, int]] = []
    layout: Layout | None = None
    opening = _OPENING.match(text)
    assert opening is not None
    start = position = opening.end()
    expected = next_number(opening.group(1))
    boundary, plain = (_ASCII_BOUNDARY, _ASCII_PLAIN) if text.isascii() else (_BOUNDARY, _PLAIN)
    while True:
        while (match := plain.match(text, position)) is not None:
            end = match.end(1)
            tail = text[end - 3 : end - 1]
            if not tail.isalpha() or (tail in ENDINGS and may_be_clipped(text, end - 1)):
                break
            spans.append((start, end))
            start = position = match.end()
        match = boundary.search(text, position)
        if match is None:
            break
        (at, after), (_, end), (_, next_at), (marker_at, _) = match.regs
        marked = marker_at < after
        char = text[at]
        tail = text[at - 2 : at]
        plain_end = char == "." and at + 1 == end and tail.isalpha()
        if plain_end and ((end < next_at and tail not in ENDINGS) or start < at == len(text) - 1):
            ends = True
        elif char in ".)" and text[at - 1 : at].isdecimal():
            number_at = list_number(text, start, match, expected)
            if number_at is not None:
                # An item of a list whose items do not end in a full stop.
                if number_at > start:
                    spans.append((start, _stripped_end(text, start, number_at)))
                expected = int(text[number_at:at]) + 1
                start = position = next_at
                continue
            ends = char == "." and _digit_ends(text, end, next_at)
        elif char in ".?!…":
            leader = None
            if char == "." and text[at + 1 : at + 3] in ("..", " ."):
                leader = _LEADER.match(text, at)
            if leader is not None:  # dots that lead from a label to its value
                position = leader.end()
                continue
            if at == start and (not spans or _queries(text, at, end)):
                position = end
                continue
            if at == start:  # a stop on its own belongs to the sentence before
                start = spans.pop()[0]
                ends = True
            else:
                ends = _stop_ends(text, start, match)
        elif char in "\n\r":
            layout = layout or Layout(text)
            ends = layout.line_ends(at, next_at, text[marker_at:after], expected)
            if not ends:
                position = next_at
                continue
            end = _stripped_end(text, start, at)
        else:
            ends = char != ")"
            end = _stripped_end(text, start, at) if ends else at + 1
        if not ends:
            position = end
            continue
        if end > start:
            spans.append((start, end))
        if marked:
            expected = next_number(text[marker_at:after]) or expected
        start = position = after
    if start < len(text) and start < (end := _stripped_end(text, start, len(text))):
        spans.append((start, end))
    return divided(text, spans)


def _stripped_end(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip())


def _digit_ends(text: str, end: int, next_at: int) -> bool:
    if next_at == end:
        return _tight_ends(text, end, "")
    return _SPLIT_DECIMAL.match(text, next_at) is None


def _tight_ends(text: str, end: int, word: str) -> bool:
    """Whether a stop ends a sentence though no white space follows it."""
    if end == len(text):
        return True
    following = text[end]
    if following == "/" and len(word) > 3:  # "NO EFFUSION./NO PNEUMOTHORAX."
        return text[end + 1 : end + 2].isupper()
    if following.isupper():  # not inside "P.A."
        return len(word) != 1 and text[end + 1 : end + 2] != "."
    if following.islower():
        match = WORD.match(text, end)
        return (
            len(word) > 3
            and word.isalpha()
            and match is not None
            and text[match.end() : match.end() + 1].isspace()
        )
    return not following.isdecimal() and following not in _TIGHT


def _stop_ends(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether a boundary's stops, which follow no digit, end a sentence."""
    (at, after), (_, end), (_, next_at), (marker_at, _) = match.regs
    if next_at == len(text):
        return True
    following = text[next_at]
    if text[at] == "?":
        if text[at - 1] in _QUERY_BEFORE:  # "?pneumonia", "opacity ? PNA", a query
            return next_at > end and _OPENS.match(text, next_at) is not None
        if _ANSWERED.match(text, next_at):
            return False
    words = text[at - 9 if at - 9 > start else start : at].rsplit(None, 1)
    word = words[-1].lower() if words else ""
    if word[:1] in "([\"'" and word:
        word = word[1:]
    if word in ABBREVIATED or len(word) == 1 or "." in word:
        if text[at] == "." and not abbreviation_ends(text, start, match, word):
            return False
    elif following.islower() and text.startswith(("...", "…"), at):
        return False
    return next_at > end or marker_at < after or _tight_ends(text, end, word)


def _queries(text: str, at: int, end: int) -> bool:
    """Whether a question mark at the start of a sentence asks what follows ("?fracture")."""
    return text[at] == "?" and end < len(text) and text[end].isalpha()
