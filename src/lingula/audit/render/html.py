"""The audit as one self-contained HTML page: no request, no font, no library of its own."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import lingula
from lingula.audit.checks import CHECKS
from lingula.audit.render.figures import curve_points, show, sort_key, spans, spoken_stars, tints
from lingula.audit.result import Audit, Curve, Grid, Kind, Level, Stack, Table
from lingula.errors import MissingExtraError

TEMPLATES = Path(__file__).parent / "templates"
#: What a level is called on the page.
LEVELS = {
    Level.GOOD: "Good",
    Level.LOOK: "Look",
    Level.ACT: "Act",
    Level.MISSING: "Not checked",
}


def to_html(audit: Audit) -> str:
    """The page. Everything from the data is escaped, and a content security policy lets no script
    run but the page's own, so a report that holds ``<script>`` is shown, never run.

    Raises:
        MissingExtraError: If jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
        from markupsafe import Markup
    except ImportError:
        raise MissingExtraError("An HTML page", "audit") from None
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(show=show, key=sort_key, spoken=spoken_stars)
    script = (TEMPLATES / "audit.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    about = {check.name: check for check in CHECKS}
    # The ratings are what most readers came for.
    order = sorted(audit.checks, key=lambda result: result.name != "reliability")
    return environment.get_template("audit.html").render(
        audit=audit,
        checks=order,
        about=about,
        version=lingula.__version__,
        script=Markup(script),  # ours, and its digest is in the policy
        style=Markup((TEMPLATES / "audit.css").read_text(encoding="utf-8")),
        digest=digest,
        levels=LEVELS,
        points=curve_points,
        tints=tints,
        spans=spans,
        Kind=Kind,
        kind_of=_kind_of,
    )


def _kind_of(exhibit: object) -> str:
    for kind in (Table, Stack, Grid, Curve):
        if isinstance(exhibit, kind):
            return kind.__name__.lower()
    raise TypeError(f"no drawing for {type(exhibit).__name__}")
