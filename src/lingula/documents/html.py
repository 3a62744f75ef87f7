"""A document as one self-contained page: no request, no font, no library of its own."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lingula
from lingula.documents import exhibits, figures, svg, wording
from lingula.documents.exhibits import Cell, Document, Estimate, Grid, Kind, Level, Passage, Tone
from lingula.errors import MissingExtraError

if TYPE_CHECKING:
    from jinja2 import Template

PAGE = Path(__file__).parent / "page"
#: What a level is called on the page.
LEVELS = {
    Level.GOOD: "Good",
    Level.LOOK: "Look",
    Level.ACT: "Act",
    Level.MISSING: "Not checked",
}
#: Characters that no page may hold.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_html(document: Document) -> str:
    """The page. Everything from the data is escaped, and a content security policy lets no script
    run but the page's own, so a report that holds ``<script>`` is shown, never run.

    Raises:
        MissingExtraError: If jinja2 is not installed.
    """
    script = text_of("page.js")
    sections = [
        (section.name or f"part{n}", section) for n, section in enumerate(document.sections)
    ]
    return render(
        "page.html",
        document,
        {section.title: name for name, section in sections},
        sections=sections,
        tones=_tones(document),
        version=lingula.__version__,
        script=script,
        style=text_of("page.css"),
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def render(template: str, document: Document, anchors: Mapping[str, str], **more: Any) -> str:
    """A template of this folder, with all that its exhibits need.

    Args:
        template: Name of its file.
        document: What is drawn.
        anchors: Title of a section -> its anchor, for links between them.
        more: What only this template needs.

    Raises:
        MissingExtraError: If jinja2 is not installed.
    """
    return _template(template).render(
        document=document,
        anchors=anchors,
        levels=LEVELS,
        Kind=Kind,
        Level=Level,
        kind_of=lambda exhibit: type(exhibit).__name__.lower(),
        table_of=figures.as_table,
        ends=wording.interval_of,
        tinted=_tinted,
        svg=svg,
        **more,
    )


@cache
def _template(name: str) -> Template:
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError:
        raise MissingExtraError("An HTML page", "report") from None
    environment = Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_clean,
    )
    environment.filters.update(show=wording.show, key=sort_key, code=wording.code_parts)
    return environment.get_template(name)


@cache
def text_of(name: str) -> str:
    """A file of the page's folder."""
    return (PAGE / name).read_text(encoding="utf-8")


def sort_key(value: Cell) -> str:
    """What the page's script sorts a cell by; a missing figure sorts last."""
    number = value.value if isinstance(value, Estimate) else value
    if number is None or (isinstance(number, float) and math.isnan(number)):
        return ""
    return number if isinstance(number, str) else repr(float(number))


def _tinted(grid: Grid, row: int) -> list[float]:
    """How strongly the cells of a grid's row are tinted, in percent; its name is not."""
    strengths = wording.shade(grid.values[row], grid.kind, grid.faint)
    most = 45 if grid.kind is Kind.COUNT else 34
    return [0.0, *(round(most * strength, 1) for strength in strengths)]


def _clean(value: Any) -> Any:
    """What a template writes, without the characters that no page may hold."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", value) if type(value) is str else value


def _tones(document: Document) -> list[Tone | str]:
    """Tones that the document's texts use, in order; "cue" where there are cues."""
    spans = [
        span
        for section in document.sections
        for exhibit in section.exhibits
        if isinstance(exhibit, Passage)
        for span in exhibit.spans
    ]
    used: list[Tone | str] = [tone for tone in exhibits.Tone if any(s.tone is tone for s in spans)]
    return [*used, *(["cue"] if any(span.cue for span in spans) else [])]
