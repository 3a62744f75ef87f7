"""The text of a DiagnosticReport, and where in the resource each part of it stands.

Taken is the first of: ``presentedForm`` with data of text (an address there is never fetched), the
``valueString`` of its ``result`` Observations with ``conclusion``, and ``text.div``, which is often
made from codes by a program.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

Resource = Mapping[str, Any]

#: LOINC and DICOM codes of an Observation that holds a section (US Core's and IPS's examples).
_SECTIONS = {
    "19005-8": "IMPRESSION: ",
    "121073": "IMPRESSION: ",
    "121071": "FINDINGS: ",
}
_PLAIN = frozenset({"text/plain", "text/rtf", "application/rtf"})
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_BLOCKS = frozenset({"p", "div", "br", "li", "tr", "table", "h1", "h2", "h3", "h4", "h5", "ul"})
_JOINT = "\n\n"


@dataclass(frozen=True)
class Part:
    """One element's text inside the whole.

    Attributes:
        path: Where it stands in the resource, as FHIRPath ("conclusion").
        start: Its first character in the whole text.
        end: One past its last.
    """

    path: str
    start: int
    end: int


@dataclass(frozen=True)
class ReportText:
    """A report's text.

    Attributes:
        text: Of all parts, joined by blank lines, with headers where the resource names a section.
        parts: Where its characters came from.
    """

    text: str
    parts: tuple[Part, ...]

    def place(self, start: int, end: int) -> tuple[str, int, int]:
        """The element of some characters, and their offsets in it."""
        for part in self.parts:
            if part.start <= start < part.end or part is self.parts[-1]:
                low = min(max(start, part.start), part.end)
                return part.path, low - part.start, min(max(end, low), part.end) - part.start
        return "", start, end


def report_text(report: Resource, find: Mapping[str, Resource]) -> ReportText | None:
    """The text of a DiagnosticReport; None if it has none that can be read.

    Args:
        report: The resource.
        find: Observations by the references that lead to them.
    """
    for pieces in (_forms(report), _results(report, find), _narrative(report)):
        found = [piece for piece in pieces if piece[2].strip()]
        if found:
            return _joined(found)
    return None


def _joined(pieces: list[tuple[str, str, str]]) -> ReportText:
    text, parts = "", []
    for path, header, content in pieces:
        text += (_JOINT if text else "") + header
        parts.append(Part(path, len(text), len(text) + len(content)))
        text += content
    return ReportText(text, tuple(parts))


def _forms(report: Resource) -> Iterator[tuple[str, str, str]]:
    for at, form in enumerate(_list(report.get("presentedForm"))):
        kind, _, rest = str(form.get("contentType", "")).partition(";")
        kind = kind.strip().lower()
        if kind not in _PLAIN | _HTML or not isinstance(form.get("data"), str):
            continue
        content = _decoded(form["data"], rest)
        if content is not None:
            path = f"presentedForm[{at}]"
            yield path, "", _without_tags(content) if kind in _HTML else content
            return  # others are the same report in other forms


def _decoded(data: str, parameters: str) -> str | None:
    name = parameters.lower().partition("charset=")[2].partition(";")[0].strip(' "') or "utf-8"
    if name not in ("utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252"):
        return None
    try:
        return base64.b64decode("".join(data.split()), validate=True).decode(name)
    except (binascii.Error, UnicodeDecodeError):
        return None


def _results(report: Resource, find: Mapping[str, Resource]) -> Iterator[tuple[str, str, str]]:
    for at, link in enumerate(_list(report.get("result"))):
        item = find.get(str(link.get("reference", "")))
        if item is None or not isinstance(item.get("valueString"), str):
            continue
        code = item.get("code")
        codings = _list(code.get("coding")) if isinstance(code, dict) else []
        headers = [_SECTIONS[c["code"]] for c in codings if c.get("code") in _SECTIONS]
        yield f"result[{at}].resolve().value", (headers or [""])[0], item["valueString"]
    if isinstance(report.get("conclusion"), str):
        yield "conclusion", "IMPRESSION: ", report["conclusion"]


def _narrative(report: Resource) -> Iterator[tuple[str, str, str]]:
    narrative = report.get("text")
    if isinstance(narrative, dict) and isinstance(narrative.get("div"), str):
        yield "text.div", "", _without_tags(narrative["div"])


class _Text(HTMLParser):
    """Text between tags. Knows character references, and no entity that a document declares."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")


def _without_tags(markup: str) -> str:
    parser = _Text()
    parser.feed(markup)
    parser.close()
    return "".join(parser.parts).strip()


def _list(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
