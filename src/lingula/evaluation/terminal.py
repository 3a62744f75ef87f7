"""An evaluation as rich tables, for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from lingula.evaluation.result import Evaluation
from lingula.evaluation.tables import TextTable, tables_of


def to_terminal(evaluation: Evaluation) -> RenderableType:
    """What ``rich`` prints: tables, convention and notes."""
    parts: list[RenderableType] = []
    for table in tables_of(evaluation, narrow=True):
        parts.extend((_table(table), Text(table.caption, style="dim"), Text()))
    parts.extend(Text(f"note: {note}") for note in evaluation.notes)
    parts.append(Text(evaluation.convention, style="bold"))
    return Group(*parts)


def _table(table: TextTable) -> Table:
    out = Table(title=escape(table.title), title_justify="left", title_style="bold")
    for position, name in enumerate(table.header):
        if position == 0:
            out.add_column(escape(name), overflow="fold")
        else:
            out.add_column(escape(name), justify="right", overflow="fold")
    first_average = len(table.rows) - table.averages
    for position, row in enumerate(table.rows):
        out.add_row(
            *(escape(cell) for cell in row),
            end_section=position == first_average - 1 and table.averages > 0,
        )
    return out
