"""Labels that an image model doubts: confident learning (Northcutt et al., JAIR 2021) by cleanlab.

A cell is a suspect where the model gives the other label a probability as high as it usually gives
to films that bear that label. The model must not have seen the label in training: scores that are
not out-of-fold agree with what they learned, mistakes included.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.audit.check import Check, Earlier
from lingula.audit.inputs import AuditInput
from lingula.audit.options import AuditOptions
from lingula.audit.result import CheckResult, Finding
from lingula.documents import Column, Kind, Level, Measure, Table, percent
from lingula.errors import MissingExtraError
from lingula.labels import Label

#: An observation with fewer cells of either label is left out.
FEWEST = 5


@dataclass(frozen=True, eq=False)
class _Column:
    """One observation's cells that are looked at.

    Attributes:
        place: Of the observation.
        rows: Of the cells, shape (m,).
        positive: Their labels, bool, shape (m,).
        scores: Their probabilities, shape (m,).
        blank: Whether blank stands for negative, for want of negatives.
        suspects: Positions among the m of suspects, the worst first.
    """

    place: int
    rows: npt.NDArray[np.intp]
    positive: npt.NDArray[np.bool_]
    scores: npt.NDArray[np.float64]
    blank: bool
    suspects: npt.NDArray[np.intp]


class SuspectLabels(Check):
    """Labels that a model of the same rows finds unlikely."""

    name = "suspects"
    title = "Suspect labels"
    question = "Which labels does a model of the images doubt?"
    meaning = "share of the positive and negative labels that the model does not doubt"

    def run(self, data: AuditInput, options: AuditOptions, earlier: Earlier) -> CheckResult:
        """Rank the cells that the scores contradict."""
        if data.scores is None:
            return self.not_checked("no scores of a model were given (--scores)")
        known = data.scores[~np.isnan(data.scores)]
        if not len(known) or known.min() < 0 or known.max() > 1:
            return self.not_checked("the scores are no probabilities (0 to 1)")
        columns = list(_columns(data, data.scores))
        if not columns:
            return self.not_checked(f"no label has {FEWEST} cells of either kind with a score")
        cells = sum(len(column.rows) for column in columns)
        found = sum(len(column.suspects) for column in columns)
        worst = _worst(columns, options.review)
        rows = np.unique(np.concatenate([c.rows[c.suspects] for c in columns])).astype(np.intp)
        text = f"A model doubts {found:,} of {cells:,} labels ({percent(found / cells)})."
        level = Level.LOOK if found else Level.GOOD
        return CheckResult(
            self.name,
            self.title,
            1 - found / cells,
            text,
            (Finding(f"{text} Each may be the label's mistake or the model's: read them.", level),),
            (
                "Read the ranked cells beside their images; do not change labels by the model "
                "alone.",
                "Scores must be out-of-fold: of a model that was not trained on these rows.",
            ),
            (Measure("suspects", "Suspect labels", found), Measure("rows", "Rows", len(rows))),
            (_by_label(data, columns), _ranked(data, worst)),
            rows=rows,
            row_ids=self.ids_of(data, rows),
        )


def _columns(data: AuditInput, scores: npt.NDArray[np.float64]) -> Iterator[_Column]:
    try:
        from cleanlab.filter import find_label_issues
    except ImportError:
        raise MissingExtraError("Suspect labels", "audit") from None
    for place in range(len(data.label_names)):
        classes, known = data.labels.classes[:, place], ~np.isnan(scores[:, place])
        negative = classes == int(Label.NEGATIVE)
        blank = int((negative & known).sum()) < FEWEST
        if blank:
            negative = negative | (classes == int(Label.BLANK))
        positive = classes == int(Label.POSITIVE)
        rows = np.flatnonzero((positive | negative) & known)
        truth, own = positive[rows], scores[rows, place]
        if min(int(truth.sum()), int((~truth).sum())) < FEWEST:
            continue
        issues = find_label_issues(
            truth.astype(int),
            np.stack([1 - own, own], axis=1),
            return_indices_ranked_by="self_confidence",
            n_jobs=1,
        )
        yield _Column(place, rows, truth, own, blank, np.asarray(issues, dtype=np.intp))


def _worst(columns: list[_Column], most: int) -> list[tuple[_Column, int]]:
    """The suspects to which the model gives the least probability, over all labels."""
    every = [(column, int(at)) for column in columns for at in column.suspects]
    return sorted(every, key=lambda item: _belief(*item))[:most]


def _belief(column: _Column, at: int) -> float:
    """The probability of the cell's own label."""
    score = float(column.scores[at])
    return score if column.positive[at] else 1 - score


def _by_label(data: AuditInput, columns: list[_Column]) -> Table:
    rows = tuple(
        (
            data.label_names[column.place],
            int(column.positive.sum()),
            int(column.positive[column.suspects].sum()),
            "blank" if column.blank else "negative",
            int((~column.positive).sum()),
            int((~column.positive[column.suspects]).sum()),
        )
        for column in columns
    )
    heads = (
        Column("label", "Label"),
        Column("positive", "Positive", Kind.COUNT),
        Column("doubted", "of these doubted", Kind.COUNT),
        Column("against", "Against"),
        Column("negative", "Not positive", Kind.COUNT),
        Column("missed", "of these doubted", Kind.COUNT),
    )
    return Table(
        "labels",
        "Doubted labels",
        heads,
        rows,
        note=f"Blank stands for negative where fewer than {FEWEST} labels are negative.",
    )


def _ranked(data: AuditInput, worst: list[tuple[_Column, int]]) -> Table:
    rows = tuple(
        (
            str(data.ids[int(column.rows[at])]),
            data.label_names[column.place],
            "positive" if column.positive[at] else "blank" if column.blank else "negative",
            float(column.scores[at]),
        )
        for column, at in worst
    )
    heads = (
        Column("id", "Row"),
        Column("label", "Label"),
        Column("value", "Is", Kind.TEXT),
        Column("score", "Model's probability", Kind.FIGURE),
    )
    return Table("ranked", "To read first", heads, rows, note="The worst first.")
