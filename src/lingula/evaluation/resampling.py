"""The bootstrap of an evaluation: one or two labelers on the same resamples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.evaluation.figures import Sums
from lingula.evaluation.settings import Settings
from lingula.labels import Label, Schema
from lingula.metrics.bootstrap import Progress, Units, resample_sums
from lingula.metrics.counts import BoolArray, FloatArray, IntArray, confusion_matrices
from lingula.metrics.f1 import PrecisionRecallF1, per_sample
from lingula.metrics.uncertain import binarize, binary_columns, counted_cells

_CELLS = len(Label) ** 2
#: Resamples whose figures are computed at a time.
_CHUNK = 500


@dataclass(frozen=True, eq=False)
class Cells:
    """Per-report ingredients of one labeler's figures.

    Attributes:
        truth: int8 class indices, shape (n, k).
        predicted: int8 class indices, shape (n, k).
        exact: Bool, shape (n,): right in every counted binary cell.
        samples: Each report's precision, recall and F1, each shape (n,); NaN where undefined.
        empty: Number of reports with no positive cell in either table, whose F1 is 0 / 0.
    """

    truth: npt.NDArray[np.int8]
    predicted: npt.NDArray[np.int8]
    exact: BoolArray
    samples: PrecisionRecallF1
    empty: int


def cells_of(
    truth: npt.NDArray[np.int8],
    predicted: npt.NDArray[np.int8],
    schema: Schema,
    settings: Settings,
) -> Cells:
    """Compare two tables of class indices, shape (n, k)."""
    columns = binary_columns(schema, settings.uncertain)
    true, guess = binarize(truth, columns), binarize(predicted, columns)
    counted = counted_cells(truth, columns, settings.uncertain)
    wrong, either = true != guess, true | guess
    if counted is not None:
        wrong &= counted
        either &= counted
    return Cells(
        truth,
        predicted,
        ~wrong.any(axis=1),
        per_sample(true, guess, counted, settings.zero_division),
        int(np.count_nonzero(~either.any(axis=1))),
    )


def total_sums(cells: Cells) -> Sums:
    """Sums over all reports."""
    values = np.stack([cells.samples.precision, cells.samples.recall, cells.samples.f1])
    known = ~np.isnan(values)
    return Sums(
        confusion_matrices(cells.truth, cells.predicted),
        np.asarray(cells.exact.sum()),
        np.where(known, values, 0.0).sum(1),
        known.sum(1),
    )


def resampled_figures(
    labelers: Sequence[tuple[Cells, Callable[[Sums], FloatArray]]],
    units: Units,
    resamples: int,
    seed: int,
    *,
    progress: Progress | None = None,
) -> list[FloatArray]:
    """Figures of every resample, for each labeler; resample i is the same for all of them.

    Args:
        labelers: Cells, and what makes of sums the f figures, shape (..., f): ``compute_figures``
            for the figures of this field, or a convention's own.
        units: What a resample draws.
        resamples: Number of resamples R.
        seed: Of the bootstrap.
        progress: Told how many resamples' worth of work was done since the last call.

    Returns:
        For each labeler, float64, shape (R, f).
    """
    layouts = [_occurring(cells) for cells, _ in labelers]

    def features(rows: IntArray) -> tuple[npt.NDArray[np.float32], FloatArray]:
        parts = [_features(c, used, rows) for (c, _), used in zip(labelers, layouts, strict=True)]
        return (
            np.concatenate([whole for whole, _ in parts], axis=1),
            np.concatenate([other for _, other in parts], axis=1),
        )

    whole, other = resample_sums(features, units, resamples, seed, progress=progress)
    out: list[FloatArray] = []
    column = 0
    for position, ((cells, compute), used) in enumerate(zip(labelers, layouts, strict=True)):
        width = len(used) + 4
        mine = whole[:, column : column + width]
        column += width
        samples = other[:, 3 * position : 3 * position + 3]
        k = cells.truth.shape[1]
        chunks = (slice(start, start + _CHUNK) for start in range(0, resamples, _CHUNK))
        values = [compute(_sums(mine[rows], samples[rows], used, k)) for rows in chunks]
        out.append(np.concatenate(values))
    return out


def _occurring(cells: Cells) -> IntArray:
    """Flat positions (observation, true class, predicted class) of the cells that ever occur.

    A label table is sparse: only these become features.
    """
    return np.flatnonzero(confusion_matrices(cells.truth, cells.predicted))


def _features(
    cells: Cells, used: IntArray, rows: IntArray
) -> tuple[npt.NDArray[np.float32], FloatArray]:
    codes = cells.truth[rows].astype(np.intp) * len(Label) + cells.predicted[rows]
    whole = np.empty((len(rows), len(used) + 4), dtype=np.float32)
    whole[:, : len(used)] = codes[:, used // _CELLS] == used % _CELLS
    whole[:, len(used)] = cells.exact[rows]
    other = np.stack(
        [cells.samples.precision[rows], cells.samples.recall[rows], cells.samples.f1[rows]], axis=1
    )
    known = ~np.isnan(other)
    whole[:, len(used) + 1 :] = known
    return whole, np.where(known, other, 0.0)


def _sums(whole: FloatArray, samples: FloatArray, used: IntArray, k: int) -> Sums:
    confusion = np.zeros((len(whole), k * _CELLS))
    confusion[:, used] = whole[:, : len(used)]
    return Sums(
        confusion.reshape(len(whole), k, len(Label), len(Label)),
        whole[:, len(used)],
        samples,
        whole[:, len(used) + 1 :],
    )
