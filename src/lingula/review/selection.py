"""Which reports of a pool are read, in which order, and with what chance each was chosen.

A selected sample is no test set: it holds what was hard, not what is frequent. So a random share is
always mixed in, drawn by strata from what the selection left, and every report keeps the chance
with which it had to be chosen: 1 for those chosen by their score, the share drawn of its stratum
for the others. Totals weighted by the inverse of that are unbiased (Horvitz and Thompson, Journal
of the American Statistical Association 47, 1952, 663-685).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.audit.review import rank_disagreements
from lingula.errors import ReviewError
from lingula.labels import Label
from lingula.review.proposing import Proposals
from lingula.review.records import ORDERS, Chosen

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Sampling:
    """How reports are chosen.

    Attributes:
        order: One of ``ORDERS``.
        take: How many are chosen, or None for all.
        random_share: Part of them that is drawn at random, 0 to 1; at least one report.
        seed: Of the draws.

    Raises:
        ReviewError: If the order is unknown, or a number is out of its range.
    """

    order: str = "random"
    take: int | None = None
    random_share: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise ReviewError(f"{self.order!r} is no order; there are {', '.join(ORDERS)}")
        if self.take is not None and self.take < 1:
            raise ReviewError("a round takes at least one report")
        if not 0 < self.random_share <= 1:
            raise ReviewError(
                "the random share is above 0 and at most 1: without one, nothing "
                "that is chosen says how frequent anything is"
            )


def ranked(
    order: str,
    mine: Proposals,
    other: Proposals | None,
    most: int,
    rng: np.random.Generator,
) -> Rows:
    """Rows of a pool, the most informative first; ties in random order.

    Args:
        order: "uncertain": by the entropy of the labeler's probabilities, summed over the
            observations, or from a labeler without by the number of its uncertain labels;
            "disagreement": two labelers' most surprising differences
            (``lingula.audit.review``); "rare": by the surprise of the proposed findings, -log2 of
            their share in the pool; "random".
        mine: Labels of the pool.
        other: Those of the second labeler, for "disagreement".
        most: How many places matter; those behind may be in any order.
        rng: Source of chance.

    Raises:
        ReviewError: If a second labeler is needed and not there.
    """
    shuffled = rng.permutation(len(mine.classes))
    if order == "random":
        return shuffled
    if order == "disagreement":
        if other is None:
            raise ReviewError("the order by disagreement needs a second labeler: --second NAME")
        return _by_disagreement(mine, other, most, shuffled)
    scores = _uncertainty(mine) if order == "uncertain" else _rarity(mine)
    return shuffled[np.argsort(-scores[shuffled], kind="stable")]


def _uncertainty(mine: Proposals) -> npt.NDArray[np.float64]:
    if mine.probabilities is None:
        return (mine.classes == Label.UNCERTAIN).sum(axis=1).astype(np.float64)
    chances = mine.probabilities.astype(np.float64)
    logs = np.log2(chances, out=np.zeros_like(chances), where=chances > 0)
    entropy: npt.NDArray[np.float64] = -(chances * logs).sum(axis=(1, 2))
    return entropy


def _rarity(mine: Proposals) -> npt.NDArray[np.float64]:
    named = (mine.classes == Label.POSITIVE) | (mine.classes == Label.UNCERTAIN)
    share = named.mean(axis=0)
    bits = -np.log2(share, out=np.zeros(len(share)), where=share > 0)
    scores: npt.NDArray[np.float64] = named @ bits
    return scores


def _by_disagreement(mine: Proposals, other: Proposals, most: int, shuffled: Rows) -> Rows:
    """Differing rows by what they teach, then the others."""
    every = np.ones(mine.classes.shape[1], dtype=np.bool_)
    found = rank_disagreements(mine.classes[shuffled], other.classes[shuffled], every, most)
    first = np.array([item.row for item in found], dtype=np.intp)
    rest = np.setdiff1d(np.arange(len(shuffled)), first)
    return shuffled[np.concatenate([first, rest])]


def strata_of(mine: Proposals) -> Rows:
    """The stratum of each row: its rarest proposed finding, or k for a report without one."""
    named = (mine.classes == Label.POSITIVE) | (mine.classes == Label.UNCERTAIN)
    k = named.shape[1]
    frequency = np.append(named.sum(axis=0), len(named) + 1)
    columns = np.where(named, frequency[:k], len(named) + 1)
    rarest = columns.argmin(axis=1)
    return np.where(named.any(axis=1), rarest, k)


def draw_by_strata(
    strata: Rows, count: int, rng: np.random.Generator
) -> tuple[Rows, npt.NDArray[np.float64]]:
    """Draw rows without replacement, in proportion to the sizes of their strata.

    Every stratum gives at least one where there are enough draws; strata are one where there are
    not, so that no row has the chance 0.

    Returns:
        Rows in random order, and the chance of each: drawn of its stratum / size of its stratum.
    """
    size = len(strata)
    count = min(count, size)
    if not count:
        return np.zeros(0, dtype=np.intp), np.zeros(0)
    names, codes = np.unique(strata, return_inverse=True)
    if count < len(names):
        codes, names = np.zeros(size, dtype=np.intp), names[:1]
    sizes = np.bincount(codes)
    drawn = _shares(sizes, count)
    rows = np.concatenate(
        [
            rng.permutation(np.flatnonzero(codes == code))[: drawn[code]]
            for code in range(len(names))
        ]
    )
    rows = rng.permutation(rows)
    return rows, drawn[codes[rows]] / sizes[codes[rows]]


def _shares(sizes: Rows, count: int) -> Rows:
    """Whole numbers in proportion to sizes, at least 1 and at most the size each, summing up."""
    exact = sizes * (count / sizes.sum())
    drawn = np.clip(np.floor(exact).astype(np.intp), 1, sizes)
    while (missing := count - int(drawn.sum())) != 0:
        step = 1 if missing > 0 else -1
        free = drawn < sizes if step > 0 else drawn > 1
        gain = np.where(free, step * (exact - drawn), -np.inf)
        drawn[int(np.argmax(gain))] += step
    return drawn


def choose(
    report_ids: npt.NDArray[np.int64],
    mine: Proposals,
    other: Proposals | None,
    sampling: Sampling,
    *,
    practice: int = 0,
) -> tuple[Chosen, ...]:
    """Choose from a pool: the practice set, then the round in its reading order.

    Args:
        report_ids: Numbers of the n reports of the pool.
        mine: Their labels.
        other: Labels of a second labeler, or None.
        sampling: How.
        practice: Size of the practice set, drawn by strata.

    Raises:
        ReviewError: If the pool is too small, or a second labeler is lacking.
    """
    n = len(report_ids)
    if practice >= n > 0 and practice:
        raise ReviewError(f"a practice set of {practice:,} leaves nothing of {n:,} reports")
    rng = np.random.default_rng(sampling.seed)
    strata = strata_of(mine)
    first, chances = draw_by_strata(strata, practice, rng)
    chosen = [
        Chosen(int(report_ids[row]), float(chance), "practice")
        for row, chance in zip(first, chances, strict=True)
    ]
    left = np.ones(n, dtype=np.bool_)
    left[first] = False
    take = int(left.sum()) if sampling.take is None else min(sampling.take, int(left.sum()))
    by_chance = take if sampling.order == "random" else max(1, round(take * sampling.random_share))
    order = ranked(sampling.order, mine, other, take + practice, rng)
    by_score = order[left[order]][: take - by_chance]
    left[by_score] = False
    rest = np.flatnonzero(left)
    drawn, chances = draw_by_strata(strata[rest], by_chance, rng)
    scored = [Chosen(int(report_ids[row]), 1.0, "score") for row in by_score]
    random = [
        Chosen(int(report_ids[rest[row]]), float(chance), "random")
        for row, chance in zip(drawn, chances, strict=True)
    ]
    return (*chosen, *_mixed(scored, random))


def _mixed(scored: Sequence[Chosen], random: Sequence[Chosen]) -> list[Chosen]:
    """Both lists in one, each in its order and evenly spread."""
    places = [((at + 0.5) / len(scored), 0, item) for at, item in enumerate(scored)]
    places += [((at + 0.5) / len(random), 1, item) for at, item in enumerate(random)]
    return [item for _, _, item in sorted(places, key=lambda place: place[:2])]
