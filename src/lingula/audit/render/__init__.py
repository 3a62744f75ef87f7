"""The audit as one HTML page, as JSON, and as a Markdown data sheet."""

from lingula.audit.render.datasheet import to_datasheet
from lingula.audit.render.html import to_html
from lingula.audit.render.json import to_json

__all__ = ["to_datasheet", "to_html", "to_json"]
