"""Temperature scaling (Guo et al., ICML 2017), one temperature an observation.

Logits are divided by T before the softmax; T > 1 makes a model less sure. Labels do not change, for
dividing keeps the order of the classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.labels import Label
from lingula.metrics.calibration import expected_calibration_error, reliability
from lingula.training.data.examples import Examples

#: Temperatures are looked for between these.
COLDEST, HOTTEST = 0.2, 10.0

#: An observation with fewer positives (or fewer others) than this gets the temperature that is
#: best for all observations together: its own would be fitted to a handful of reports.
FEWEST = 10

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """Fitted temperatures and the expected calibration error of "positive".

    Attributes:
        temperatures: One an observation.
        own: Whether it is the observation's own, not the shared one.
        error_before: Expected calibration error (10 bins of equal width) of each observation.
        error_after: The same with the temperatures, on the examples that they were fitted to.
        mean_error_before: Mean over the observations.
        mean_error_after: The same with the temperatures.
        reports: How many examples were used.
    """

    temperatures: tuple[float, ...]
    own: tuple[bool, ...]
    error_before: tuple[float, ...]
    error_after: tuple[float, ...]
    mean_error_before: float
    mean_error_after: float
    reports: int


def fit_temperatures(logits: npt.NDArray[np.float32], truth: Examples) -> Calibration:
    """Temperatures that make the true labels likeliest.

    Of positive-only rows the likelihood is that of positive against the rest.

    Args:
        logits: float32, (n, k, 4), without temperature.
        truth: n examples that were not trained on.

    Raises:
        InputError: If there is no example.
    """
    if not len(truth):
        raise InputError("calibration needs labeled reports that were not trained on")
    only = bool(truth.coded.any())
    rows = truth.coded if only else np.ones(len(truth), dtype=np.bool_)
    scores = logits[rows].astype(np.float64)
    classes = truth.classes[rows]
    positive = truth.positive[rows] if only else classes == Label.POSITIVE
    k = scores.shape[1]

    def cost(temperature: float, columns: slice) -> float:
        logs = _log_softmax(scores[:, columns] / temperature)
        said = logs[..., Label.POSITIVE]
        if only:
            rest = np.log(-np.expm1(np.minimum(said, -1e-12)))
            return float(-np.where(positive[:, columns], said, rest).mean())
        index = classes[:, columns].astype(np.intp)[..., None]
        return float(-np.take_along_axis(logs, index, axis=-1).mean())

    shared = _minimum(lambda value: cost(value, slice(None)))
    temperatures: list[float] = []
    own: list[bool] = []
    for column in range(k):
        count = int(positive[:, column].sum())
        enough = min(count, len(positive) - count) >= FEWEST
        at = slice(column, column + 1)
        temperatures.append(_minimum(partial(cost, columns=at)) if enough else shared)
        own.append(enough)
    before = _errors(scores, positive, np.ones(k))
    after = _errors(scores, positive, np.array(temperatures))
    return Calibration(
        temperatures=tuple(round(value, 4) for value in temperatures),
        own=tuple(own),
        error_before=tuple(before),
        error_after=tuple(after),
        mean_error_before=float(np.mean(before)),
        mean_error_after=float(np.mean(after)),
        reports=len(positive),
    )


def _errors(scores: Floats, positive: npt.NDArray[np.bool_], temperatures: Floats) -> list[float]:
    chances = np.exp(_log_softmax(scores / temperatures[None, :, None]))[..., Label.POSITIVE]
    return [
        expected_calibration_error(
            reliability(positive[:, column], np.clip(chances[:, column], 0, 1))
        )
        for column in range(scores.shape[1])
    ]


def _log_softmax(scores: Floats) -> Floats:
    shifted = scores - scores.max(axis=-1, keepdims=True)
    result: Floats = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def _minimum(cost: Callable[[float], float]) -> float:
    """The temperature of the smallest cost, by golden-section search over its logarithm."""
    low, high = np.log(COLDEST), np.log(HOTTEST)
    ratio = (np.sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = cost(np.exp(left)), cost(np.exp(right))
    while high - low > 1e-3:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = cost(np.exp(left))
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = cost(np.exp(right))
    return float(np.exp((low + high) / 2))
