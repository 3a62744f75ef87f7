"""Scores arranged as people read them: summary rows, observations, and a matrix of F1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lingula.score.conventions import AVERAGES, CLASS_SETS
from lingula.score.result import SIMILARITY, GenerationScores, Score

#: Measures in the order of a table's columns, and their headings.
MEASURES: dict[str, str] = {
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "accuracy": "Accuracy",
    "exact_match": "Exact match",
    "auroc": "AUROC (hard labels)",
}

#: Uncertain policy -> a few words for a table's cell.
UNCERTAIN_SHORT = {"ones": "positive", "zeros": "negative", "multiclass": "own class"}


@dataclass(frozen=True)
class Row:
    """Figures that share all but the measure.

    Attributes:
        convention: Name of the convention.
        uncertain: What an uncertain label becomes, short.
        class_set: "14" or "5".
        average: How the average reads in a table.
        observation: Name of the observation, or an empty string.
        zero_division: Value of 0/0, or "-" where none occurs.
        cells: Measure -> score.
    """

    convention: str
    uncertain: str
    class_set: str
    average: str
    observation: str
    zero_division: str
    cells: dict[str, Score]


#: Marks a value that is a 0/0 itself, not an average over some.
STAR = "*"


def summary_rows(scores: GenerationScores) -> list[Row]:
    """The conventions' figures but those of single observations, one row an average."""
    return _rows(
        score
        for score in scores.scores
        if score.convention != SIMILARITY and not score.figure.observation
    )


def observation_rows(scores: GenerationScores, convention: str) -> list[Row]:
    """A convention's figures of the 14 observations; the five are among them."""
    return _rows(
        score
        for score in scores.of(convention)
        if score.figure.observation and score.figure.class_set == "14"
    )


@dataclass(frozen=True)
class Matrix:
    """F1 side by side: one row a convention and uncertain policy, one column an average.

    Attributes:
        columns: Average and class set of each column, such as ("micro", "14").
        rows: Convention, uncertain policy (short), and one F1 or None a column.
    """

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str, tuple[Score | None, ...]], ...]


def f1_matrix(scores: GenerationScores) -> Matrix:
    """All averaged F1 of all conventions."""
    found: dict[tuple[str, str], dict[tuple[str, str], Score]] = {}
    for score in scores.scores:
        figure = score.figure
        if figure.measure == "f1" and not figure.observation:
            cells = found.setdefault((score.convention, figure.uncertain), {})
            cells[figure.average, figure.class_set] = score
    present = {column for cells in found.values() for column in cells}
    columns = tuple(
        (average, class_set)
        for average in AVERAGES
        for class_set in CLASS_SETS
        if (average, class_set) in present
    )
    return Matrix(
        columns,
        tuple(
            (name, UNCERTAIN_SHORT[uncertain], tuple(cells.get(column) for column in columns))
            for (name, uncertain), cells in found.items()
        ),
    )


def measures_in(rows: Iterable[Row]) -> list[str]:
    """Measures that occur in the rows, in the order of ``MEASURES``."""
    present = {measure for row in rows for measure in row.cells}
    return [measure for measure in MEASURES if measure in present]


def footnotes(scores: GenerationScores) -> list[str]:
    """What to know of the averaged F1 and AUROC: zero divisions and undefined values.

    Notes of precision, recall and single observations stay with their figures in JSON and CSV.
    """
    where: dict[str, dict[str, None]] = {}
    for score in scores.scores:
        figure = score.figure
        if score.note and not figure.observation and figure.measure in ("f1", "auroc"):
            name = f"{score.convention} {figure.average} {figure.class_set}"
            note = f"AUROC {score.note}" if figure.measure == "auroc" else score.note
            where.setdefault(note, {})[name] = None
    return [f"{note} ({', '.join(names)})" for note, names in where.items()]


def number(score: Score | None, digits: int = 3) -> str:
    """A value as text: "0.712", "0.712 (0.690-0.731)" with its interval, "undefined", or "-".

    A star marks a value that is a 0/0 itself.
    """
    if score is None:
        return "-"
    if score.value != score.value:
        return "undefined"
    star = STAR if score.is_zero_by_zero else ""
    text = f"{score.value:.{digits}f}{star}"
    if score.lower is None or score.upper is None:
        return text
    return f"{text} ({score.lower:.{digits}f}-{score.upper:.{digits}f})"


def _rows(scores: Iterable[Score]) -> list[Row]:
    rows: dict[tuple[str, ...], Row] = {}
    for score in scores:
        figure = score.figure
        key = (
            score.convention,
            figure.uncertain,
            figure.class_set,
            figure.average,
            figure.observation,
        )
        if key not in rows:
            rows[key] = Row(
                score.convention,
                UNCERTAIN_SHORT[figure.uncertain],
                figure.class_set,
                figure.average,
                figure.observation,
                "-" if score.zero_division is None else f"{score.zero_division:g}",
                {},
            )
        row = rows[key]
        if row.zero_division == "-" and score.zero_division is not None:
            rows[key] = row = Row(
                row.convention,
                row.uncertain,
                row.class_set,
                row.average,
                row.observation,
                f"{score.zero_division:g}",
                row.cells,
            )
        row.cells[figure.measure] = score
    return list(rows.values())
