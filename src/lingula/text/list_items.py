"""The numbers and bullets of list items, told from numbers that belong to a word."""

# ruff: noqa: SIM905 (word lists are easier to read and to extend as running text)

from __future__ import annotations

import re

#: A number or bullet that opens an item, as part of a regular expression.
MARKER = r"(?:\(?\d{1,2}(?:\.\)?|\))(?!\d)|[a-h]\)(?=\s)|[-*–—](?=\s|[A-Z])|[•●▪◦‣■▶►➤➢❖])"
#: Words after which neither a line end nor a number ends a statement.
OPEN_END = frozenset(
    "a an and are as at be been between but by can could for from has have if in into is its may "
    "might no nor of on or over per should than that the their there this to under versus vs was "
    "were which while who will with without would".split()
)
#: After these a number is the word's own ("ribs 1 and 2."), not that of a list item.
NUMBERED = OPEN_END | frozenset(
    "day days grade image images level levels lead lobe number post rib ribs segment segments "
    "series stage station step through type zone zones".split()
)


def next_number(marker: str) -> int:
    """The number that the next list item should have; 0 after a bullet."""
    digits = "".join(char for char in marker if char.isdecimal())
    return int(digits) + 1 if digits else 0


def list_number(text: str, start: int, match: re.Match[str], expected: int) -> int | None:
    """Where the number before a boundary's stop starts, if it opens a list item."""
    (at, _), (_, end), (_, next_at), _ = match.regs
    number_at = at - 1
    while number_at > start and at - number_at < 3 and text[number_at - 1].isdecimal():
        number_at -= 1
    if text[at + 1 : end] not in ("", ")") or at - number_at > 2:
        return None
    if text[at + 1 : at + 2].isdecimal():
        return None
    if number_at == start:
        return number_at
    number = int(text[number_at:at])
    opens_list = number == 1 and text[number_at - 1] == ":" and text[number_at - 2].isalpha()
    if (
        not (opens_list or text[number_at - 1].isspace())
        or next_at == len(text)
        or number not in (1, expected)
    ):
        return None
    words = text[max(start, number_at - 20) : number_at].split()
    if not words or number != expected:
        return number_at if words and words[-1].endswith(":") else None
    last = words[-1].lower()
    return None if last in NUMBERED or last.endswith((",", "-", "/")) else number_at
