"""Names that teams chose, made harmless: no control, no change of direction, no end."""

from __future__ import annotations

import unicodedata

#: Characters of a name that are shown; a board is read by rows.
SHOWN_CHARACTERS = 60
#: Unicode categories that steer a display instead of being seen: controls, formats (bidirectional
#: ones too), surrogates, private and unassigned ones, line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: Marks on one character; more of them run over other lines.
_MOST_MARKS = 3


def harmless(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """A name as it is shown: on one line, with what cannot be seen replaced, cut where it is long.

    Escaping for a page is the documents' own work.
    """
    out: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text[: 4 * most]):
        kind = unicodedata.category(character)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if marks > _MOST_MARKS:
            continue
        out.append("\N{REPLACEMENT CHARACTER}" if kind in _UNSEEN else character)
    shown = " ".join("".join(out).split())
    return shown if len(shown) <= most and len(text) <= 4 * most else shown[: most - 1] + "…"
