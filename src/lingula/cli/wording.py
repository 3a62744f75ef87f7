"""Numbers with their nouns."""

from __future__ import annotations


def counted(number: int, one: str, many: str | None = None) -> str:
    """ "1 row", "2 rows", "0 rows"; thousands have commas."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
