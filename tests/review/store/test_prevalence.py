"""How frequent a finding is, from a selected sample: unbiased, in intervals that hold the truth."""

from __future__ import annotations

import numpy as np
import pytest

from lingula.errors import ReviewError
from lingula.review.export.deciding import decide
from lingula.review.prevalence import prevalence_of
from lingula.review.proposing import Proposals
from lingula.review.records import Chosen, Collected, Person
from lingula.review.selection import Sampling, choose
from lingula.schemas import load_schema

SCHEMA = load_schema("chexpert14").restrict(["Edema", "Fracture"])
POOL = 1_000


def pool() -> tuple[Proposals, np.ndarray]:
    """What a labeler proposes, and what a reader would say: alike, not equal."""
    rng = np.random.default_rng(3)
    truth = (rng.random((POOL, 2)) < [0.15, 0.03]).astype(np.int8)
    wrong = rng.random(truth.shape) < 0.1
    return Proposals(np.where(wrong, 1 - truth, truth).astype(np.int8), None), truth


def collected(chosen: tuple[Chosen, ...], truth: np.ndarray, rounds: list[int]) -> Collected:
    numbers = np.array([item.report_id for item in chosen], dtype=np.int32)
    n = len(numbers)
    return Collected(
        reports=numbers,
        names=tuple(map(str, numbers)),
        texts=("",) * n,
        patients=("",) * n,
        rounds=np.array(rounds, dtype=np.int32),
        probabilities=np.array([item.probability for item in chosen]),
        why=tuple(item.why for item in chosen),
        people=(Person(1, "ana", "reader"),),
        assigned=np.ones((1, n), dtype=np.bool_),
        submitted=np.ones((1, n), dtype=np.bool_),
        flags=np.zeros((1, n), dtype=np.int8),
        classes=truth[None, numbers],
        turns=np.ones((1, n), dtype=np.int64),
    )


def two_rounds(seed: int, truth: np.ndarray, mine: Proposals) -> Collected:
    """60 reports, then 120 of those that are left."""
    first = choose(np.arange(POOL), mine, None, Sampling("rare", 60, 0.3, seed), practice=10)
    taken = {item.report_id for item in first}
    left = np.array([at for at in range(POOL) if at not in taken])
    rest = Proposals(mine.classes[left], None)
    second = choose(left, rest, None, Sampling("rare", 120, 0.5, seed + 7))
    return collected((*first, *second), truth, [1] * len(first) + [2] * len(second))


def test_estimates_are_unbiased_and_intervals_hold_the_truth() -> None:
    mine, truth = pool()
    share = truth.mean(axis=0)
    estimates, held, read = [], [], []
    for seed in range(100):
        data = two_rounds(seed, truth, mine)
        rows = prevalence_of(data, decide(data, "final"), SCHEMA)
        estimates.append([row.positive.value for row in rows])
        read.append([row.read for row in rows])
        held.append(
            [
                (row.positive.low or 0) <= true <= (row.positive.high or 0)
                for row, true in zip(rows, share, strict=True)
            ]
        )
    error = np.abs(np.mean(estimates, axis=0) - share)
    assert (error < 4 * np.std(estimates, axis=0) / np.sqrt(100)).all()
    assert (np.mean(held, axis=0) >= 0.9).all()
    # Of the rare finding what is read is far from the truth: there is something to weight.
    assert np.mean(read, axis=0)[1] > 2 * share[1]


def test_a_table_that_was_read_whole_has_no_interval() -> None:
    mine, truth = pool()
    every = choose(np.arange(POOL), mine, None, Sampling("rare", None, 0.2, 0))
    data = collected(every, truth, [1] * POOL)
    for row, true in zip(
        prevalence_of(data, decide(data, "ana"), SCHEMA), truth.mean(axis=0), strict=True
    ):
        assert (row.positive.low, row.positive.high) == (row.positive.value, row.positive.value)
        assert row.positive.value == pytest.approx(true)


def test_an_open_round_is_refused() -> None:
    mine, truth = pool()
    data = two_rounds(0, truth, mine)
    data.submitted[0, -1] = False
    data.classes[0, -1] = -1
    with pytest.raises(ReviewError, match="1 reports of round 2"):
        prevalence_of(data, decide(data, "final"), SCHEMA)
