# ruff: noqa: SIM905 (word lists are easier to read and to extend as running text)
"""Sections of a radiology report, and the text of some of them with a way back to the source.

Headers are found in any case, with or without a colon, on their own line or in line, single
("IMPRESSION:") or combined ("FINDINGS AND IMPRESSION:"). Text that no header names is looked at
too, because many reports, MIMIC-CXR's among them, put the reading itself there: before the first
header, or in a paragraph of its own after "COMPARISON: ...".

The order of preference when a wanted section is missing follows MIMIC-CXR's own practice
(Johnson et al., Scientific Data 2019): the other reading section, the unlabeled paragraphs, and
at last the comparison, where some radiologists go on to read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lingula.errors import InputError

#: The canonical names. "findings+impression" is the name of a combined section, which counts as
#: both; an empty name is text without a header of its own.
SECTION_NAMES = (
    "findings",
    "impression",
    "indication",
    "comparison",
    "technique",
    "examination",
    "recommendation",
    "notification",
    "addendum",
    "wet read",
)
#: What is labeled unless other sections are asked for.
DEFAULT_SECTIONS = ("findings", "impression")

_BOTH = "findings+impression"
_BODY = ""
_VIEW = "view"
_READING = frozenset({"findings", "impression", _BOTH})
#: Sections of one paragraph: what stands below a blank line is the report's body.
_SHORT = frozenset({"indication", "comparison", "technique", "examination"})

_HEADERS: dict[str, tuple[str, ...]] = {
    "findings": ("findings", "finding", "narrative"),
    "impression": (
        *("impression", "impressions", "conclusion", "conclusions", "summary", "opinion"),
        *("overall impression", "final impression"),
    ),
    _BOTH: (
        *("findings and impression", "findings & impression", "findings/impression"),
        *("findings / impression", "impression and findings", "impression/findings"),
        *("findings and conclusion", "provisional findings impression", "interpretation"),
    ),
    "indication": (
        *("indication", "indications", "history", "clinical history", "clinical indication"),
        *("clinical information", "clinical info", "clinical details", "clinical data"),
        *("patient history", "medical history", "reason", "reason for exam"),
        *("reason for examination", "reason for study", "reason for the exam"),
        *("reason for the examination", "reason for this exam", "reason for this examination"),
        *("indication for exam", "indication for examination", "indication for study"),
        *("clinical question", "history/indication", "indication/history"),
    ),
    "comparison": (
        *("comparison", "comparisons", "comparison exam", "comparison exams", "comparison study"),
        *("comparison studies", "comparison film", "comparison films", "prior studies"),
        *("comparison examination", "prior study", "prior exams", "reference exam"),
    ),
    "technique": ("technique", "techniques", "projection", "views"),
    "examination": (
        *("examination", "exam", "study", "procedure", "type of exam", "type of examination"),
        *("exam type", "study type", "exam description"),
    ),
    "recommendation": ("recommendation", "recommendations"),
    "notification": ("notification", "notifications", "communication"),
    "addendum": ("addendum", "addenda", "final addendum"),
    "wet read": ("wet read", "wetread", "preliminary report", "preliminary read"),
    _BODY: ("final report", "report"),
}
_NAMES = {header: name for name, headers in _HEADERS.items() for header in headers}
#: Common words too: headers only where a line starts.
_LINE_ONLY = frozenset("report procedure narrative summary opinion interpretation views".split())
#: Common words too: never headers without a colon, unless alone on the line.
_COLON_ONLY = _LINE_ONLY | frozenset("history reason projection exam study finding".split())


def _any_of(headers: Iterable[str]) -> str:
    """A pattern for any header, the longest first, grouped by first letter for speed."""
    groups: dict[str, list[str]] = {}
    for header in sorted(headers, key=len, reverse=True):
        rest = re.escape(header[1:]).replace(r"\ ", r"[ \t]{1,4}")
        groups.setdefault(header[0], []).append(rest)
    return "|".join(f"{letter}(?:{'|'.join(rests)})" for letter, rests in groups.items())


#: A header's name at the start of a line; Markdown's decoration may stand before it.
_LINE_START = re.compile(
    rf"\n[^\S\n]*(?:[*#>]{{1,6}}[^\S\n]*)?({_any_of(_NAMES)})(?![\w/])", re.IGNORECASE
)
#: A line in capitals that may be a title.
_CAPITAL_LINE = re.compile(r"\n[^\S\n]*([A-Z][A-Z0-9 ,:/().&_#-]{3,90})(?=\n|\Z)")
_PARENTHESIS = r"(?:[ \t]*\([^()\n]{0,40}\))?"
_COLON_NEXT = re.compile(rf"{_PARENTHESIS}[ \t*_]{{0,6}}[:]")
_ALONE = re.compile(rf"{_PARENTHESIS}[ \t*#]{{0,40}}(?=\n|\Z)")
_DASH_NEXT = re.compile(r"[ \t]{1,4}[-–—]{1,2}(?=\s)")
_TITLE_NEXT = re.compile(r"[ \t]{1,20}(?=[A-Z][a-z]|A |\d{1,2}[.)]\s|[-*•]\s?[A-Z])")
#: In a text of capitals the next word must tell ("FINDINGS THE LUNGS", not "FINDINGS ARE").
_CAPITALS_NEXT = re.compile(
    r"[ \t]{1,20}(?=(?:THE|THERE|NO|HEART|LUNGS|CARDIAC|CARDIOMEDIASTINAL|STABLE|CLEAR|SMALL|MILD"
    r"|LEFT|RIGHT|BILATERAL|LOW|INTERVAL|NORMAL|NEGATIVE|UNREMARKABLE|NONE)\b|\d{1,2}[.)]\s)"
)
#: Who read when: "WET READ: ___ ___ 9:22 PM", "WET READ VERSION #1 ...".
_STAMP = re.compile(r"[^\n]{0,80}\b[AP]M\b(?:[^\S\n]*(?=\n|\Z))?|[^\n]{0,40}VERSION[^\n]{0,80}")

_BEFORE_COLON = frozenset(" \t)*_.")
_NOT_PHRASE = re.compile(r"[^A-Za-z/&\s]")
_MIXED_CASE = re.compile(r"[A-Z][a-z]")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_WORD = re.compile(r"\w")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
#: Before these words a header's name is part of a sentence.
_LEADS_IN = frozenset("the these this those following above of and with no other end".split())
#: Words of a title line such as "PORTABLE CHEST RADIOGRAPH, ___ AT 5:42 A.M.".
_TITLE_WORDS = frozenset(
    "chest cxr radiograph radiographs radiography film films view views xray ray rays examination "
    "exam study series portable semi erect upright supine decubitus frontal lateral lat ap pa and "
    "or of the single one two three only image images at on in dated date am pm hours hrs for from "
    "with to as compared comparison performed obtained final report rib ribs xxxx a an".split()
)
_TITLE_KEYS = frozenset(
    "chest cxr radiograph radiographs radiography film films view views report".split()
)


@dataclass(frozen=True)
class Section:
    """One section of a report; offsets are counts of characters into the text as given.

    Attributes:
        name: One of ``SECTION_NAMES``, "findings+impression", or "" for text without a header.
        header_start: First character of the header; equals ``start`` where there is none.
        start: First character of the content, white space left out.
        end: One past the content's last character; equals ``start`` for an empty section.
    """

    name: str
    header_start: int
    start: int
    end: int


@dataclass(frozen=True)
class Piece:
    """A run of characters of the source inside a selection.

    Attributes:
        start: First character in the source.
        end: One past the last in the source.
        offset: Where the run starts in the selection's text.
    """

    start: int
    end: int
    offset: int


@dataclass(frozen=True)
class Selection:
    """The text of the selected sections, and where each character came from.

    Attributes:
        text: The pieces in the order of the source, joined by one newline; by a blank line where
            a piece ends without a full stop, so that no sentence runs from one into the next.
        pieces: Where they came from; none when nothing was selected.
    """

    text: str
    pieces: tuple[Piece, ...]

    def to_source(self, offset: int) -> int:
        """The offset in the source of an offset in ``text``; ``len(text)`` is allowed.

        Raises:
            ValueError: If the offset is negative or past the end.
        """
        if not 0 <= offset <= len(self.text):
            raise ValueError(f"offset {offset} is outside the selected text")
        if not self.pieces:
            return 0
        position = bisect_right(self.pieces, offset, key=_offset) - 1
        piece = self.pieces[position]
        return min(piece.start + offset - piece.offset, piece.end)


def find_sections(text: str) -> list[Section]:
    """The sections of a report, in their order, with empty ones and repeats.

    A report without any header is one section with an empty name. Titles ("PORTABLE CHEST, ___"),
    and other text before the first header that holds no sentence, belong to no section.
    """
    lines = text
    if "\r" in text:  # same length, one kind of line end
        lines = text.replace("\r\n", " \n").replace("\r", "\n")
    headers = _headers(lines.replace("：", ":"))
    if not headers:
        start, end = _stripped(text, 0, len(text))
        return [Section(_BODY, start, start, end)] if end > start else []
    sections: list[Section] = []
    if _is_body(lines, 0, headers[0][0]):
        start, end = _stripped(text, 0, headers[0][0])
        sections.append(Section(_BODY, start, start, end))
    has_findings = any("findings" in name for _, _, name in headers)
    limits = [*(header_start for header_start, _, _ in headers[1:]), len(text)]
    for (header_start, content, name), limit in zip(headers, limits, strict=True):
        start, end = _stripped(text, min(content, limit), limit)
        if name == _VIEW:
            reads = not has_findings and _is_body(lines, start, end)
            name = "findings" if reads else "examination"  # noqa: PLW2901
        if name == _BODY and not _is_body(lines, start, end):
            continue
        rest = _BLANK_LINE.search(lines, start, end) if name in _SHORT else None
        if rest is not None and _is_body(lines, rest.end(), end):
            sections.append(Section(name, header_start, *_stripped(text, start, rest.start())))
            body_start, body_end = _stripped(text, rest.end(), end)
            sections.append(Section(_BODY, body_start, body_start, body_end))
        else:
            sections.append(Section(name, header_start, start, end))
    return sections


def select_sections(text: str, names: Sequence[str] = DEFAULT_SECTIONS) -> Selection:
    """The text of the named sections, all pieces of each, in the order of the source.

    A combined section counts as both. Text without a header stands for missing findings. When
    findings or impression are wanted and neither they nor such text is there, the other of the two
    is taken, then a wet read, an addendum, and the comparison. A report with no header is taken
    whole, as it is.

    Args:
        text: The report.
        names: Some of ``SECTION_NAMES``, in any case, or another header for the same
            ("conclusion", "history").

    Raises:
        InputError: If a name is unknown or none is given.
    """
    wanted = _wanted(tuple(names))
    sections = find_sections(text)
    reading = bool(wanted & _READING)
    if (
        len(sections) == 1
        and not sections[0].name
        and sections[0].header_start == sections[0].start
    ):
        only = sections[0]
        if reading and not (text[: only.start].strip() or text[only.end :].strip()):
            return Selection(text, (Piece(0, len(text), 0),))
    filled = [section for section in sections if section.end > section.start]
    chosen = _named(filled, wanted)
    if "findings" in wanted:
        if not any("findings" in section.name for section in chosen):
            chosen += _named(filled, (_BODY,))
        elif [section.name for section in sections[:2]] == [_BODY, "impression"]:
            chosen.append(sections[0])  # findings without a header, and an addendum with one
    if reading:
        fallbacks = (DEFAULT_SECTIONS, (_BODY,), ("wet read",), ("addendum",), ("comparison",))
        for fallback in fallbacks:
            chosen = chosen or _named(filled, fallback)
    return _select(text, sorted((section.start, section.end) for section in chosen))


def _offset(piece: Piece) -> int:
    return piece.offset


def _named(sections: Iterable[Section], names: Iterable[str]) -> list[Section]:
    names = set(names)
    return [section for section in sections if names & set(section.name.split("+"))]


@lru_cache(maxsize=64)
def _wanted(names: tuple[str, ...]) -> frozenset[str]:
    wanted: set[str] = set()
    for name in names:
        for part in " ".join(name.casefold().split()).split("+"):
            part = part.strip()  # noqa: PLW2901
            canonical = part if part in SECTION_NAMES else _NAMES.get(part)
            if not canonical:
                raise InputError(
                    f"there is no section {name!r}: name some of {', '.join(SECTION_NAMES)}"
                )
            wanted.update(canonical.split("+"))
    if not wanted:
        raise InputError(f"no section is named: name some of {', '.join(SECTION_NAMES)}")
    return frozenset(wanted)


def _select(text: str, spans: Sequence[tuple[int, int]]) -> Selection:
    pieces: list[Piece] = []
    parts: list[str] = []
    offset = 0
    for start, end in spans:
        if pieces:
            separator = "\n" if text[pieces[-1].end - 1] in ".?!" else "\n\n"
            parts.append(separator)
            offset += len(separator)
        pieces.append(Piece(start, end, offset))
        parts.append(text[start:end])
        offset += end - start
    return Selection("".join(parts), tuple(pieces))


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without outer white space and decoration, and without rules ("_____") below it."""
    content = text[start:end].rstrip()
    right = len(content.rstrip(" \t\r\n_=-*#"))
    below = content.find("\n", right)
    # What is left on the last line itself can be a mask: "compared with ___".
    last = content[:below] if below >= 0 else content
    right = len(last.rstrip().rstrip("*#").rstrip())
    left = len(content) - len(content.lstrip().lstrip("*:").lstrip())
    if not _WORD.search(content, left, right):
        return start, start
    return start + left, start + right


