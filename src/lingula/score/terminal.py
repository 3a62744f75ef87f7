"""Scores as rich tables for a terminal; nothing is printed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingula.score.result import GenerationScores
from lingula.score.views import (
    MEASURES,
    Row,
    f1_matrix,
    measures_in,
    number,
    observation_rows,
    summary_rows,
)

if TYPE_CHECKING:
    from rich.table import Table


def score_tables(scores: GenerationScores) -> list[Table]:
    """One convention in full, or several side by side."""
    if len(scores.conventions) > 1:
        others = [row for row in summary_rows(scores) if set(row.cells) - {"precision", "recall"}]
        return [_matrix(scores), *_other_figures(others)]
    tables = [_summary("Scores", summary_rows(scores))]
    for convention in scores.conventions:
        rows = observation_rows(scores, convention)
        if rows:
            tables.append(_observations(rows))
    return tables


def _matrix(scores: GenerationScores) -> Table:
    matrix = f1_matrix(scores)
    table = _table("F1 side by side", "Convention", "Uncertain is")
    for average, class_set in matrix.columns:
        table.add_column(f"{average}\n{class_set} obs.", justify="right")
    for name, uncertain, cells in matrix.rows:
        table.add_row(name, uncertain, *(number(cell) for cell in cells))
    return table


def _other_figures(rows: list[Row]) -> list[Table]:
    others = [
        measure for measure in measures_in(rows) if measure not in ("precision", "recall", "f1")
    ]
    kept = [row for row in rows if any(measure in row.cells for measure in others)]
    return [_summary("Other figures", kept, others)] if kept else []


def _summary(title: str, rows: list[Row], measures: list[str] | None = None) -> Table:
    measures = measures_in(rows) if measures is None else measures
    table = _table(title, "Convention", "Uncertain is", "Observations", "Average", "0/0 is")
    for measure in measures:
        table.add_column(MEASURES[measure], justify="right")
    for row in rows:
        zero = row.zero_division if set(measures) & {"precision", "recall", "f1"} else "-"
        table.add_row(
            *(row.convention, row.uncertain, row.class_set, row.average, zero),
            *(number(row.cells.get(measure)) for measure in measures),
        )
    return table


def _observations(rows: list[Row]) -> Table:
    measures = measures_in(rows)
    table = _table("Per observation", "Observation", "Uncertain is")
    for measure in measures:
        table.add_column(MEASURES[measure], justify="right")
    table.add_column("In references", justify="right")
    for row in rows:
        support = next(iter(row.cells.values())).support
        table.add_row(
            row.observation,
            row.uncertain,
            *(number(row.cells.get(measure)) for measure in measures),
            str(support),
        )
    return table


def _table(title: str, *columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=True)
    return table
