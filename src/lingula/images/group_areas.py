"""AUROC of some films of a table, as groups and hidden strata are measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.documents import Estimate
from lingula.images.film_set import Films
from lingula.images.scoring import judged_cells
from lingula.labels import Label
from lingula.metrics.bootstrap import (
    percentile_interval,
    rank_reports,
    resample_weights,
    resampled_areas,
    units_of,
)
from lingula.metrics.curves import area_under_roc, threshold_counts
from lingula.scores import Scores

Bools = npt.NDArray[np.bool_]

#: A group with fewer films of either class is left out: its AUROC says nothing.
FEWEST = 5


@dataclass(frozen=True)
class GroupSettings:
    """How groups are measured.

    Attributes:
        blank: What blank labels count as: "negative" or "masked".
        sensitivity: At which the second threshold is taken.
        resamples: Of the bootstrap over patients.
        seed: Of the resamples.
    """

    blank: str = "negative"
    sensitivity: float = 0.9
    resamples: int = 500
    seed: int = 1


def judged_films(
    films: Films, scores: Scores, column: int, settings: GroupSettings
) -> tuple[Bools, Bools]:
    """Truth, and which films count, of one observation."""
    labels = films.classes[:, _columns(films, scores)[column]]
    known = judged_cells(labels[:, None], settings.blank)[:, 0]
    return labels == int(Label.POSITIVE), known & ~np.isnan(scores.values[:, column])


def _columns(films: Films, scores: Scores) -> Sequence[int]:
    own = () if films.labels is None else films.labels.schema.names
    return [own.index(name) for name in scores.schema.names]


def group_area(
    films: Films,
    truth: Bools,
    scores: npt.NDArray[np.float64],
    chosen: Bools,
    settings: GroupSettings,
) -> Estimate | None:
    """AUROC of some films with its interval; None where either class is too small."""
    rows = np.flatnonzero(chosen)
    positives = int(truth[rows].sum())
    if min(positives, len(rows) - positives) < FEWEST:
        return None
    value = area_under_roc(threshold_counts(truth[rows], scores[rows]))
    patients = films.patients[rows].astype(str) if all(films.patients[rows]) else None
    ranking = rank_reports(truth[rows], scores[rows])
    units = units_of(len(rows), patients)
    parts = [
        resampled_areas(ranking, np.ascontiguousarray(weights.T))[0]
        for weights in resample_weights(units, settings.resamples, settings.seed)
    ]
    interval = percentile_interval(np.concatenate(parts))
    return Estimate(value, interval.low, interval.high)
