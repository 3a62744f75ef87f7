"""A document inside a notebook: the page's own exhibits, in a frame that keeps to itself.

The notebook's page has styles of its own, so ours are nested in one class (CSS nesting, in
browsers since 2023). There is no script and no anchor: a notebook holds many outputs, and one that
is not trusted keeps neither.
"""

from __future__ import annotations

import html

from lingula.documents import html as page
from lingula.documents.exhibits import Document
from lingula.documents.terminal import to_text
from lingula.errors import MissingExtraError

#: Characters a line, where there is no template to draw with.
WIDTH = 110
_CLASS = "lingula-output"
#: Ours against the notebook's, and the frame itself.
_OWN = """
.{name}.{name} {{
{style}
& {{ margin: 0; padding: 4px 18px 18px; border-radius: 12px; max-width: 1160px; }}
header {{ padding: 14px 0 4px; }}
h1 {{ font-size: 24px; }}
th button {{ cursor: default; }}
th button::after {{ content: none; }}
table {{ margin: 0; }}
tbody tr:nth-child(n) {{ background: none; }}
}}
"""


def to_notebook(document: Document) -> str:
    """HTML for an output cell; without jinja2 (the "report" extra), the terminal's form of it."""
    try:
        body = page.render("notebook.html", document, {})
    except MissingExtraError:
        return f"<pre>{html.escape(to_text(document, WIDTH))}</pre>"
    return f'<style>{_style()}</style>\n<div class="{_CLASS}">\n{body}</div>\n'


def _style() -> str:
    """The page's style sheet, nested in our class."""
    sheet = page.text_of("page.css").split("@media print")[0]
    for root in (":root", "body", "html"):
        sheet = sheet.replace(f"{root} {{", "& {")
    return _OWN.format(name=_CLASS, style=sheet)