def _is_body(lines: str, start: int, end: int) -> bool:
    """Whether text without a header reads like a report: no title, and more than a few words."""
    content = lines[start:end].strip()
    words = [word.lower() for word in _LETTERS.findall(content)]
    if len(words) < 2 or all(word in _TITLE_WORDS for word in words):
        return False
    return len(words) > 7 or content.rstrip("_ \n").endswith((".", "?", "!")) or ". " in content


def _headers(lines: str) -> list[tuple[int, int, str]]:
    """(start of the header, start of its content, name) of every header, in order."""
    found: list[tuple[int, int, str]] = []
    mixed = _MIXED_CASE.search(lines) is not None
    colon = -1
    while (colon := lines.find(":", colon + 1)) >= 0:
        before = lines[colon - 1 : colon]
        if before.isalpha() or before in _BEFORE_COLON:
            hit = _before_colon(lines, colon, mixed)
            if hit is not None:
                found.append(hit)
    first = _LINE_START.match("\n" + lines[:200])  # the pattern starts with a line break
    hits = [] if first is None else [(first.start(1) - 1, first.end(1) - 1)]
    hits += (match.span(1) for match in _LINE_START.finditer(lines))
    for start, end in hits:
        content = _without_colon(lines, start, end, mixed)
        if content is not None:
            found.append((start, content, _NAMES[_key(lines[start:end])]))
    if "\n" in lines:
        for match in _CAPITAL_LINE.finditer(lines):
            if _key(match.group(1)) not in _NAMES and _is_title(match.group(1)):
                found.append((*match.span(1), _VIEW))
    found.sort()
    return _settled(lines, found)


