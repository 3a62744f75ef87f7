# ruff: noqa: SIM905 (word lists are easier to read and to extend as running text)
"""Where the headers of a report stand, and which section each opens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from lingula.text.header_names import BOTH, SECTION_OF
from lingula.text.vocabulary import is_english

#: A title such as "PORTABLE CHEST:", which may or may not head the reading.
VIEW = "view"
READING = frozenset({"findings", "impression", BOTH})
#: Common words too: headers only where a line starts.
_LINE_ONLY = frozenset(
    "report procedure narrative summary opinion interpretation views result results observation "
    "observations description comment comments assessment reading protocol advice advised "
    "suggestion suggestions management investigation modality complaints preliminary imp impr adv "
    "hpi pmh priors projections amendment".split()
)
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
    rf"\n[^\S\n]*(?:[*#>]{{1,6}}[^\S\n]*)?({_any_of(SECTION_OF)})(?![\w/])", re.IGNORECASE
)
#: A line in capitals that may be a title.
_CAPITAL_LINE = re.compile(r"\n[^\S\n]*([A-Z][A-Z0-9 ,:/().&_#-]{3,90})(?=\n|\Z)")
#: A label at the start of a line, with its colon.
_LABELED_LINE = re.compile(r"(?m)^[ \t*#>]{0,6}([A-Za-z][A-Za-z /&-]{4,38}[A-Za-z])[ \t*_]{0,4}:")
#: Fewest letters of a header that is known though misspelled.
_SHORTEST_FUZZY = 6
_PARENTHESIS = r"(?:[ \t]*\([^()\n]{0,40}\))?"
_COLON_NEXT = re.compile(rf"{_PARENTHESIS}[ \t*_]{{0,6}}:")
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
LETTERS = re.compile(r"[^\W\d_]{2,}")
#: Before these words a header's name is part of a sentence.
_LEADS_IN = frozenset("the these this those following above of and with no other end".split())
#: Words of a title line such as "PORTABLE CHEST RADIOGRAPH, ___ AT 5:42 A.M.".
TITLE_WORDS = frozenset(
    "chest cxr radiograph radiographs radiography film films view views xray ray rays examination "
    "exam study series portable semi erect upright supine decubitus frontal lateral lat ap pa and "
    "or of the single one two three only image images at on in dated date am pm hours hrs for from "
    "with to as compared comparison performed obtained final report rib ribs xxxx a an".split()
)
_TITLE_KEYS = frozenset(
    "chest cxr radiograph radiographs radiography film films view views report".split()
)


class Header(NamedTuple):
    """A header: where it starts, where the content after it starts, the section it opens."""

    start: int
    content: int
    name: str


def find_headers(lines: str) -> list[Header]:
    """The headers of a text whose line ends are line feeds, in order.

    Titles count (as ``VIEW``) unless they stand inside findings or impression.
    """
    found: list[Header] = []
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
            found.append(Header(start, content, SECTION_OF[_key(lines[start:end])]))
    if "\n" in lines:
        for match in _CAPITAL_LINE.finditer(lines):
            if _key(match.group(1)) not in SECTION_OF and _is_title(match.group(1)):
                found.append(Header(*match.span(1), VIEW))
    found.extend(_misspelled(lines, {header.content for header in found}))
    found.sort()
    return _settled(lines, found)


def _misspelled(lines: str, known: set[int]) -> Iterator[Header]:
    """Headers with one or two letters wrong, at a line's start: before a colon, or in capitals."""
    for match in _LABELED_LINE.finditer(lines):
        name = None if match.end() in known else _meant(match.group(1).lower())
        if name is not None:
            yield Header(match.start(1), match.end(), name)
    if "\n" in lines:
        for match in _CAPITAL_LINE.finditer("\n" + lines):
            name = None if ":" in match.group(1) else _meant(match.group(1).strip().lower())
            if name is not None:
                yield Header(match.start(1) - 1, match.end() - 1, name)


@lru_cache(maxsize=4096)
def _meant(written: str) -> str | None:
    """The section of the header that a misspelled one was meant to be; None if it is none.

    One edit in headers of 6 letters and more, two in 9 and more; a correct word is no misspelling.
    """
    if written in SECTION_OF or len(written) < _SHORTEST_FUZZY:
        return None
    if all(map(is_english, written.split())):
        return None
    near: dict[int, set[str]] = {}
    for header, name in SECTION_OF.items():
        most = 2 if len(header) > 8 else 1
        if len(header) >= _SHORTEST_FUZZY and abs(len(header) - len(written)) <= most:
            distance = OSA.distance(written, header, score_cutoff=most)
            if distance <= most:
                near.setdefault(distance, set()).add(name)
    names = near.get(min(near, default=0), set())
    return names.pop() if len(names) == 1 else None


def _settled(lines: str, found: list[Header]) -> list[Header]:
    """The headers without titles that stand inside a reading or over another header."""
    kept: list[Header] = []
    for header in found:
        last = kept[-1] if kept else None
        if last and header.name == VIEW and (last.name in READING or header.start < last.content):
            continue
        if last and last.name == VIEW and header.start < last.content:
            kept.pop()
        stamp = _STAMP.match(lines, header.content) if header.name == "wet read" else None
        kept.append(header if stamp is None else header._replace(content=stamp.end()))
    return kept


def _key(header: str) -> str:
    return " ".join(header.lower().split())


def _before_colon(lines: str, colon: int, mixed: bool) -> Header | None:
    """The header that ends at a colon, if one does."""
    low = max(0, colon - 80)
    window = lines[low:colon].rstrip(" \t*_")
    if window.endswith(")"):
        window = window[: window.rfind("(")].rstrip() if "(" in window else window
    phrase = _NOT_PHRASE.split(window)[-1]
    words = phrase.split()[-5:]
    for count in range(len(words), 0, -1):
        name = SECTION_OF.get(" ".join(words[-count:]).lower())
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
        return Header(start, content, name)
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
    if SECTION_OF[key] in ("wet read", "addendum") or key == "final report":
        return end
    if key in _COLON_ONLY:
        return None
    if match := _DASH_NEXT.match(lines, end) or (_TITLE_NEXT.match(lines, end) if mixed else None):
        return match.end()
    if not mixed and SECTION_OF[key] in READING and (match := _CAPITALS_NEXT.match(lines, end)):
        return match.end() if _is_fresh(lines, start) or "\n" in lines[start - 1 : start] else None
    return None


def _view(lines: str, colon: int) -> Header | None:
    """A line's start such as "PORTABLE AP CHEST RADIOGRAPH, ___:", which can head the reading."""
    low = max(0, colon - 100)
    start = lines.rfind("\n", low, colon) + 1
    if start == 0 and low > 0:
        return None
    line = lines[start:colon]
    if not line.isupper() or not _is_title(line):
        return None
    return Header(start + len(line) - len(line.lstrip()), colon + 1, VIEW)


def _is_title(line: str) -> bool:
    words = {word.lower() for word in LETTERS.findall(line)}
    return bool(words & _TITLE_KEYS) and words <= TITLE_WORDS and line.rstrip()[-1] != ":"
