"""Agreement against independent implementations, and what is said of it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from lingula.metrics.gwet import gwet_ac1
from lingula.metrics.votes import (
    Votes,
    fleiss_kappa,
    gwet_ac1_of_votes,
    krippendorff_alpha,
    votes_of,
)
from lingula.review.agreement import agreement_of
from lingula.review.habits import count_chance
from lingula.review.records import Person, Readings
from lingula.schemas import load_schema

krippendorff = pytest.importorskip("krippendorff")
inter_rater = pytest.importorskip("statsmodels.stats.inter_rater")
stats = pytest.importorskip("scipy.stats")
SCHEMA = load_schema("chexpert14").restrict(["Edema", "Fracture", "Pneumonia"])


def readings(n: int = 200, seed: int = 0, readers: int = 3, holes: float = 0.3) -> Readings:
    rng = np.random.default_rng(seed)
    truth = rng.choice([0, 1, 2, 3], size=(n, 3), p=[0.5, 0.2, 0.2, 0.1])
    classes = np.repeat(truth[None], readers, axis=0)
    wrong = rng.random(classes.shape) < 0.2
    classes = np.where(wrong, rng.integers(0, 4, classes.shape), classes).astype(np.int8)
    classes[rng.random((readers, n)) < holes] = -1
    people = tuple(Person(at, f"r{at}", "reader") for at in range(readers))
    return Readings(people, np.arange(n, dtype=np.int32), classes, np.zeros(n, dtype=np.bool_))


def test_kappa_of_pairs_is_scikit_learns() -> None:
    data = readings()
    found = agreement_of(data, SCHEMA)
    assert len(found.pairs) == 9
    for row in found.pairs:
        a, b = int(row.first[1]), int(row.second[1])
        column = SCHEMA.index(row.observation)
        mine, theirs = data.classes[a, :, column], data.classes[b, :, column]
        both = (mine >= 0) & (theirs >= 0)
        assert row.n == both.sum()
        assert row.agree == pytest.approx((mine == theirs)[both].mean())
        assert row.kappa.value == pytest.approx(cohen_kappa_score(mine[both], theirs[both]))
        assert row.kappa.low is not None
        assert row.kappa.high is not None
        assert row.kappa.low < row.kappa.value < row.kappa.high


def test_alpha_is_that_of_the_library_with_readers_in_rows() -> None:
    data = readings()
    found = agreement_of(data, SCHEMA)
    for row in found.overall:
        votes = data.classes[:, :, SCHEMA.index(row.observation)].astype(float)
        votes[votes < 0] = np.nan
        alpha = krippendorff.alpha(reliability_data=votes, level_of_measurement="nominal")
        assert row.krippendorff == pytest.approx(alpha)


def test_fleiss_is_statsmodels_on_reports_with_as_many_votes() -> None:
    for readers, holes in ((2, 0.0), (3, 0.0), (5, 0.2)):
        data = readings(readers=readers, holes=holes, seed=readers)
        found = agreement_of(data, SCHEMA)
        for row in found.overall:
            ratings = data.classes[:, :, SCHEMA.index(row.observation)]
            table = np.stack([(ratings == label).sum(axis=0) for label in range(4)], axis=1)
            each = table.sum(axis=1)
            usual = np.bincount(each[each > 1]).argmax()
            expected = inter_rater.fleiss_kappa(table[each == usual])
            assert row.fleiss == pytest.approx(expected)


def test_one_class_alone_is_undefined() -> None:
    found = votes_of(np.zeros((3, 9), dtype=np.int8), 4)
    assert np.isnan([fleiss_kappa(found), krippendorff_alpha(found)]).all()


def test_the_chance_of_a_count_is_scipys() -> None:
    one = np.array([0.3])
    for count in (0, 4, 12, 20):
        tails = (stats.binom.cdf(count, 20, 0.3), stats.binom.sf(count - 1, 20, 0.3))
        exact = count_chance(count, one, np.array([20]))
        assert exact == pytest.approx(min(1.0, 2 * min(tails)))
    mixed, counts = np.array([0.2, 0.5, 0.5]), np.array([3, 1, 1])
    # Worked out over all 2 ** 5 outcomes.
    chances = [0.2, 0.2, 0.2, 0.5, 0.5]
    mass = np.zeros(6)
    for outcome in product([0, 1], repeat=5):
        mass[sum(outcome)] += np.prod(
            [c if o else 1 - c for o, c in zip(outcome, chances, strict=True)]
        )
    for count in range(6):
        expected = min(1.0, 2 * min(mass[: count + 1].sum(), mass[count:].sum()))
        assert count_chance(count, mixed, counts) == pytest.approx(expected)
    long = count_chance(1100, np.array([0.5]), np.array([2001]))
    assert long == pytest.approx(2 * stats.binom.sf(1099, 2001, 0.5), rel=0.05)


def test_intervals_are_those_of_drawing_reports() -> None:
    data = readings(holes=0.0, readers=2)
    row = agreement_of(data, SCHEMA).pairs[0]
    mine, theirs = data.classes[0, :, 0], data.classes[1, :, 0]
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(400):
        at = rng.integers(0, len(mine), len(mine))
        drawn.append(cohen_kappa_score(mine[at], theirs[at]))
    low, high = np.percentile(drawn, [2.5, 97.5])
    assert row.kappa.low == pytest.approx(low, abs=0.03)
    assert row.kappa.high == pytest.approx(high, abs=0.03)


def test_ac1_of_the_papers_kind_of_table() -> None:
    # Worked by hand: 118 + 2 agree of 125; p = 120.5 / 125; chance 2 p (1 - p) for two classes.
    table = np.array([[118, 5], [0, 2]])
    p = (123 + 118) / 250
    by_chance = 2 * p * (1 - p)
    assert gwet_ac1(table) == pytest.approx((120 / 125 - by_chance) / (1 - by_chance))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_ac1_of_votes_is_that_of_a_pair(pairs: list[tuple[int, int]]) -> None:
    confusion = np.zeros((4, 4), dtype=np.int64)
    votes = np.zeros((len(pairs), 4), dtype=np.int64)
    for row, (a, b) in enumerate(pairs):
        confusion[a, b] += 1
        votes[row, a] += 1
        votes[row, b] += 1
    found = Votes(votes, np.ones(len(votes), dtype=np.int64))
    assert gwet_ac1_of_votes(found) == pytest.approx(float(gwet_ac1(confusion)))


def test_a_rare_label_is_agreed_on_by_ac1_where_kappa_is_low() -> None:
    n = 200
    classes = np.zeros((2, n, 3), dtype=np.int8)
    classes[0, :4, 0] = 1
    classes[1, 2:6, 0] = 1
    people = (Person(0, "r0", "reader"), Person(1, "r1", "reader"))
    found = agreement_of(
        Readings(people, np.arange(n, dtype=np.int32), classes, np.zeros(n, np.bool_)), SCHEMA
    )
    row = found.pairs[0]
    assert row.kappa.value < 0.6
    assert row.ac1.value > 0.9
    assert found.suggestions == ()


def test_a_reader_with_a_habit_is_named_and_the_others_are_not() -> None:
    data = readings(n=300, holes=0.1)
    classes = data.classes.copy()
    habit = (classes[2, :, 0] == 0) & (np.arange(300) % 2 == 0)
    classes[2, habit, 0] = 3
    found = agreement_of(Readings(data.people, data.reports, classes, data.practice), SCHEMA)
    first = found.unlike[0]
    assert (first.observation, first.label.name, first.reader) == ("Edema", "UNCERTAIN", "r2") or (
        first.observation,
        first.label.name,
        first.reader,
    ) == ("Edema", "BLANK", "r2")
    assert any("Edema: r2 gives uncertain more often" in text for text in found.suggestions)
    assert any(text.startswith("Edema: kappa 0.") for text in found.suggestions)


def test_false_alarms_are_as_rare_as_they_are_said_to_be() -> None:
    alarms = sum(bool(agreement_of(readings(seed=seed), SCHEMA).unlike) for seed in range(40))
    assert alarms <= 6  # 5% of 40 are 2; more than 6 come in 1 of 300 runs


def test_nothing_shared_is_no_figure_and_no_failure() -> None:
    data = readings(n=4, readers=2)
    classes = np.full_like(data.classes, -1)
    classes[0, 0] = 1
    found = agreement_of(Readings(data.people, data.reports, classes, data.practice), SCHEMA)
    assert found.shared == 0
    assert all(np.isnan(row.kappa.value) for row in found.pairs)