def _settled(lines: str, found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The headers without titles that stand inside a reading or over another header."""
    kept: list[tuple[int, int, str]] = []
    for start, content, name in found:
        if name == _VIEW and kept and (kept[-1][2] in _READING or start < kept[-1][1]):
            continue
        if kept and kept[-1][2] == _VIEW and start < kept[-1][1]:
            kept.pop()
        if name == "wet read" and (stamp := _STAMP.match(lines, content)):
            content = stamp.end()  # noqa: PLW2901
        kept.append((start, content, name))
    return kept


def _key(header: str) -> str:
    return " ".join(header.lower().split())


def _before_colon(lines: str, colon: int, mixed: bool) -> tuple[int, int, str] | None:
    """The header that ends at a colon, if one does."""
    low = max(0, colon - 80)
    window = lines[low:colon].rstrip(" \t*_")
    if window.endswith(")"):
        window = window[: window.rfind("(")].rstrip() if "(" in window else window
    phrase = _NOT_PHRASE.split(window)[-1]
    words = phrase.split()[-5:]
    for count in range(len(words), 0, -1):
        name = _NAMES.get(" ".join(words[-count:]).lower())
        if name is not None:
            break
    else:
        return _view(lines, colon)
    at = len(window)
    for word in reversed(words[-count:]):
        at = window.rfind(word, 0, at)
    start = low + at
    if _opens(lines, start, words[-count:], words[:-count], mixed):
        content = colon + 1
        return start, content, name
    return None


def _opens(
    lines: str, start: int, header: Sequence[str], before: Sequence[str], mixed: bool
) -> bool:
    """Whether a header's name before a colon is a header where it stands."""
    gap = lines[max(0, start - 40) : start]
    line_start = not gap.rpartition("\n")[2].strip(" \t*#>•-") and (
        "\n" in gap or start <= len(gap)
    )
    if before and before[-1].lower() in _LEADS_IN and (not line_start or header[0].islower()):
        return False
    if " ".join(header).lower() in _LINE_ONLY and not line_start:
        return False
    if header[0][0].isupper():
        return True
    # In lower case only where a sentence could start.
    return _is_fresh(lines, start) or (line_start and not mixed)


def _is_fresh(lines: str, start: int) -> bool:
    """Whether what stands before is over: a stop, a blank line, or nothing."""
    gap = lines[max(0, start - 80) : start]
    before = gap.rstrip(" \t\n*#>")
    return not before or before[-1] in ".:;?!)_=-" or gap[len(before) :].count("\n") > 1


def _without_colon(lines: str, start: int, end: int, mixed: bool) -> int | None:
    """Where the content starts after a header without a colon; None if it is no header."""
    if _COLON_NEXT.match(lines, end):
        return None
    header = lines[start:end]
    key = _key(header)
    upper = header.isupper()
    if alone := _ALONE.match(lines, end):
        safe = mixed if upper else header[0].isupper()
        return alone.end() if safe or _is_fresh(lines, start) else None
    if not upper:
        return None
    if _NAMES[key] in ("wet read", "addendum") or key == "final report":
        return end
    if key in _COLON_ONLY:
        return None
    if match := _DASH_NEXT.match(lines, end) or (_TITLE_NEXT.match(lines, end) if mixed else None):
        return match.end()
    if not mixed and _NAMES[key] in _READING and (match := _CAPITALS_NEXT.match(lines, end)):
        return match.end() if _is_fresh(lines, start) or "\n" in lines[start - 1 : start] else None
    return None


def _view(lines: str, colon: int) -> tuple[int, int, str] | None:
    """A line's start such as "PORTABLE AP CHEST RADIOGRAPH, ___:", which can head the reading."""
    low = max(0, colon - 100)
    start = lines.rfind("\n", low, colon) + 1
    if start == 0 and low > 0:
        return None
    line = lines[start:colon]
    if not line.isupper() or not _is_title(line):
        return None
    return start + len(line) - len(line.lstrip()), colon + 1, _VIEW


def _is_title(line: str) -> bool:
    words = {word.lower() for word in _LETTERS.findall(line)}
    return bool(words & _TITLE_KEYS) and words <= _TITLE_WORDS and line.rstrip()[-1] != ":"
