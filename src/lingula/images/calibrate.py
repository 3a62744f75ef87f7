"""Temperatures of a model's probabilities (Guo et al., ICML 2017), one an observation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.images.scoring import judged_cells
from lingula.labels import Label
from lingula.metrics.calibration import Reliability, expected_calibration_error, reliability

_INSIDE = 1e-7
#: Ends of the search, as logarithms; a model that is off by more is not to be mended so.
_ENDS = (-3.0, 3.0)
#: An observation with fewer cells of either class keeps a temperature of 1.
FEWEST = 10
BINS = 10


@dataclass(frozen=True)
class Fitted:
    """A temperature, and the expected calibration error before and after.

    Attributes:
        observation: Its name.
        temperature: Above 1 makes probabilities milder.
        before: Error with a temperature of 1; NaN where too few cells are known.
        after: Error with this one, on the same cells, so too good for others.
        bins: Predicted and observed frequencies before and after; none where too few are known.
    """

    observation: str
    temperature: float
    before: float
    after: float
    bins: tuple[Reliability, ...] = ()


def temperate(values: npt.ArrayLike, temperature: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Probabilities whose logits are divided by a temperature."""
    inside = np.clip(np.asarray(values, dtype=np.float64), _INSIDE, 1 - _INSIDE)
    logits = np.log(inside / (1 - inside)) / np.asarray(temperature)
    out: npt.NDArray[np.float64] = 1 / (1 + np.exp(-logits))
    return out


def fit_temperatures(
    names: tuple[str, ...],
    classes: npt.NDArray[np.int8],
    scores: npt.NDArray[np.float64],
    blank: str,
) -> list[Fitted]:
    """The temperatures with the least mean negative log-likelihood.

    Args:
        names: Of the k observations.
        classes: True labels, shape (n, k).
        scores: Probabilities, shape (n, k); NaN where there is none.
        blank: "negative" or "masked".
    """
    judged = judged_cells(classes, blank) & ~np.isnan(scores)
    out = []
    for column, name in enumerate(names):
        rows = judged[:, column]
        truth = classes[rows, column] == int(Label.POSITIVE)
        own = scores[rows, column]
        if min(int(truth.sum()), int((~truth).sum())) < FEWEST:
            out.append(Fitted(name, 1.0, float("nan"), float("nan")))
            continue
        best = _least(truth, own)
        bins = tuple(reliability(truth, temperate(own, t), BINS) for t in (1.0, best))
        before, after = (float(expected_calibration_error(each)) for each in bins)
        out.append(Fitted(name, best, before, after, bins))
    return out


def _cost(truth: npt.NDArray[np.bool_], scores: npt.NDArray[np.float64], log: float) -> float:
    held = temperate(scores, np.exp(log))
    return float(-np.log(np.clip(np.where(truth, held, 1 - held), 1e-300, 1)).mean())


def _least(truth: npt.NDArray[np.bool_], scores: npt.NDArray[np.float64]) -> float:
    """Golden-section search; the cost is convex in the inverse of the temperature."""
    low, high = _ENDS
    ratio = (5**0.5 - 1) / 2
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if _cost(truth, scores, left) < _cost(truth, scores, right):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))
