"""Confusion matrices of two sets of labels, with bootstrap resamples by patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.audit.inputs import AuditInput, OtherLabels
from lingula.audit.options import AuditOptions
from lingula.labels import Label
from lingula.metrics.bootstrap import percentile_intervals, resample_sums, units_of
from lingula.metrics.counts import confusion_matrices

Classes = npt.NDArray[np.int8]
CELLS = len(Label) ** 2


@dataclass(frozen=True, eq=False)
class Confusions:
    """How two sets of labels of the same rows go together.

    Attributes:
        counts: int64, shape (k, 4, 4): the first axis after k is ``first``'s class.
        resampled: float64 whole numbers, shape (R, k, 4, 4).
        noun: What was drawn: "patients" or "reports".
    """

    counts: npt.NDArray[np.int64]
    resampled: npt.NDArray[np.float64]
    noun: str


@dataclass(frozen=True, eq=False)
class Interval:
    """A figure of each label and its 95% interval, each of shape (k,); NaN where undefined."""

    value: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]


def confusions_with(
    data: AuditInput, first: Classes, second: Classes, other: OtherLabels, options: AuditOptions
) -> Confusions:
    """Confusion matrices of two tables of class indices, shape (m, k), on the rows of ``other``.

    Patients are drawn whole where they are known; a row without a patient is one of its own.
    """
    m, k = first.shape
    patients = None
    if data.patients is not None:
        patients = data.patients.codes[other.rows].copy()
        unknown = np.flatnonzero(patients < 0)
        patients[unknown] = -1 - np.arange(len(unknown))
    units = units_of(m, patients)
    codes = first.astype(np.intp) * len(Label) + second + np.arange(k) * CELLS

    def features(
        rows: npt.NDArray[np.int64],
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
        table = np.zeros((len(rows), k * CELLS), dtype=np.float32)
        np.put_along_axis(table, codes[rows], 1.0, axis=1)
        return table, np.zeros((len(rows), 0))

    sums, _ = resample_sums(features, units, options.resamples, options.seed)
    shape = (options.resamples, k, len(Label), len(Label))
    return Confusions(confusion_matrices(first, second), sums.reshape(shape), units.noun)


def positive_against_rest(confusion: npt.NDArray[np.number]) -> npt.NDArray[np.float64]:
    """Confusion matrices of (..., 4, 4) as (..., 2, 2): positive, and everything else."""
    wide = np.asarray(confusion, dtype=np.float64)
    yes = np.zeros((2, len(Label)))
    yes[0, Label.POSITIVE] = 1
    yes[1] = 1 - yes[0]
    return np.asarray(yes @ wide @ yes.T)


def interval_of(value: npt.NDArray[np.float64], resampled: npt.NDArray[np.float64]) -> Interval:
    """Percentile intervals of a figure, shape (k,), from its resamples, shape (R, k)."""
    intervals = percentile_intervals(resampled)
    low = np.array([interval.low for interval in intervals])
    high = np.array([interval.high for interval in intervals])
    undefined = np.isnan(value)
    return Interval(value, np.where(undefined, np.nan, low), np.where(undefined, np.nan, high))
