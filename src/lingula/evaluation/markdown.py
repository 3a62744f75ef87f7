"""An evaluation as Markdown, for papers and pull requests."""

from __future__ import annotations

from lingula.evaluation.result import Evaluation
from lingula.evaluation.tables import TextTable, tables_of


def to_markdown(evaluation: Evaluation) -> str:
    """Tables, convention and notes; averages are bold."""
    parts = [f"# Evaluation against {_escape(evaluation.truth)}", _escape(evaluation.convention)]
    parts.extend(_table(table) for table in tables_of(evaluation))
    if evaluation.notes:
        parts.append("## Notes")
        parts.append("\n".join(f"- {_escape(note)}" for note in evaluation.notes))
    return "\n\n".join(parts) + "\n"


def _table(table: TextTable) -> str:
    lines = [
        _row(table.header),
        "|" + "|".join([" --- "] + [" ---: "] * (len(table.header) - 1)) + "|",
    ]
    for position, row in enumerate(table.rows):
        cells = row
        if position >= len(table.rows) - table.averages:
            cells = (f"**{row[0]}**", *row[1:])
        lines.append(_row(cells))
    return f"## {_escape(table.title)}\n\n{_escape(table.caption)}\n\n" + "\n".join(lines)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(_escape(cell) for cell in cells) + " |"


def _escape(text: str) -> str:
    """Cells must not end a column or a line, nor start HTML."""
    flat = " ".join(text.split())
    return flat.replace("|", "\\|").replace("<", "&lt;").replace("_", "\\_")
