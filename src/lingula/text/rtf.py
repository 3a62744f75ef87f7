r"""The text of a report in RTF, with a way back.

Control words, groups and escapes as the Rich Text Format Specification 1.9.1 (Microsoft 2008)
defines them; only what a report needs: ``\par``, ``\line`` and ``\tab``, ``\'xx`` in
Windows-1252, ``\uN`` with what stands for it, and groups that hold no text of the document.
"""

from __future__ import annotations

import re

from lingula.text.reading import Reading, replaced

_TOKEN = re.compile(
    r"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})?[ ]?"
    r"|\\'(?P<byte>[0-9a-fA-F]{2})"
    r"|\\(?P<sign>[^a-zA-Z])"
    r"|(?P<brace>[{}])"
    r"|(?P<end>[\r\n]+)"
)
#: Groups whose text is not the document's.
_HIDDEN = frozenset(
    (
        *("fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer"),
        *("headerl", "headerr", "footerl", "footerr", "listtable", "listoverridetable", "rsidtbl"),
        *("generator", "themedata", "datastore", "latentstyles", "xmlnstbl", "fldinst"),
    )
)
_WORDS = {
    **dict.fromkeys(("par", "line", "row", "sect", "page"), "\n"),
    **dict.fromkeys(("tab", "cell"), "\t"),
    **{"emdash": "-", "endash": "-", "lquote": "'", "rquote": "'"},
    **{"ldblquote": '"', "rdblquote": '"', "bullet": "-"},
}
_SIGNS = {"~": " ", "_": "-", "-": "", "\n": "\n", "\r": "\n"}


def read_rtf(text: str) -> Reading | None:
    """The reading of an RTF document; None for a text that is none."""
    if not text.lstrip().startswith("{\\rtf"):
        return None
    edits: list[tuple[int, int, str]] = []
    hidden: list[bool] = []
    shown_from = skip = 0
    starred = False
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if start < shown_from:
            continue
        is_hidden = bool(hidden and hidden[-1])
        if start > shown_from and is_hidden:
            edits.append((shown_from, start, ""))
        elif start > shown_from and skip:  # what old readers show for \uN
            taken = min(skip, start - shown_from)
            edits.append((shown_from, shown_from + taken, ""))
            skip = 0
        new = ""
        if brace := match["brace"]:
            if brace == "{":
                hidden.append(is_hidden)
            elif hidden:
                hidden.pop()
            starred, skip = False, 0
        elif word := match["word"]:
            if hidden and (starred or word in _HIDDEN):
                hidden[-1] = is_hidden = True
            starred = False
            new = _WORDS.get(word, "")
            if word == "u" and match["number"]:
                new, skip = _character(int(match["number"]) & 0xFFFF), 1
        elif byte := match["byte"]:
            if not skip:
                new = bytes([int(byte, 16)]).decode("cp1252", errors="replace")
            skip = 0
        elif sign := match["sign"]:
            starred = sign == "*"
            new = "" if starred else _SIGNS.get(sign, sign)
        edits.append((start, end, "" if is_hidden else new))
        shown_from = end
    return replaced(text, edits)


def _character(code: int) -> str:
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else chr(code)
