"""Closed classes of tokens that several rules ask for."""

from __future__ import annotations

#: Finite forms of "be".
BE = frozenset({"is", "are", "was", "were"})
#: These end what a word before them can speak of.
NEW_STATEMENT = frozenset({",", ";", "and", "but", "."})
#: Projections of a radiograph, by the words that both of their readers know.
VIEWS = frozenset({"lateral", "frontal", "pa", "oblique"})
#: Dashes as they are typed.
DASHES = frozenset({"-", "--", "---", "–", "—"})
