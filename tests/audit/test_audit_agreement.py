"""Agreement, review lists, truth, stars."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from audit_rows import CHEXPERT, labels_of, other, random_labels
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score

from lingula.audit import AuditInput, AuditOptions, Groups
from lingula.audit.checks.agreement import Agreement
from lingula.audit.checks.reliability import PARTS, UNCHECKED, Reliability, rate
from lingula.audit.checks.truth import Truth
from lingula.audit.resampling import positive_against_rest
from lingula.audit.result import CheckResult
from lingula.audit.review import rank_disagreements
from lingula.labels import Labels

OPTIONS = AuditOptions(resamples=200)


def _noisy(labels: Labels, share: float, seed: int) -> Labels:
    generator = np.random.default_rng(seed)
    wrong = generator.random(labels.classes.shape) < share
    return Labels(
        labels.schema,
        np.where(wrong, generator.permutation(labels.classes, axis=0), labels.classes),
    )


def test_kappa_is_sklearns_kappa() -> None:
    mine = random_labels(500, 1)
    theirs = _noisy(mine, 0.3, 2)
    data = AuditInput(labels=mine, compare=(other(theirs),))
    result = Agreement().run(data, OPTIONS, {})
    table = result.table("kappa second")
    for i, name in enumerate(CHEXPERT.names):
        row = table.rows[table.column("label").index(name)]
        assert row[1] == pytest.approx(cohen_kappa_score(mine.classes[:, i], theirs.classes[:, i]))
        assert row[4] == pytest.approx(
            cohen_kappa_score(mine.classes[:, i] == 1, theirs.classes[:, i] == 1)
        )
        assert row[2] <= row[1] <= row[3]
        assert row[8] == int((mine.classes[:, i] != theirs.classes[:, i]).sum())
    assert result.score == pytest.approx(np.mean(table.column("kappa")))
    assert (result.label_scores <= np.array(table.column("low"), dtype=float)).all()


def test_part_of_the_rows_and_columns() -> None:
    mine = random_labels(300, 1)
    rows = list(range(0, 300, 3))
    second = other(mine.take(rows), rows)
    second.columns[3:] = False
    result = Agreement().run(AuditInput(labels=mine, compare=(second,)), OPTIONS, {})
    assert len(result.table("kappa second").rows) == 3
    assert result.score == 1
    assert np.isnan(result.label_scores[3:]).all()
    assert any("covers 33.3% of the rows" in finding.text for finding in result.findings)


def test_every_pair_of_three() -> None:
    mine = random_labels(200, 1)
    second, third = _noisy(mine, 0.2, 2), _noisy(mine, 0.4, 3)
    rows = list(range(20, 120))
    data = AuditInput(
        labels=mine, compare=(other(second, name="b"), other(third.take(rows), rows, name="c"))
    )
    table = Agreement().run(data, OPTIONS, {}).table("all pairs")
    row = table.rows[table.column("label").index("Edema")]
    tables = [labels.classes[rows, CHEXPERT.index("Edema")] for labels in (mine, second, third)]
    expected = [cohen_kappa_score(a, b) for a, b in itertools.combinations(tables, 2)]
    assert row[2:] == pytest.approx(expected)
    assert row[1] == pytest.approx(np.mean(expected))


def test_constant_labels_have_no_kappa() -> None:
    mine = labels_of({"Edema": "++++"})
    result = Agreement().run(AuditInput(labels=mine, compare=(other(mine),)), OPTIONS, {})
    assert result.score is None
    assert result.missing


def test_intervals_are_wider_when_rows_come_in_patients() -> None:
    base = random_labels(60, 5)
    theirs = _noisy(base, 0.3, 6)
    rows = np.repeat(np.arange(60), 10)
    mine, second = base.take(rows), theirs.take(rows)
    widths = []
    for patients in (None, Groups.of([str(r) for r in rows])):
        data = AuditInput(labels=mine, patients=patients, compare=(other(second),))
        table = Agreement().run(data, OPTIONS, {}).table("kappa second")
        pairs = zip(table.column("low"), table.column("high"), strict=True)
        widths.append(np.mean([high - low for low, high in pairs]))
    assert widths[1] > 2 * widths[0]


@settings(deadline=None)
@given(st.lists(st.integers(0, 50), min_size=16, max_size=16))
def test_positive_against_rest(cells: list[int]) -> None:
    matrix = np.array(cells).reshape(4, 4)
    two = positive_against_rest(matrix)
    assert two[0, 0] == matrix[1, 1]
    assert two.sum() == matrix.sum()
    assert two[0].sum() == matrix[1].sum()
    assert two[:, 0].sum() == matrix[:, 1].sum()


def test_rare_disagreements_come_first_and_kinds_alternate() -> None:
    # Ten rows quarrel over label 0 (positive or blank), one over label 1.
    mine = np.zeros((200, 2), dtype=np.int8)
    theirs = mine.copy()
    mine[:10, 0] = 1
    mine[50, 1] = 2
    theirs[50, 1] = 1
    ranked = rank_disagreements(mine, theirs, np.array([True, True]), 5)
    assert ranked[0].row == 50
    assert ranked[0].bits == pytest.approx(np.log2(200))
    assert [item.row for item in ranked[1:]] == [0, 1, 2, 3]
    # Each listed row halves what the next of its kind is worth.
    worth = [item.bits for item in ranked[1:]]
    assert worth == pytest.approx([np.log2(20) / 2**i for i in range(4)])


def test_the_ranking_is_greedy() -> None:
    """Against the plain greedy search that looks at every row each time."""
    generator = np.random.default_rng(9)
    mine = generator.integers(0, 4, (80, 5)).astype(np.int8)
    theirs = np.where(generator.random((80, 5)) < 0.8, mine, generator.integers(0, 4, (80, 5)))
    theirs = theirs.astype(np.int8)
    columns = np.array([True, True, False, True, True])
    differs = (mine != theirs) & columns
    kinds: dict[tuple[int, int, int], int] = {}
    for r, c in zip(*np.nonzero(differs), strict=True):
        key = (c, mine[r, c], theirs[r, c])
        kinds[key] = kinds.get(key, 0) + 1
    weight = dict.fromkeys(kinds, 1.0)
    left = {r for r in range(80) if differs[r].any()}
    for item in rank_disagreements(mine, theirs, columns, 30):
        worth = {
            r: sum(
                weight[key] * -np.log2(kinds[key] / 80)
                for c in np.flatnonzero(differs[r])
                for key in [(c, mine[r, c], theirs[r, c])]
            )
            for r in left
        }
        assert item.bits == pytest.approx(max(worth.values()))
        assert worth[item.row] == pytest.approx(item.bits)
        left.remove(item.row)
        for c in np.flatnonzero(differs[item.row]):
            weight[c, mine[item.row, c], theirs[item.row, c]] /= 2


def test_equal_reports_are_reviewed_once() -> None:
    mine = np.ones((6, 1), dtype=np.int8)
    theirs = np.zeros((6, 1), dtype=np.int8)
    texts = np.array([0, 0, 1, -1, -1, 1])
    ranked = rank_disagreements(mine, theirs, np.array([True]), 10, texts)
    assert sorted(item.row for item in ranked) == [0, 2, 3, 4]
    assert rank_disagreements(mine, mine, np.array([True]), 10) == ()


def test_f1_is_sklearns_f1() -> None:
    mine = random_labels(400, 3)
    truth = _noisy(mine, 0.2, 4)
    result = Truth().run(AuditInput(labels=mine, truth=other(truth, name="readers")), OPTIONS, {})
    table = result.table("labels")
    for i, row in enumerate(table.rows):
        assert row[5] == pytest.approx(f1_score(truth.classes[:, i] == 1, mine.classes[:, i] == 1))
        assert row[6] <= row[5] <= row[7]
        assert row[8] <= row[5] <= row[9]
    assert result.score == pytest.approx(np.mean(table.column("f1")))


def test_labels_that_experts_never_found_are_not_measured() -> None:
    mine = labels_of({"Edema": "++--", "Fracture": "+   "})
    truth = labels_of({"Edema": "+---", "Fracture": "----"})
    result = Truth().run(AuditInput(labels=mine, truth=other(truth)), OPTIONS, {})
    table = result.table("labels")
    row = table.rows[table.column("label").index("Fracture")]
    assert row[1:3] == (0, 1)
    assert row[3:] == (None,) * 7
    assert any("Never positive by experts" in finding.text for finding in result.findings)


def test_three_right_cases_do_not_make_a_label_right() -> None:
    mine = labels_of({"Edema": "+++" + "-" * 97})
    data = AuditInput(labels=mine, truth=other(mine), compare=(other(mine),))
    at = CHEXPERT.index("Edema")
    for check in (Truth(), Agreement()):
        scores = check.run(data, OPTIONS, {}).label_scores
        assert scores is not None
        assert scores[at] == pytest.approx(0.4385, abs=1e-4)
        assert np.isnan(scores[CHEXPERT.index("Fracture")])


SCORES = st.one_of(st.none(), st.floats(0, 1), st.just(float("nan")))
ALL_PARTS = st.tuples(*[SCORES] * len(PARTS))


@settings(deadline=None)
@given(ALL_PARTS)
def test_ratings_stay_in_their_bounds(scores: tuple[float | None, ...]) -> None:
    rating = rate(scores)
    known = [s for s in scores if s is not None and not np.isnan(s)]
    assert (rating.stars is None) == (not known)
    if rating.stars is not None:
        assert 1 <= rating.stars <= 5
        if not rating.checked:
            assert rating.stars <= UNCHECKED
    evidence = [
        stars for part, stars in zip(PARTS, rating.parts, strict=True) if part.evidence and stars
    ]
    if evidence:
        assert rating.stars <= evidence[0]


@settings(deadline=None)
@given(ALL_PARTS, st.integers(0, len(PARTS) - 1), st.floats(0, 1))
def test_a_better_figure_never_costs_a_star(
    scores: tuple[float | None, ...], at: int, higher: float
) -> None:
    before = scores[at]
    if before is None or np.isnan(before) or higher < before:
        return
    better = (*scores[:at], higher, *scores[at + 1 :])
    assert rate(better).stars >= rate(scores).stars


@pytest.mark.parametrize(
    ("scores", "stars"),
    [
        ((0.95, None, 0.95, 0.99, None), 5),
        ((0.95, None, 0.55, 0.55, None), 4),  # evidence 5, support 2: 3.5 rounds up
        ((0.5, None, 0.95, 0.99, 1.0), 2),  # never above the evidence
        ((None, 1.0, 1.0, 1.0, 1.0), 4),  # agreement alone
        ((None, None, 1.0, 1.0, 1.0), 2),  # nobody checked
        ((None, None, 0.1, None, None), 1),
        ((0.3, 1.0, 1.0, 1.0, 1.0), 1),  # experts win over agreement
        ((None,) * 5, None),
    ],
)
def test_ratings_of_the_documentation(scores: tuple[float | None, ...], stars: int | None) -> None:
    assert rate(scores).stars == stars


def test_reliability_reads_the_other_checks() -> None:
    data = AuditInput(labels=random_labels(50, 1))
    k = len(CHEXPERT)
    earlier = {
        name: CheckResult(name, name, 1.0, "", label_scores=np.full(k, score))
        for name, score in (("truth", 0.85), ("prevalence", 0.95), ("strata", 0.6))
    }
    result = Reliability().run(data, AuditOptions(), earlier)
    table = result.table("ratings")
    assert set(table.column("rating")) == {4}  # evidence 4, support (5 + 2) / 2
    assert set(table.column("strata_stars")) == {2}
    assert set(table.column("uncertainty_stars")) == {None}
    assert result.score == pytest.approx(0.75)
    nothing = Reliability().run(data, AuditOptions(), {})
    assert nothing.score is None


def test_steps_of_the_parts_rise() -> None:
    for part in PARTS:
        assert all(a < b for a, b in itertools.pairwise(part.steps))
        assert part.stars(0) == 1
        assert part.stars(1) == part.most
