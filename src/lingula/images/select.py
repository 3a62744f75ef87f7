"""The best run for each observation, and whether it is better than the second by more than luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.documents import Column, Document, Estimate, Kind, Note, Section, Table
from lingula.errors import InputError
from lingula.images.scoring import aurocs, judged_cells
from lingula.labels import Label, Schema
from lingula.metrics.bootstrap import (
    Difference,
    paired_difference,
    rank_reports,
    resample_weights,
    resampled_areas,
    units_of,
)


@dataclass(frozen=True)
class Choice:
    """What was chosen for one observation.

    Attributes:
        observation: Its name.
        best: Name of the run with the highest AUROC; the first of equal ones.
        auroc: Its AUROC.
        second: Name of the next one; empty if there is none.
        difference: AUROC of the best minus that of the second, with the interval of a paired
            bootstrap over patients; None without a second.
        positives: Positive studies.
        negatives: Negative studies.
    """

    observation: str
    best: str
    auroc: float
    second: str
    difference: Difference | None
    positives: int
    negatives: int

    @property
    def by_luck(self) -> bool:
        """Whether the interval of the difference holds 0, so that chance may have chosen."""
        return self.difference is not None and not self.difference.interval.low > 0


@dataclass(frozen=True, eq=False)
class Candidates:
    """Scores of several runs on the same m studies.

    Attributes:
        names: Of the runs.
        schema: The k observations that all of them have.
        scores: Float, shape (runs, m, k).
        classes: True labels, int8, shape (m, k).
        patients: Texts, shape (m,), or None.
        blank: What blank counts as.
    """

    names: tuple[str, ...]
    schema: Schema
    scores: npt.NDArray[np.float64]
    classes: npt.NDArray[np.int8]
    patients: npt.NDArray[np.object_] | None
    blank: str


def choose(
    candidates: Candidates, *, resamples: int = 1000, seed: int = 1, level: float = 0.95
) -> tuple[list[Choice], list[str]]:
    """The best run for each observation; and the observations that have no AUROC here.

    Raises:
        InputError: If no observation has one.
    """
    areas = np.stack(
        [aurocs(candidates.classes, each, candidates.blank) for each in candidates.scores]
    )
    chosen, undefined = [], []
    for column, name in enumerate(candidates.schema.names):
        if np.isnan(areas[:, column]).any():
            undefined.append(name)
            continue
        order = np.argsort(-areas[:, column], kind="stable")
        best = int(order[0])
        second = int(order[1]) if len(order) > 1 else None
        judged = judged_cells(candidates.classes, candidates.blank)[:, column]
        truth = candidates.classes[judged, column] == int(Label.POSITIVE)
        difference = None
        if second is not None:
            resampled = _differences(candidates, column, (second, best), resamples, seed)
            difference = paired_difference(
                areas[second, column], areas[best, column], resampled, level
            )
        chosen.append(
            Choice(
                name,
                candidates.names[best],
                float(areas[best, column]),
                "" if second is None else candidates.names[second],
                difference,
                int(truth.sum()),
                int((~truth).sum()),
            )
        )
    if not chosen:
        raise InputError(
            "no observation has both positive and negative studies in this table, so that no run "
            "can be chosen; take another table"
        )
    return chosen, undefined


def selection_document(
    choices: Sequence[Choice], undefined: Sequence[str], studies: int, resamples: int
) -> Document:
    """The choices as a table, with what they do not say."""
    rows = tuple(
        (
            item.observation,
            item.best,
            item.auroc,
            item.second or None,
            None
            if item.difference is None
            else Estimate(
                item.difference.estimate,
                item.difference.interval.low,
                item.difference.interval.high,
            ),
            "" if item.difference is None else "by luck" if item.by_luck else "yes",
            item.positives,
            item.negatives,
        )
        for item in choices
    )
    table = Table(
        "choices",
        "Best run for each observation",
        (
            Column("observation", "Observation"),
            Column("best", "Best"),
            Column("auroc", "AUROC", Kind.FIGURE),
            Column("second", "Second"),
            Column("difference", "Best - second", Kind.FIGURE),
            Column("better", "Better?"),
            Column("positives", "Positive", Kind.COUNT),
            Column("negatives", "Negative", Kind.COUNT),
        ),
        rows,
        note=f"Intervals: paired bootstrap, 95%, {resamples:,} resamples. A choice whose interval "
        "holds 0 is called by luck: other studies could have chosen otherwise.",
    )
    notes = [
        Note(
            "These studies have chosen, so their figures are too high for the chosen runs: report "
            "on studies that had no part in it."
        )
    ]
    if undefined:
        notes.append(Note(f"Left out, for one class only occurs here: {', '.join(undefined)}."))
    return Document("Selection", (Section("", (table, *notes)),), summary=f"{studies:,} studies")


def _differences(
    candidates: Candidates, column: int, pair: tuple[int, int], resamples: int, seed: int
) -> npt.NDArray[np.float64]:
    """Resampled AUROC of the second of a pair minus the first's."""
    judged = judged_cells(candidates.classes, candidates.blank)[:, column]
    truth = candidates.classes[judged, column] == int(Label.POSITIVE)
    rankings = [rank_reports(truth, candidates.scores[run, judged, column]) for run in pair]
    patients = None if candidates.patients is None else candidates.patients.astype(str)
    units = units_of(len(judged), patients)
    parts = []
    for by_resample in resample_weights(units, resamples, seed):
        weights = np.ascontiguousarray(by_resample.T)[judged]
        first, second = (resampled_areas(ranking, weights)[0] for ranking in rankings)
        parts.append(second - first)
    return np.concatenate(parts)
