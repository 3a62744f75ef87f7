"""How frequent each finding is in the whole table, estimated from the reports that were read.

Reports of earlier rounds, of the practice set and those chosen by score are known: each counts
once. The others of the last round were drawn at random, and each stands for the inverse of the
chance with which it was drawn (Horvitz and Thompson, Journal of the American Statistical
Association 47, 1952, 663-685). Intervals are made of Wilson's of each stratum (Zou and Donner,
Statistics in Medicine 27, 2008, 1693-1702; Yan and Su, Statistics in Biopharmaceutical Research 2,
2010, 329-335), with the finite population's correction: they stay wide where no positive was drawn,
which a variance taken from the sample does not. Strata with one chance count as one; flagged
reports are no part of what is counted, and their number is taken as it was drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.documents import Estimate
from lingula.errors import ReviewError
from lingula.labels import Label, Schema
from lingula.review.export.deciding import FINAL, Decided, decide
from lingula.review.records import Collected
from lingula.review.store import Store

#: Two-sided 95% of the normal distribution.
_Z = 1.959964


@dataclass(frozen=True)
class PrevalenceRow:
    """One observation.

    Attributes:
        observation: Its name.
        positive: Share of all reports with a positive label, with its 95% interval.
        uncertain: The same of uncertain labels.
        read: Share of positives among the reports read, which the selection may have raised.
    """

    observation: str
    positive: Estimate
    uncertain: Estimate
    read: float


def prevalence(store: Store, whose: str = FINAL) -> tuple[PrevalenceRow, ...]:
    """Estimates for every observation of the schema.

    Args:
        store: Of the review.
        whose: Whose labels, as in ``export.deciding.decide``.

    Raises:
        ReviewError: If the last round is not complete: what of it was read first is no random part.
    """
    data = store.collected()
    return prevalence_of(data, decide(data, whose), store.settings().schema)


def prevalence_of(data: Collected, decided: Decided, schema: Schema) -> tuple[PrevalenceRow, ...]:
    """Estimates from what was submitted and decided.

    Raises:
        ReviewError: If the last round is not complete.
    """
    done = decided.complete | decided.flagged
    # A round that is not the last was complete, or its open reports count as not read.
    last = int(data.rounds.max()) if len(data) else 0
    lacking = int((~done & (data.rounds == last)).sum())
    if lacking or not done.any():
        raise ReviewError(
            f"{lacking:,} reports of round {last} are not complete; how frequent a "
            "finding is can be told when they are, since those read first are no random part"
        )
    weights = _weights(data, done, last)
    groups = np.where(weights > 1, weights, 0.0)
    rows = []
    for column, name in enumerate(schema.names):
        classes = decided.classes[done, column]
        counted = ~decided.flagged[done]
        shares = [
            _share((classes == label) & counted, counted, weights[done], groups[done])
            for label in (Label.POSITIVE, Label.UNCERTAIN)
        ]
        read = float((classes[counted] == Label.POSITIVE).mean()) if counted.any() else float("nan")
        rows.append(PrevalenceRow(name, shares[0], shares[1], read))
    return tuple(rows)


def _weights(data: Collected, done: npt.NDArray[np.bool_], last: int) -> npt.NDArray[np.float64]:
    """How many reports of the pool each stands for."""
    drawn = np.array([why == "random" for why in data.why]) & (data.rounds == last) & done
    return np.where(drawn, 1 / data.probabilities, 1.0)


def _share(
    yes: npt.NDArray[np.bool_],
    counted: npt.NDArray[np.bool_],
    weights: npt.NDArray[np.float64],
    groups: npt.NDArray[np.float64],
) -> Estimate:
    """The weighted share of yes among those counted, with its interval.

    Args:
        yes: bool, shape (n,).
        counted: bool, shape (n,).
        weights: float64, shape (n,).
        groups: float64, shape (n,): the weight that a stratum shares, 0 for what is known.
    """
    size = float((weights * counted).sum())
    if not size:
        return Estimate(float("nan"))
    share = float((weights * yes).sum() / size)
    below = above = 0.0
    for weight in np.unique(groups[groups > 0]):
        part = counted & (groups == weight)
        if n := int(part.sum()):
            own = float(yes[part].mean())
            low, high = _wilson(own, n)
            part_of_all = (weight * n / size) ** 2 * (1 - 1 / weight)
            below += part_of_all * (own - low) ** 2
            above += part_of_all * (high - own) ** 2
    return Estimate(share, max(0.0, share - below**0.5), min(1.0, share + above**0.5))


def _wilson(share: float, n: float) -> tuple[float, float]:
    """Wilson's interval (Journal of the American Statistical Association 22, 1927, 209-212)."""
    z2 = _Z**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
