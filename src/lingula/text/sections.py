"""Sections of a radiology report, and the text of some of them with a way back to the source.

Headers are found in any case, with or without a colon, on their own line or in line, single
("IMPRESSION:") or combined ("FINDINGS AND IMPRESSION:"). Text that no header names is looked at
too, because many reports, MIMIC-CXR's among them, put the reading itself there: before the first
header, or in a paragraph of its own after "COMPARISON: ...".

The order of preference when a wanted section is missing follows MIMIC-CXR's own practice
(Johnson et al., Scientific Data 2019): the other reading section, then the unlabeled paragraphs;
never the comparison or the indication.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lingula.errors import InputError
from lingula.text.decoding import decode
from lingula.text.header_names import BODY, SECTION_OF
from lingula.text.headers import READING, VIEW, find_headers
from lingula.text.reading import Piece, Reading
from lingula.text.section_ends import is_body, short_end

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

#: Sections of one paragraph: what stands below a blank line is the report's body.
_SHORT = frozenset({"indication", "comparison", "technique", "examination"})
_WORD = re.compile(r"\w")
_ADDENDUM = re.compile(r"addend|amend|corrigend|supplementary", re.IGNORECASE)


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


def find_sections(text: str) -> list[Section]:
    """The sections of a report, in their order, with empty ones and repeats.

    A report without any header is one section with an empty name. Titles ("PORTABLE CHEST, ___"),
    and other text before the first header that holds no sentence, belong to no section. Text is
    read as ``lingula.text.decode`` reads it; offsets point into the text as given.
    """
    decoded = decode(text)
    sections = _sections(decoded.text)
    if decoded.whole:
        return sections
    return [
        Section(
            section.name,
            decoded.to_source(section.header_start),
            *decoded.span(section.start, section.end),
        )
        for section in sections
    ]


def _sections(text: str) -> list[Section]:
    lines = text
    if "\r" in text:  # same length, one kind of line end
        lines = text.replace("\r\n", " \n").replace("\r", "\n")
    headers = find_headers(lines.replace("：", ":"))
    if not headers:
        start, end = _stripped(text, 0, len(text))
        return [Section(BODY, start, start, end)] if end > start else []
    sections: list[Section] = []
    if is_body(lines, 0, headers[0][0]):
        start, end = _stripped(text, 0, headers[0][0])
        sections.append(Section(BODY, start, start, end))
    has_findings = any("findings" in name for _, _, name in headers)
    limits = [*(header_start for header_start, _, _ in headers[1:]), len(text)]
    for (header_start, content, name), limit in zip(headers, limits, strict=True):
        start, end = _stripped(text, min(content, limit), limit)
        if name == VIEW:
            reads = not has_findings and is_body(lines, start, end)
            name = "findings" if reads else "examination"  # noqa: PLW2901
        if name == BODY and not is_body(lines, start, end):
            continue
        cut, rest_name = short_end(lines, start, end) if name in _SHORT else (end, BODY)
        if cut < end:
            sections.append(Section(name, header_start, *_stripped(text, start, cut)))
            body_start, body_end = _stripped(text, cut, end)
            sections.append(Section(rest_name, body_start, body_start, body_end))
        else:
            sections.append(Section(name, header_start, start, end))
    return sections


def select_sections(text: str, names: Sequence[str] = DEFAULT_SECTIONS) -> Reading:
    """The text of the named sections, all pieces of each, in the order of the source.

    The pieces are joined by one newline; by a blank line where one ends without a full stop, so
    that no sentence runs from one into the next.

    A combined section counts as both. Text without a header stands for missing findings. When
    findings or impression are wanted and neither they nor such text is there, the other of the two
    is taken, then a wet read or an addendum; never the comparison or the indication. A report
    with no header is taken whole, as it is.

    Args:
        text: The report.
        names: Some of ``SECTION_NAMES``, in any case, or another header for the same
            ("conclusion", "history").

    Raises:
        InputError: If a name is unknown or none is given.
    """
    return choose_sections(text, names)[0]


def choose_sections(text: str, names: Sequence[str] = DEFAULT_SECTIONS) -> tuple[Reading, bool]:
    """What ``select_sections`` gives, and whether the report lacks all that was named.

    A report lacks the named sections if it has headers, but none of these with a text below it.

    Raises:
        InputError: If a name is unknown or none is given.
    """
    decoded = decode(text)
    spans, lacking = _selected(decoded.text, names)
    if spans is None:
        return decoded, False
    return decoded.then(_joined(decoded.text, spans)), lacking


def select_addendum(text: str) -> Reading | None:
    """The addenda of a report that has a reading besides, as one text; None if it has none.

    An addendum is read after the report: what it says of an observation takes the place of what
    the report said.
    """
    if _ADDENDUM.search(text) is None:
        return None
    decoded = decode(text)
    filled = [section for section in _sections(decoded.text) if section.end > section.start]
    added = _named(filled, ("addendum",))
    if not added or not _named(filled, (*DEFAULT_SECTIONS, BODY)):
        return None
    spans = [(section.start, section.end) for section in added]
    return decoded.then(_joined(decoded.text, spans))


def selected_spans(text: str, names: Sequence[str] = DEFAULT_SECTIONS) -> list[tuple[int, int]]:
    """Where the text that ``select_sections`` takes stands in the source, in order.

    Raises:
        InputError: If a name is unknown or none is given.
    """
    decoded = decode(text)
    spans, _ = _selected(decoded.text, names)
    return [(0, len(text))] if spans is None else [decoded.span(*span) for span in spans]


def _selected(text: str, names: Sequence[str]) -> tuple[list[tuple[int, int]] | None, bool]:
    """The spans of the sections to take, None for a text without headers; whether all lack."""
    wanted = _wanted(tuple(names))
    sections = _sections(text)
    reading = bool(wanted & READING)
    if (
        len(sections) == 1
        and not sections[0].name
        and sections[0].header_start == sections[0].start
    ):
        only = sections[0]
        if reading and not (text[: only.start].strip() or text[only.end :].strip()):
            return None, False
    filled = [section for section in sections if section.end > section.start]
    chosen = _named(filled, wanted)
    lacking = not chosen and any(section.name for section in filled)
    if "findings" in wanted:
        if not any("findings" in section.name for section in chosen):
            chosen += _named(filled, (BODY,))
        elif [section.name for section in sections[:2]] == [BODY, "impression"]:
            chosen.append(sections[0])  # findings without a header, and an addendum with one
    if reading:
        # Never the comparison or the indication, which tell of other days and of questions.
        fallbacks = (DEFAULT_SECTIONS, (BODY,), ("wet read",), ("addendum",))
        for fallback in fallbacks:
            chosen = chosen or _named(filled, fallback)
    return sorted((section.start, section.end) for section in chosen), lacking


def section_names(sections: str) -> tuple[str, ...] | str | None:
    """What an option says: its names, which commas join; "auto" for "auto"; None for "none"."""
    if sections == "auto":
        return "auto"
    if sections == "none":
        return None
    return tuple(name.strip() for name in sections.split(",") if name.strip())


def _named(sections: Iterable[Section], names: Iterable[str]) -> list[Section]:
    names = set(names)
    return [section for section in sections if names & set(section.name.split("+"))]


@lru_cache(maxsize=64)
def _wanted(names: tuple[str, ...]) -> frozenset[str]:
    wanted: set[str] = set()
    for name in names:
        for part in " ".join(name.casefold().split()).split("+"):
            part = part.strip()  # noqa: PLW2901
            canonical = part if part in SECTION_NAMES else SECTION_OF.get(part)
            if not canonical:
                raise InputError(
                    f"there is no section {name!r}: name some of {', '.join(SECTION_NAMES)}"
                )
            wanted.update(canonical.split("+"))
    if not wanted:
        raise InputError(f"no section is named: name some of {', '.join(SECTION_NAMES)}")
    return frozenset(wanted)


def _joined(text: str, spans: Sequence[tuple[int, int]]) -> Reading:
    pieces: list[Piece] = []
    parts: list[str] = []
    offset = 0
    for start, end in spans:
        if pieces:
            separator = "\n" if text[pieces[-1].end - 1] in ".?!" else "\n\n"
            parts.append(separator)
            offset += len(separator)
        pieces.append(Piece(start, end, offset, end - start))
        parts.append(text[start:end])
        offset += end - start
    return Reading("".join(parts), tuple(pieces), len(text))


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
