"""Figures from probabilities and scores: areas under curves, calibration, and their bootstrap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lingula.evaluation.figures import PROBABILITY, Figure
from lingula.evaluation.settings import Settings
from lingula.labels import Label, Schema
from lingula.metrics.bootstrap import (
    Progress,
    Units,
    rank_reports,
    resample_weights,
    resampled_areas,
)
from lingula.metrics.calibration import (
    Reliability,
    brier_score,
    expected_calibration_error,
    reliability,
)
from lingula.metrics.counts import BoolArray, FloatArray
from lingula.metrics.curves import (
    ThresholdCounts,
    area_under_roc,
    average_precision,
    threshold_counts,
)
from lingula.metrics.f1 import nan_mean
from lingula.metrics.uncertain import binarize, binary_columns, counted_cells
from lingula.scores import Scores

AREAS = ("auroc", "average precision")
CALIBRATION = ("brier", "calibration error")


@dataclass(frozen=True, eq=False)
class ColumnCurves:
    """Curves of one binary column.

    Attributes:
        name: Of the column.
        position: Of the column among the binary columns.
        rows: Bool, shape (n,): reports with a probability and a counted truth.
        truth: Bool, of those rows.
        score: float32 probabilities or float64 scores, of those rows.
        counts: At each threshold.
        reliability: Of the probabilities; None for scores that are none.
    """

    name: str
    position: int
    rows: BoolArray
    truth: BoolArray
    score: npt.NDArray[Any]
    counts: ThresholdCounts
    reliability: Reliability | None


def score_curves(
    truth: npt.NDArray[np.int8], scores: Scores, settings: Settings
) -> tuple[ColumnCurves, ...]:
    """Curves of every binary column of "positive"; reliability if all scores lie in 0 to 1.

    Args:
        truth: Class indices, shape (n, k).
        scores: Of the same n studies and k observations.
        settings: Policy and number of bins.
    """
    by_position = {
        position: scores.values[:, column.observation]
        for position, column in enumerate(binary_columns(scores.schema, settings.uncertain))
        if Label.POSITIVE in column.classes
    }
    bins = settings.bins if scores.in_unit_interval else None
    return _curves(truth, by_position, scores.schema, settings, bins)


def column_curves(
    truth: npt.NDArray[np.int8],
    probabilities: npt.NDArray[np.float32],
    schema: Schema,
    settings: Settings,
) -> tuple[ColumnCurves, ...]:
    """Curves of every binary column that has probabilities.

    The score of a column is the probability of its classes: under the policy ``ones`` that of
    positive plus that of uncertain, where the table has both.

    Args:
        truth: Class indices, shape (n, k).
        probabilities: Shape (n, k, 4), NaN where unknown.
        schema: Of the k observations.
        settings: Policy and number of bins.
    """
    by_position = {}
    for position, column in enumerate(binary_columns(schema, settings.uncertain)):
        score = probabilities[:, column.observation, column.classes[0]]
        for label in column.classes[1:]:
            score = score + np.nan_to_num(probabilities[:, column.observation, label])
        by_position[position] = np.clip(score, 0, 1)
    return _curves(truth, by_position, schema, settings, settings.bins)


def _curves(
    truth: npt.NDArray[np.int8],
    by_position: Mapping[int, npt.NDArray[Any]],
    schema: Schema,
    settings: Settings,
    bins: int | None,
) -> tuple[ColumnCurves, ...]:
    columns = binary_columns(schema, settings.uncertain)
    yes = binarize(truth, columns)
    counted = counted_cells(truth, columns, settings.uncertain)
    out = []
    for position, score in by_position.items():
        rows = ~np.isnan(score)
        if not rows.any():
            continue
        if counted is not None:
            rows &= counted[:, position]
        outcome, known = yes[rows, position], score[rows]
        out.append(
            ColumnCurves(
                columns[position].name,
                position,
                rows,
                outcome,
                known,
                threshold_counts(outcome, known),
                None if bins is None else reliability(outcome, known, bins),
            )
        )
    return tuple(out)


def probability_figures(curves: Sequence[ColumnCurves]) -> tuple[tuple[Figure, ...], FloatArray]:
    """AUROC, average precision, Brier score and calibration error, and their means.

    Means leave out columns where the figure is undefined. Scores that are no probabilities have
    the areas only.
    """
    values = {
        "auroc": [area_under_roc(curve.counts) for curve in curves],
        "average precision": [average_precision(curve.counts) for curve in curves],
    }
    bins = [curve.reliability for curve in curves if curve.reliability is not None]
    if len(bins) == len(curves):
        values["brier"] = [brier_score(curve.truth, curve.score) for curve in curves]
        values["calibration error"] = [expected_calibration_error(each) for each in bins]
    figures: list[Figure] = []
    out: list[float] = []
    for metric, each in values.items():
        figures.extend(Figure(PROBABILITY, metric, observation=curve.name) for curve in curves)
        figures.append(Figure(PROBABILITY, metric, average="macro"))
        out.extend([*each, float(nan_mean(np.array(each, dtype=np.float64)))])
    return tuple(figures), np.array(out)


def resampled_probability_figures(
    curves: Sequence[ColumnCurves],
    units: Units,
    settings: Settings,
    progress: Progress | None = None,
) -> FloatArray:
    """The areas of every resample, in the order of ``probability_figures``.

    Returns:
        float64, shape (R, f); the calibration figures are NaN, for they have no interval:
        resampling biases a binned calibration error upward.
    """
    parts: list[FloatArray] = []
    rankings = [rank_reports(curve.truth, curve.score) for curve in curves]
    complete = [bool(curve.rows.all()) for curve in curves]
    for by_resample in resample_weights(units, settings.bootstrap, settings.seed):
        # One row a report: gathering rows is several times faster than columns.
        weights = np.ascontiguousarray(by_resample.T)
        areas = [
            resampled_areas(ranking, weights if whole else weights[curve.rows])
            for curve, ranking, whole in zip(curves, rankings, complete, strict=True)
        ]
        if progress is not None:
            progress(len(by_resample))
        blocks = []
        for position in range(len(AREAS)):
            each = np.stack([area[position] for area in areas], axis=1)
            blocks += [each, nan_mean(each)[:, None]]
        parts.append(np.concatenate(blocks, axis=1))
    found = np.concatenate(parts)
    calibrated = all(curve.reliability is not None for curve in curves)
    width = len(CALIBRATION) * (len(curves) + 1) if calibrated else 0
    blank = np.full((len(found), width), np.nan)
    return np.concatenate([found, blank], axis=1)
