"""Numbers with their nouns, and errors of one line that no terminal takes for a command."""

from __future__ import annotations

import unicodedata

#: Characters of an error at most: a value of a table that it quotes may be as long as it likes.
ERROR_CHARACTERS = 900


def counted(number: int, one: str, many: str | None = None) -> str:
    """ "1 row", "2 rows", "0 rows"; thousands have commas."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def one_line(message: str) -> str:
    """A message without line breaks and control characters, its middle left out if it is long."""
    shown = "".join(map(_visible, " ".join(message.splitlines())))
    if len(shown) <= ERROR_CHARACTERS:
        return shown
    end = ERROR_CHARACTERS // 3
    left_out = len(shown) - 3 * end
    return f"{shown[: 2 * end]} ... ({left_out:,} characters) ... {shown[-end:]}"


def _visible(character: str) -> str:
    # Cc: control characters. Cf: marks of direction and the like. Cs: halves of surrogate pairs.
    if unicodedata.category(character) in ("Cc", "Cf", "Cs"):
        return character.encode("unicode_escape").decode()
    return character
