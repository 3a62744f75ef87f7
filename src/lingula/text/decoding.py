r"""Text as it was meant: entities, tags, escaped line ends, RTF, odd characters, wrong encodings.

Exports carry what a program or a format put in: ``&amp;`` (its semicolon would end a clause),
``<br>``, a literal ``\n``, HL7's ``\.br\``, Excel's ``_x000D_``, no-break and zero-width spaces,
ligatures, curly apostrophes, and UTF-8 that was read as Windows-1252 ("â€™"). All are undone where
nothing else can be meant, with a way back to the text as given.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace

from lingula.text.reading import Reading, replaced, unchanged
from lingula.text.rtf import read_rtf

#: Passes over a text: what one undoes may show another (``&lt;br&gt;``).
_MOST_PASSES = 3

_ODD = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\xad\u034f\u061c\u1680\u180e\u2000-\u2012\u2018-\u201f"
    "\u2028-\u202f\u2032\u205f-\u206f\u2212\u3000\ufb00-\ufb06\ufeff\uff01-\uff5e\ufffe\uffff"
)
#: What UTF-8's bytes from 0x80 are in Windows-1252; its five gaps are control characters.
_CP1252 = {
    bytes([value]).decode("cp1252", errors="replace").replace("\ufffd", chr(value)): value
    for value in range(0x80, 0x100)
}
_LEADS = "".join(char for char, value in _CP1252.items() if 0xC2 <= value <= 0xF4)
_TRAILS = re.escape("".join(char for char, value in _CP1252.items() if value < 0xC0))
_GONE = "\xad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufffe\uffff"
_LINE_ENDS = "\x0b\x0c\x85\u2028\u2029"
_LETTERS = ("ff", "fi", "fl", "ffi", "ffl", "st", "st")
#: Ligatures: one character for several.
_LONGER = {
    chr(0xFB00 + at): letters
    for at, letters in enumerate(["ff", "fi", "fl", "ffi", "ffl", "st", "st"])
}
_ENCODED = f"[{_LEADS}][{_TRAILS}]{{1,3}}"

_BLOCK = "br|p|div|li|ul|ol|tr|td|th|table|tbody|thead|hr|h[1-6]|section|pre|body|html|head|title"
_INLINE = "b|i|u|em|strong|span|font|small|big|sup|sub|a|code|tt|center|s|strike|img|meta|link"
_ESCAPE = re.compile(
    rf"&(?:amp;){{0,3}}(?P<entity>#\d{{1,7}}|#[xX][0-9a-fA-F]{{1,6}}|[A-Za-z][A-Za-z0-9]{{1,31}});"
    rf"|<(?P<dropped>script|style)\b[^<>]{{0,200}}>[^<]{{0,2000}}</(?P=dropped)>"
    rf"|</?(?P<block>{_BLOCK})(?:\s[^<>]{{0,400}})?/?>"
    rf"|</?(?P<inline>{_INLINE})(?:\s[^<>]{{0,400}})?/?>"
    r"|<!--(?P<comment>[^<>]{0,400})-->"
    r"|\\(?P<hl7>\.br|\.sp|(?-i:T)|X0[DdAa])\\"
    r"|(?P<escaped>(?:\\{1,2}r\\{1,2}n|\\{1,2}[nrt]){1,200})"
    r"|_x000(?P<excel>[DdAa9])_"
    rf"|(?P<mojibake>(?:{_ENCODED}){{1,200}})"
    r"|(?P<hl7_line>(?<=[^\s~])~+(?=[A-Z]))"
    r"|\\(?P<block_rtf>pard?|line)\b[ ]?|(?P<star>(?<=\w) \*(?=[A-Z]))"
    r'|(?P<json>"\s{0,9},\s{0,9}"(?=[A-Za-z][\w -]{0,40}"\s{0,9}:))'
    rf"|(?P<odd>[{''.join(_LONGER)}{_GONE}])",
    re.IGNORECASE,
)
#: Cheap first looks: a text without any of these is as it was meant.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SUSPECT = re.compile(f"[{_ODD}{_LEADS}]")
_UNIT = re.compile(r"\\{1,2}r\\{1,2}n|\\{1,2}[nrt]")
_ENCODED_UNIT = re.compile(_ENCODED)
_PATH = re.compile(r"[A-Za-z]:\\|\\\\")

_QUOTES = {
    **{ord(char): "'" for char in "\u2018\u2019\u201a\u201b\u2032"},
    **{ord(char): '"' for char in "\u201c\u201d\u201e\u201f"},
    **{ord(char): "-" for char in "\u2010\u2011\u2012\u2212"},
    **{0xFF01 + at: chr(0x21 + at) for at in range(94)},
}
#: What one odd character stands for: line ends, spaces, quotes, hyphens, wide letters.
_ONE_FOR_ONE = {
    code: _QUOTES.get(code, "\n" if chr(code) in _LINE_ENDS else " ")
    for code in (*range(0x20), *range(0x7F, 0xA1), *range(0x1680, 0x1681), *range(0x2000, 0x3001),
                 *range(0xFF01, 0xFF5F))
    if chr(code) not in _GONE and re.match(f"[{_ODD}]", chr(code))
}  # fmt: skip


def decode(text: str) -> Reading:
    """The text as it was meant, and where its characters stand in the text as given.

    Args:
        text: A report or a part of one. Text that holds nothing to undo comes back as it is.
    """
    if not _is_suspect(text):
        return unchanged(text)
    reading = read_rtf(text) or unchanged(text)
    for _ in range(_MOST_PASSES):
        edits = list(_edits(reading.text))
        if not edits:
            break
        reading = reading.then(replaced(reading.text, edits))
    plain = reading.text.translate(_ONE_FOR_ONE)
    return reading if plain == reading.text else replace(reading, text=plain, whole=False)


def decoded(text: str) -> str:
    """The text that ``decode`` gives, without the way back; faster where nothing is to undo."""
    return decode(text).text if _is_suspect(text) else text


def _is_suspect(text: str) -> bool:
    if (
        "&" in text
        or "<" in text
        or " *" in text
        or "\\" in text
        or "~" in text
        or '":' in text
        or "_x000" in text
    ):
        return True
    return (_CONTROL if text.isascii() else _SUSPECT).search(text) is not None


def _edits(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _ESCAPE.finditer(text):
        new = _meant(text, match)
        if new is not None and new != match.group():
            yield match.start(), match.end(), new


def _meant(text: str, match: re.Match[str]) -> str | None:
    """What stands for a match; None to leave it."""
    kind, written = match.lastgroup, match.group()
    if kind == "entity":
        entity = f"&{match['entity']};"
        found = html.unescape(entity)
        return None if found == entity else "".join(map(_plain, found))
    if kind == "odd":
        return _plain(written)
    if kind == "mojibake":
        return _ENCODED_UNIT.sub(_utf8, written)
    if kind == "escaped":
        # "C:\new" is a path.
        low, at = max(match.start() - 80, 0), match.start()
        start = max(text.rfind(" ", low, at), text.rfind("\n", low, at), low - 1) + 1
        return None if _PATH.match(text, start) else _UNIT.sub(_unescaped, written)
    if kind == "hl7":
        return "&" if written[1] in "Tt" else "\n"
    if kind == "excel":
        return "\t" if match["excel"] == "9" else "\n"
    if kind == "hl7_line":
        return "\n" if written.isupper() or match.string[match.end()].isupper() else None
    return "\n" if kind in ("block", "dropped", "json", "block_rtf", "star") else ""


def _plain(char: str) -> str:
    if char in _GONE:
        return ""
    return _LONGER.get(char) or char


def _unescaped(match: re.Match[str]) -> str:
    return "\t" if match.group().endswith("t") else "\n"


def _utf8(match: re.Match[str]) -> str:
    """The character whose UTF-8 bytes were read as Windows-1252, with what follows it."""
    written = match.group()
    data = bytes(_CP1252[char] for char in written)
    for size in range(len(data), 1, -1):
        try:
            found = data[:size].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return "".join(map(_plain, found)) + written[size:]
    return written
