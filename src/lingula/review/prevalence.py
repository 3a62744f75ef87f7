"""How frequent each finding is in the whole table, estimated from the reports that were read.

Reports of earlier rounds, of the practice set and those chosen by score are known: each counts
once. The others of the last round were drawn at random, and each stands for the inverse of the
chance with which it was drawn (Horvitz and Thompson, Journal of the American Statistical
Association 47, 1952, 663-685). Flagged reports are no part of what is counted, so that the figure
is a ratio of two such totals, with the linearized variance of a stratified sample (Cochran,
Sampling Techniques, 3rd ed. 1977, sections 5A.2 and 6.11); strata with one chance count as one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.documents import Estimate
from lingula.errors import ReviewError
from lingula.labels import Label
from lingula.review.export.deciding import FINAL, decide
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
    decided = decide(data, whose)
    done = decided.complete | decided.flagged
    # A round that is not the last was complete, or its open reports count as not read.
    last = int(data.rounds.max()) if len(data) else 0
    lacking = int((~done & (data.rounds == last)).sum())
    if lacking or not done.any():
        raise ReviewError(
            f"{store.name}: {lacking:,} reports of round {last} are not complete; how frequent a "
            "finding is can be told when they are, since those read first are no random part"
        )
    weights = _weights(data, done, last)
    groups = np.where(weights > 1, weights, 0.0)
    rows = []
    for column, name in enumerate(store.settings().schema.names):
        classes = decided.classes[done, column]
        counted = ~decided.flagged[done]
        shares = [
            _ratio((classes == label) & counted, counted, weights[done], groups[done])
            for label in (Label.POSITIVE, Label.UNCERTAIN)
        ]
        read = float((classes[counted] == Label.POSITIVE).mean()) if counted.any() else float("nan")
        rows.append(PrevalenceRow(name, shares[0], shares[1], read))
    return tuple(rows)


def _weights(data: Collected, done: npt.NDArray[np.bool_], last: int) -> npt.NDArray[np.float64]:
    """How many reports of the pool each stands for."""
    drawn = np.array([why == "random" for why in data.why]) & (data.rounds == last) & done
    return np.where(drawn, 1 / data.probabilities, 1.0)


def _ratio(
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
    residuals = (yes - share * counted) / size
    variance, drawn = 0.0, 0
    for weight in np.unique(groups[groups > 0]):
        part = residuals[groups == weight]
        n = len(part)
        drawn += n
        spread = float(part.var(ddof=1)) if n > 1 else float(part[0] ** 2)
        variance += n * weight**2 * (1 - 1 / weight) * spread
    if not drawn:
        return Estimate(share, share, share)
    # Where none or all of those drawn are positive, nothing varies: their number counts.
    varies = variance > 0 and 0 < share < 1
    return Estimate(share, *_wilson(share, share * (1 - share) / variance if varies else drawn))


def _wilson(share: float, n: float) -> tuple[float, float]:
    """Wilson's interval (Journal of the American Statistical Association 22, 1927, 209-212)."""
    z2 = _Z**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
