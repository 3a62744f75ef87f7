"""What is read first, and with what chance: the weights make totals unbiased."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from lingula.errors import ReviewError
from lingula.labels import Label
from lingula.review.assignment import plan
from lingula.review.proposing import Proposals
from lingula.review.records import Chosen, Person
from lingula.review.selection import Sampling, choose, draw_by_strata, strata_of


def pool(n: int = 400, seed: int = 0) -> Proposals:
    rng = np.random.default_rng(seed)
    classes = rng.choice([0, 1, 2, 3], size=(n, 3), p=[0.6, 0.1, 0.25, 0.05]).astype(np.int8)
    classes[:, 2] = np.where(rng.random(n) < 0.02, 1, 0)
    return Proposals(classes, None)


@pytest.mark.parametrize("order", ["uncertain", "rare", "random", "disagreement"])
def test_weighted_totals_are_unbiased(order: str) -> None:
    mine, other = pool(), pool(seed=5)
    truth = (mine.classes[:, 0] == Label.POSITIVE) ^ (np.arange(400) % 7 == 0)
    totals, plain = [], []
    for seed in range(60 if order == "disagreement" else 300):
        found = choose(np.arange(1, 401), mine, other, Sampling(order, 80, 0.3, seed))
        assert len(found) == len({item.report_id for item in found}) == 80
        rows = np.array([item.report_id - 1 for item in found])
        chances = np.array([item.probability for item in found])
        assert ((chances > 0) & (chances <= 1)).all()
        totals.append((truth[rows] / chances).sum())
        plain.append(400 * truth[rows].mean())
    error = abs(np.mean(totals) - truth.sum())
    assert error < 4 * np.std(totals) / np.sqrt(len(totals))
    if order == "rare":
        # Without the weights the selection shows: otherwise the test could not fail.
        assert abs(np.mean(plain) - truth.sum()) > 10 * np.std(plain) / np.sqrt(len(plain))


def test_every_report_of_the_pool_can_come() -> None:
    mine = pool(60)
    seen = Counter(
        item.report_id
        for seed in range(400)
        for item in choose(np.arange(1, 61), mine, None, Sampling("rare", 20, 0.5, seed))
    )
    assert set(seen) == set(range(1, 61))


def test_the_most_informative_come_and_the_random_share_is_spread() -> None:
    mine = pool()
    found = choose(np.arange(1, 401), mine, None, Sampling("uncertain", 50, 0.2, 1))
    score = (mine.classes == Label.UNCERTAIN).sum(axis=1)
    by_score = [item for item in found if item.why == "score"]
    assert len(by_score) == 40
    assert all(item.probability == 1 for item in by_score)
    scores = [score[item.report_id - 1] for item in by_score]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= np.sort(score)[-40]
    places = [at for at, item in enumerate(found) if item.why == "random"]
    assert len(places) == 10
    assert max(np.diff([-1, *places, 50])) <= 7


def test_by_entropy_of_probabilities() -> None:
    chances = np.full((30, 1, 4), 0.01, dtype=np.float32)
    chances[:, 0, 0] = 0.97
    chances[17, 0] = 0.25
    mine = Proposals(np.zeros((30, 1), dtype=np.int8), chances)
    found = choose(np.arange(30), mine, None, Sampling("uncertain", 5, 0.2, 0))
    assert next(item.report_id for item in found if item.why == "score") == 17


def test_strata_are_drawn_in_proportion_and_none_is_left_out() -> None:
    mine = pool(1000)
    strata = strata_of(mine)
    rows, chances = draw_by_strata(strata, 100, np.random.default_rng(0))
    assert len(set(rows.tolist())) == 100
    for name, size in Counter(strata.tolist()).items():
        drawn = int((strata[rows] == name).sum())
        assert drawn >= 1
        assert abs(drawn - size / 10) <= 1.5
        assert np.allclose(chances[strata[rows] == name], drawn / size)


def test_practice_comes_first_and_to_everybody_and_loads_are_even() -> None:
    people = [Person(at, f"r{at}", "reader") for at in range(1, 6)]
    people.append(Person(9, "judge", "adjudicator"))
    found = choose(np.arange(1, 401), pool(), None, Sampling("random", 200, 1, 0), practice=10)
    assert [item.why for item in found[:11]] == ["practice"] * 10 + ["random"]
    made = plan(found, people, 2, seed=0)
    assert set(made.assigned) == {1, 2, 3, 4, 5}
    first = {ids[:10] for ids in made.assigned.values()}
    assert len(first) == 1
    assert {len(ids) - 10 for ids in made.assigned.values()} == {80}
    shared = Counter(
        pair
        for item in found[10:]
        for pair in combinations(
            sorted(who for who, ids in made.assigned.items() if item.report_id in ids), 2
        )
    )
    assert len(shared) == 10
    assert min(shared.values()) > 8
    assert sum(shared.values()) == 200


def test_what_cannot_be_done_is_refused() -> None:
    with pytest.raises(ReviewError, match="random share"):
        Sampling("rare", 10, 0.0)
    with pytest.raises(ReviewError, match="no order"):
        Sampling("alphabetical")
    with pytest.raises(ReviewError, match="second labeler"):
        choose(np.arange(400), pool(), None, Sampling("disagreement", 10))
    with pytest.raises(ReviewError, match="leaves nothing"):
        choose(np.arange(5), pool(5), None, Sampling(), practice=5)
    with pytest.raises(ReviewError, match="3 readers"):
        plan([Chosen(1, 1.0, "random")], [Person(1, "a", "reader")], 3, 0)
