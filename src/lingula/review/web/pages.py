"""Templates, style and script of the pages, and the version by which a judgement names them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lingula.documents.html import PAGE as DOCUMENT_PAGE
from lingula.review.records import Review
from lingula.review.store import Store
from lingula.review.web.access import Visitor

_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "pages"
_STATIC = _HERE / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
#: Characters that no page may hold; each is shown as one other, so that offsets stay true.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: What each role finds in the bar: path and name.
MENUS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "reader": (
        ("/read", "Read"),
        ("/progress", "Progress"),
        ("/definitions", "Definitions"),
    ),
    "adjudicator": (
        ("/adjudicate", "Adjudicate"),
        ("/progress", "Progress"),
        ("/agreement", "Agreement"),
        ("/definitions", "Definitions"),
    ),
    "manager": (
        ("/progress", "Progress"),
        ("/agreement", "Agreement"),
        ("/definitions", "Definitions"),
        ("/people", "People"),
    ),
}


@cache
def static_files() -> dict[str, tuple[bytes, str]]:
    """Name -> content and media type of what every page loads; the documents' style is one."""
    paths = [DOCUMENT_PAGE / "page.css", *sorted(_STATIC.iterdir())]
    return {path.name: (path.read_bytes(), _TYPES[path.suffix]) for path in paths}


@cache
def page_version() -> str:
    """12 hexadecimal digits that change with any template, style or script."""
    digest = hashlib.sha256()
    for path in sorted(_TEMPLATES.iterdir()):
        digest.update(path.read_bytes())
    for content, _ in static_files().values():
        digest.update(content)
    return digest.hexdigest()[:12]


def page(
    store: Store,
    template: str,
    *,
    visitor: Visitor | None,
    path: str,
    status: int = 200,
    **values: Any,
) -> Response:
    """A page.

    Args:
        store: Of the review.
        template: File name in ``pages``.
        visitor: Who sees it; None before they have entered.
        path: Of the page, for the bar.
        status: HTTP status.
        values: What the template shows.
    """
    review = store.settings()
    html = (
        _environment()
        .get_template(template)
        .render(
            visitor=visitor,
            review=review,
            path=path,
            menu=_menu(visitor, review) if visitor else (),
            version=page_version(),
            **values,
        )
    )
    return Response(html, status, media_type="text/html; charset=utf-8")


def _menu(visitor: Visitor, review: Review) -> tuple[tuple[str, str], ...]:
    menu = MENUS[visitor.person.role]
    if visitor.person.role == "reader" and review.practice:
        return (*menu, ("/practice", "Practice"))
    return menu


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_clean,
    )
    environment.filters.update(duration=duration, ago=moment, share=share)
    return environment


def _clean(value: Any) -> Any:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", value) if type(value) is str else value


def duration(seconds: float | None) -> str:
    """Seconds for people: "45 s", "12 min", "3.5 h"; a dash for none."""
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def moment(time: datetime | None) -> str:
    """A time for people, UTC; a dash for none."""
    return "–" if time is None else time.strftime("%Y-%m-%d %H:%M UTC")


def share(part: int, whole: int) -> str:
    """A share in whole percent, never 100% before all is done."""
    return f"{100 * part // whole}%" if whole else "–"
