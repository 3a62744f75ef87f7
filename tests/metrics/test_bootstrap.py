"""The bootstrap against slow, obvious re-computation, and against the theory it stands on."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from lingula.metrics import bootstrap
from lingula.metrics.bootstrap import (
    draw_counts,
    paired_difference,
    percentile_interval,
    percentile_intervals,
    rank_reports,
    resample_sums,
    resample_weights,
    resampled_areas,
    units_of,
)


def identity_features(n):
    """One feature a report: the sums are then the draw counts themselves."""
    return lambda rows: (
        np.eye(n, dtype=np.float32)[rows],
        np.arange(n, dtype=np.float64)[rows, None] / 7,
    )


def test_every_resample_draws_as_many_reports_as_there_are():
    told = []
    counts, reals = resample_sums(identity_features(40), units_of(40), 300, 1, progress=told.append)
    assert sum(told) == pytest.approx(300)
    assert counts.shape == (300, 40) and reals.shape == (300, 1)
    assert (counts.sum(1) == 40).all()
    np.testing.assert_allclose(reals[:, 0], counts @ np.arange(40) / 7, rtol=1e-12)


@pytest.mark.parametrize("block", [8192, 16])
def test_draw_counts_are_those_of_sampling_with_replacement(monkeypatch, block):
    monkeypatch.setattr(bootstrap, "_BLOCK", block)
    counts, _ = resample_sums(identity_features(40), units_of(40), 4000, 2)
    assert (counts.sum(1) == 40).all()
    observed = np.bincount(counts.ravel().astype(int), minlength=6)[:6] / counts.size
    expected = stats.binom.pmf(np.arange(6), 40, 1 / 40)
    np.testing.assert_allclose(observed, expected, atol=0.006)
    # Each pair of reports competes for draws: covariance -1/n.
    assert np.cov(counts[:, 0], counts[:, 39])[0, 1] == pytest.approx(-1 / 40, abs=0.05)


def test_the_same_seed_gives_the_same_resamples_whatever_the_features():
    one, _ = resample_sums(identity_features(30), units_of(30), 50, 9)
    two, _ = resample_sums(identity_features(30), units_of(30), 50, 9)
    other, _ = resample_sums(identity_features(30), units_of(30), 50, 10)
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()
    weights = np.concatenate(list(resample_weights(units_of(30), 50, 9)))
    np.testing.assert_array_equal(weights, one)


def test_patients_are_drawn_whole():
    patients = np.array(["a", "b", "a", "c", "b", "a"])
    units = units_of(6, patients)
    assert len(units) == 3 and units.noun == "patients"
    # A feature matrix of whole patients sums what its reports say.
    counts, _ = resample_sums(identity_features(6), units, 500, 3)
    for patient in "abc":
        rows = np.flatnonzero(patients == patient)
        assert (counts[:, rows] == counts[:, rows[:1]]).all()
    assert (counts[:, [0, 1, 3]].sum(1) == 3).all()
    weights = np.concatenate(list(resample_weights(units, 500, 3)))
    np.testing.assert_array_equal(weights, counts)


def test_repeated_reports_of_a_patient_widen_the_interval_of_the_cluster_bootstrap():
    generator = np.random.default_rng(0)
    right = np.repeat(generator.random(100) < 0.7, 10)
    patients = np.repeat(np.arange(100), 10)
    features = lambda rows: (right[rows, None].astype(np.float32), np.zeros((len(rows), 0)))  # noqa: E731
    widths = []
    for units in (units_of(1000), units_of(1000, patients)):
        sums, _ = resample_sums(features, units, 2000, 1)
        interval = percentile_interval(sums[:, 0] / 1000)
        widths.append(interval.high - interval.low)
    assert widths[1] / widths[0] == pytest.approx(np.sqrt(10), rel=0.15)


def test_the_interval_of_a_mean_covers_as_theory_says():
    generator = np.random.default_rng(4)
    hits = 0
    for seed in range(200):
        sample = (generator.random(200) < 0.3).astype(np.float32)
        sums, _ = resample_sums(
            lambda rows, s=sample: (s[rows, None], np.zeros((len(rows), 0))),
            units_of(200),
            400,
            seed,
        )
        interval = percentile_interval(sums[:, 0] / 200)
        hits += interval.low <= 0.3 <= interval.high
    assert 178 <= hits <= 199


def test_intervals_follow_numpys_percentiles_and_count_what_is_undefined():
    values = np.random.default_rng(1).normal(size=(999, 3))
    values[:10, 1] = np.nan
    values[:, 2] = np.nan
    intervals = percentile_intervals(values, 0.9)
    assert [i.undefined for i in intervals] == [0, 10, 999]
    assert (intervals[0].low, intervals[0].high) == tuple(np.percentile(values[:, 0], [5, 95]))
    assert intervals[1].low == np.percentile(values[10:, 1], 5)
    assert np.isnan(intervals[2].low)


def test_scipy_gives_the_same_interval_up_to_chance():
    sample = np.random.default_rng(2).random(150)
    sums, reals = resample_sums(
        lambda rows: (np.ones((len(rows), 1), np.float32), sample[rows, None]),
        units_of(150),
        20000,
        5,
    )
    ours = percentile_interval(reals[:, 0] / sums[:, 0])
    theirs = stats.bootstrap(
        (sample,), np.mean, n_resamples=20000, method="percentile", rng=6
    ).confidence_interval
    assert ours.low == pytest.approx(theirs.low, abs=0.002)
    assert ours.high == pytest.approx(theirs.high, abs=0.002)


def test_paired_difference():
    clear = paired_difference(0.5, 0.7, np.full(999, 0.2))
    assert clear.estimate == pytest.approx(0.2) and clear.p_value == 2 / 1000
    same = paired_difference(0.5, 0.5, np.zeros(999))
    assert same.p_value == 1.0
    undefined = paired_difference(0.5, float("nan"), np.full(9, np.nan))
    assert np.isnan(undefined.p_value) and undefined.interval.undefined == 9
    balanced = paired_difference(0.5, 0.5, np.linspace(-1, 1, 1001))
    assert balanced.p_value == 1.0


def test_p_values_are_uniform_where_there_is_no_difference():
    generator = np.random.default_rng(8)
    values = []
    for seed in range(150):
        gap = generator.normal(size=200)
        _, sums = resample_sums(
            lambda rows, g=gap: (np.zeros((len(rows), 0), np.float32), g[rows, None]),
            units_of(200),
            300,
            seed,
        )
        values.append(paired_difference(0, gap.mean(), sums[:, 0] / 200).p_value)
    assert stats.kstest(values, "uniform").pvalue > 0.01


def test_resampled_areas_equal_scikit_learn_on_the_repeated_rows():
    generator = np.random.default_rng(3)
    truth = generator.random(60) < 0.4
    scores = generator.integers(0, 8, 60) / 8
    weights = next(resample_weights(units_of(60), 25, 1))
    areas = resampled_areas(rank_reports(truth, scores), weights.T)
    for row, auroc, ap in zip(weights.astype(int), *areas, strict=True):
        repeated = np.repeat(np.arange(60), row)
        y, x = truth[repeated], scores[repeated]
        assert auroc == pytest.approx(sk.roc_auc_score(y, x), abs=1e-12)
        assert ap == pytest.approx(sk.average_precision_score(y, x), abs=1e-12)
    ranking = rank_reports([True, False], [0.1, 0.2])
    one_class = resampled_areas(ranking, np.array([[2, 0], [0, 2]], np.float32))
    assert np.isnan(one_class[0]).all() and one_class[1][0] == 1.0 and np.isnan(one_class[1][1])
    nothing = resampled_areas(rank_reports([], []), np.zeros((0, 3), np.float32))
    assert np.isnan(nothing).all() and nothing[0].shape == (3,)


def test_draws_and_arguments():
    counts = draw_counts(5, np.array([0, 7]), np.random.default_rng(0))
    assert counts.sum(1).tolist() == [0, 7]
    with pytest.raises(ValueError, match="at least one report"):
        units_of(0)
    with pytest.raises(ValueError, match="patients have shape"):
        units_of(3, ["a"])
