"""A document as Markdown, for papers, pull requests and data sheets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lingula.documents.exhibits import (
    Bars,
    Column,
    Curve,
    Document,
    Exhibit,
    Grid,
    Group,
    Kind,
    Measures,
    Note,
    Notes,
    Passage,
    Picture,
    Section,
    Stack,
    Table,
)
from lingula.documents.figures import as_table
from lingula.documents.wording import code_parts, printable, show

#: Characters that Markdown would read as markup, inside a line.
_MARKUP = re.compile(r"([\\`*_\[\]<>|#])")


def to_markdown(document: Document) -> str:
    """The document; nothing in it that comes from data is read as markup.

    Of curves only the points with a name are told, and folded tables are left out.
    """
    parts = [f"# {escape(document.title)}"] if document.title else []
    if document.summary:
        parts.append(_sentence(document.summary))
    if document.measures:
        parts.append(_table(_measures(Measures(document.measures))))
    for section in document.sections:
        parts += _section(section)
    return "\n\n".join(parts) + "\n"


def _section(section: Section) -> Iterator[str]:
    if section.title:
        yield f"## {escape(section.title)}"
    if section.question:
        yield _sentence(section.question)
    for exhibit in section.exhibits:
        yield from _exhibit(exhibit, alone=len(section.exhibits) == 1)


def _exhibit(exhibit: Exhibit, *, alone: bool = False) -> Iterator[str]:
    if isinstance(exhibit, Note):
        yield _note(exhibit)
    elif isinstance(exhibit, Notes):
        if exhibit.title:
            yield f"**{escape(exhibit.title)}**"
        yield "\n".join(f"- {_note(item)}" for item in exhibit.items)
    elif isinstance(exhibit, Measures):
        yield _table(_measures(exhibit))
    elif isinstance(exhibit, Passage):
        yield "\n".join(f"> {escape(line)}".rstrip() for line in exhibit.text.splitlines())
    elif isinstance(exhibit, Picture):
        yield f"*{escape(exhibit.title)}:* {_sentence(exhibit.words)}"
    elif isinstance(exhibit, Group):
        for item in exhibit.items:
            yield from _exhibit(item)
    elif isinstance(exhibit, Curve):
        if exhibit.points:
            yield from _titled(as_table(exhibit, points_only=True))
    elif isinstance(exhibit, (Stack, Grid, Bars)):
        yield from _titled(as_table(exhibit))
    elif not exhibit.detail:
        yield from _titled(exhibit, heading="" if alone else "### ")


def _titled(table: Table, heading: str = "### ") -> Iterator[str]:
    if heading and table.title:
        yield f"{heading}{escape(table.title)}"
    if table.note:
        yield _sentence(table.note)
    yield _table(table)


def _table(table: Table) -> str:
    kinds = [column.kind for column in table.columns]
    rule = ["---:" if kind.is_number else "---" for kind in kinds]
    lines = [_row([escape(column.title) for column in table.columns]), "|" + "|".join(rule) + "|"]
    first_average = len(table.rows) - table.averages
    for place, row in enumerate(table.rows):
        cells = [escape(show(cell, kind)) for cell, kind in zip(row, kinds, strict=True)]
        if place >= first_average:
            cells[0] = f"**{cells[0]}**"
        lines.append(_row(cells))
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _measures(measures: Measures) -> Table:
    rows = tuple((item.title, show(item.value, item.kind)) for item in measures.items)
    columns = (Column("what", "What"), Column("value", "Value", Kind.COUNT))
    return Table("measures", "", columns, rows)


def _note(note: Note) -> str:
    text = _sentence(note.text)
    return f"*{escape(note.word)}:* {text}" if note.word else text


def _sentence(text: str) -> str:
    return "".join(f"`{part}`" if code else escape(part) for code, part in code_parts(text))


def escape(text: str) -> str:
    """Text on one line in which no character is markup."""
    flat = printable(re.sub(r"\s+", " ", text))
    return _MARKUP.sub(r"\\\1", flat)
