"""Labels that one reader uses unlike the others, on the same reports."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.labels import Label, Schema
from lingula.metrics.counts import FloatArray, IntArray
from lingula.metrics.votes import decoded, vote_codes

_CLASSES = len(Label)
#: Of all tests together: chance of one false alarm at most.
_ALARM = 0.05
#: Reports up to which a chance is worked out exactly.
_EXACT = 2_000


@dataclass(frozen=True)
class Habit:
    """A label that one reader uses unlike the others, on the same reports.

    Attributes:
        observation: Its name.
        label: The label.
        reader: Who.
        given: On how many reports this reader gave it, of those on which readers differ over it.
        expected: On how many, if the readers of each report were as likely to give it.
        p_value: Two-sided, of that.
    """

    observation: str
    label: Label
    reader: str
    given: int
    expected: float
    p_value: float


def habits(classes: npt.NDArray[np.int8], schema: Schema, names: Sequence[str]) -> Iterator[Habit]:
    """Habits beyond chance, by Holm's step-down over all tests (Scand. J. Statistics 6, 1979).

    If the m readers of a report are alike, and v of them give a label, each is one of these with
    the chance v / m; how often a reader gives it over all reports is then a sum of such chances.

    Args:
        classes: int8, shape (r, n, k); -1 where a reader has not labeled the report.
        schema: Of the k observations.
        names: Of the r readers.
    """
    found = [
        habit
        for column in range(len(schema))
        for habit in _of_observation(classes[:, :, column], schema, column, names)
    ]
    found.sort(key=lambda item: item.p_value)
    for rank, item in enumerate(found):
        if item.p_value * (len(found) - rank) > _ALARM:
            return
        yield item


def _of_observation(
    ratings: npt.NDArray[np.int8], schema: Schema, column: int, names: Sequence[str]
) -> Iterator[Habit]:
    """Every test of one observation; equal votes are counted once."""
    distinct, codes = np.unique(vote_codes(ratings, _CLASSES), return_inverse=True)
    votes = decoded(distinct, len(ratings), _CLASSES)
    readers = votes.sum(axis=1)
    observation = schema.observations[column]
    for row, name in enumerate(names):
        # How often each of the votes was cast with this reader's class; the first is no class.
        cells = np.bincount(
            codes * (_CLASSES + 1) + ratings[row] + 1, minlength=len(distinct) * (_CLASSES + 1)
        ).reshape(len(distinct), _CLASSES + 1)
        labeled = cells[:, 1:].sum(axis=1)
        for label in observation.labels:
            # Where all or none give it, nothing is said of anybody.
            telling = (votes[:, label] > 0) & (votes[:, label] < readers) & (labeled > 0)
            if telling.any():
                given = int(cells[telling, label + 1].sum())
                chances = votes[telling, label] / readers[telling]
                counts = labeled[telling]
                yield Habit(
                    observation.name,
                    label,
                    name,
                    given,
                    float((chances * counts).sum()),
                    count_chance(given, chances, counts),
                )


def count_chance(given: int, chances: FloatArray, counts: IntArray) -> float:
    """Two-sided chance of a count as far from its mean, of a sum of yes and no.

    Exact (binomials of each chance, convolved), or by the normal curve where the sum is long.

    Args:
        given: The count.
        chances: Of yes, between 0 and 1, shape (d,).
        counts: How many there are with each chance, shape (d,).
    """
    chances, places = np.unique(chances, return_inverse=True)
    counts = np.bincount(places, weights=counts).astype(np.int64)
    if counts.sum() > _EXACT:
        mean, variance = (counts * chances).sum(), (counts * chances * (1 - chances)).sum()
        far = max(0.0, abs(given - mean) - 0.5)
        return math.erfc(far / math.sqrt(2 * variance))
    mass = np.ones(1)
    for chance, count in zip(chances, counts, strict=True):
        mass = np.convolve(mass, _binomial(int(count), float(chance)))
    return float(min(1.0, 2 * min(mass[: given + 1].sum(), mass[given:].sum())))


def _binomial(n: int, chance: float) -> FloatArray:
    """Chances of 0 to n times yes, shape (n + 1,)."""
    steps = np.log(np.arange(1, n + 1, dtype=np.float64))
    factorials = np.concatenate([[0.0], np.cumsum(steps)])
    times = np.arange(n + 1)
    choose = factorials[n] - factorials - factorials[::-1]
    return np.exp(choose + times * math.log(chance) + (n - times) * math.log1p(-chance))
