"""Scores as rich tables that fit a terminal of 80 columns; nothing is printed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lingula.score.conventions import PRF
from lingula.score.result import GenerationScores, Score
from lingula.score.views import (
    MEASURES,
    Matrix,
    Row,
    f1_matrix,
    number,
    observation_rows,
    summary_rows,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def score_tables(scores: GenerationScores, console: Console) -> list[Table]:
    """One convention in full, or the F1 of several side by side, then what else they have.

    Precision and recall of several conventions are in the files, not here.
    """
    rows = summary_rows(scores)
    if len(scores.conventions) > 1:
        return [*_matrices(f1_matrix(scores), console), *_other_figures(rows)]
    tables = [_averages(rows), *_other_figures(rows)]
    by_policy: dict[str, list[Row]] = {}
    for convention in scores.conventions:
        for row in observation_rows(scores, convention):
            by_policy.setdefault(row.uncertain, []).append(row)
    tables += [_observations(policy, found) for policy, found in by_policy.items()]
    return tables


def _matrices(matrix: Matrix, console: Console) -> list[Table]:
    """One table if it fits, else one a class set."""
    whole = _matrix(matrix, range(len(matrix.columns)), "F1 side by side")
    natural = console.measure(whole, options=console.options.update(width=10_000)).maximum
    if natural <= console.width:
        return [whole]
    class_sets = dict.fromkeys(class_set for _, class_set in matrix.columns)
    return [
        _matrix(
            matrix,
            [at for at, (_, held) in enumerate(matrix.columns) if held == class_set],
            f"F1 over {class_set} observations",
        )
        for class_set in class_sets
    ]


def _matrix(matrix: Matrix, columns: Sequence[int], title: str) -> Table:
    shown = [cells[at] for _, _, cells in matrix.rows for at in columns]
    table = _table(title + _zero_division(shown), "Convention", "Uncertain")
    for at in columns:
        average, class_set = matrix.columns[at]
        words = average.replace("-", "-\n")
        _add_number_column(table, f"{words}\n{class_set} obs.")
    for name, uncertain, cells in matrix.rows:
        if any(cells[at] is not None for at in columns):
            table.add_row(name, uncertain, *(_cell(cells[at]) for at in columns))
    return table


def _averages(rows: Sequence[Row]) -> Table:
    rows = [row for row in rows if set(row.cells) & set(PRF)]
    convention = rows[0].convention if rows else ""
    table = _table(f"Convention {convention}", "Uncertain", "Obs.", "Average", "0/0")
    measures = [m for m in PRF if any(m in row.cells for row in rows)]
    for measure in measures:
        _add_number_column(table, MEASURES[measure])
    for row in rows:
        table.add_row(
            *(row.uncertain, row.class_set, row.average, row.zero_division),
            *(_cell(row.cells.get(measure)) for measure in measures),
        )
    return table


def _other_figures(rows: Sequence[Row]) -> list[Table]:
    table = _table("Other figures", "Convention", "Uncertain", "Obs.", "Figure")
    _add_number_column(table, "Value")
    for row in rows:
        for measure, score in row.cells.items():
            if measure not in PRF:
                figure = f"{MEASURES[measure]}, {row.average}"
                table.add_row(row.convention, row.uncertain, row.class_set, figure, number(score))
    return [table] if table.row_count else []


def _observations(uncertain: str, rows: Sequence[Row]) -> Table:
    shown = [row.cells.get("f1") for row in rows]
    title = f"Per observation, uncertain: {uncertain}"
    table = _table(title + _zero_division(shown), "Observation")
    measures = [m for m in (*PRF, "auroc") if any(m in row.cells for row in rows)]
    for measure in measures:
        _add_number_column(table, MEASURES[measure])
    _add_number_column(table, "In refs")
    for row in rows:
        support = next(iter(row.cells.values())).support
        cells = (_cell(row.cells.get(measure)) for measure in measures)
        table.add_row(row.observation, *cells, str(support))
    return table


def _zero_division(scores: Sequence[Score | None]) -> str:
    values = {score.zero_division for score in scores if score is not None}
    known = sorted(value for value in values if value is not None)
    return f"; 0/0 is {' or '.join(f'{value:g}' for value in known)}" if known else ""


def _cell(score: Score | None) -> str:
    """The value, and its interval on a second line."""
    return number(score).replace(" (", "\n").replace(")", "")


def _table(title: str, *columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _add_number_column(table: Table, name: str) -> None:
    # Folded, never cut: a cut number is a wrong number.
    table.add_column(name, justify="right", overflow="fold")
