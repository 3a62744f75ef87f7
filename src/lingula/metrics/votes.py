"""Agreement of any number of readers a report, from how many gave each class.

The libraries that hold these figures (``reader_agreement``) take one row a report, which is seconds
for hundreds of thousands. Here equal rows are one with a count, so that the time does not grow with
the reports; tests hold every figure against the libraries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.metrics.counts import IntArray, divide


@dataclass(frozen=True, eq=False)
class Votes:
    """Distinct rows of votes on one observation.

    Attributes:
        votes: int64, shape (d, C): how many readers gave each class.
        counts: int64, shape (d,): on how many reports.
    """

    votes: IntArray
    counts: IntArray

    @property
    def each(self) -> IntArray:
        """How many readers voted, shape (d,)."""
        total: IntArray = self.votes.sum(axis=1)
        return total

    def shared(self) -> Votes:
        """Those of reports with two votes or more."""
        kept = self.each > 1
        return Votes(self.votes[kept], self.counts[kept])

    def of_classes(self, classes: list[int]) -> Votes:
        """The columns of some classes; no vote may be for another."""
        return Votes(self.votes[:, classes], self.counts)


def vote_codes(ratings: npt.NDArray[np.int8], n_classes: int) -> IntArray:
    """One number a report that says how many readers gave each class.

    Args:
        ratings: Class indices, shape (r, n); below 0 where a reader has none.
        n_classes: Number of classes C.

    Returns:
        int64, shape (n,), below (r + 1) ** C: digits to the base r + 1, the first class last.
    """
    base = len(ratings) + 1
    worth = np.array([0, *(base**c for c in range(n_classes))], dtype=np.int64)
    codes = np.zeros(ratings.shape[1], dtype=np.int64)
    for row in ratings:
        codes += worth[row.astype(np.intp) + 1]
    return codes


def decoded(codes: IntArray, readers: int, n_classes: int) -> IntArray:
    """The votes behind codes, shape (d, C)."""
    base = readers + 1
    return codes[:, None] // base ** np.arange(n_classes) % base


def votes_of(ratings: npt.NDArray[np.int8], n_classes: int) -> Votes:
    """Distinct votes of readers, from class indices, shape (r, n); below 0 for none."""
    codes, counts = np.unique(vote_codes(ratings, n_classes), return_counts=True)
    return Votes(decoded(codes, len(ratings), n_classes), counts.astype(np.int64))


def fleiss_kappa(found: Votes) -> float:
    """Fleiss' kappa (Psychological Bulletin 76, 1971, 378-382).

    It needs as many votes on each report: those with the most frequent number count.

    Returns:
        The figure; NaN where there is no report, or all votes are for one class.
    """
    found = found.shared()
    if not len(found.counts):
        return float("nan")
    usual = np.bincount(found.each, weights=found.counts).argmax()
    kept = found.each == usual
    votes, counts = found.votes[kept], found.counts[kept]
    same = (votes * (votes - 1)).sum(axis=1) / (usual * (usual - 1))
    observed = (same * counts).sum() / counts.sum()
    share = counts @ votes / (counts.sum() * usual)
    by_chance = (share**2).sum()
    return float(divide(observed - by_chance, 1 - by_chance if (share < 1).all() else 0.0))


def krippendorff_alpha(found: Votes) -> float:
    """Krippendorff's alpha, nominal (Content Analysis, 2nd ed. 2004, section 11.3).

    Reports with one vote say nothing.

    Returns:
        The figure; NaN where there is no report, or all votes are for one class.
    """
    found = found.shared()
    weights = found.counts / (found.each - 1)
    agreed = (found.votes * (found.votes - 1) * weights[:, None]).sum()
    values = found.counts @ found.votes
    n = int(values.sum())
    return float(1 - divide((n - 1) * (n - agreed), n * n - (values.astype(object) ** 2).sum()))


def gwet_ac1_of_votes(found: Votes) -> float:
    """Gwet's AC1 (British Journal of Mathematical and Statistical Psychology 61, 2008, 29-48).

    Section 5 of the paper: of two readers it is ``gwet.gwet_ac1``. The classes are those that
    could have been given; reports with one vote are left out.

    Returns:
        The figure; NaN without reports.
    """
    found = found.shared()
    if not len(found.counts):
        return float("nan")
    total, each = found.counts.sum(), found.each
    same = (found.votes * (found.votes - 1)).sum(axis=1) / (each * (each - 1))
    observed = (same * found.counts).sum() / total
    share = (found.votes / each[:, None] * found.counts[:, None]).sum(axis=0) / total
    by_chance = (share * (1 - share)).sum() / (found.votes.shape[1] - 1)
    return float(divide(observed - by_chance, 1 - by_chance))
