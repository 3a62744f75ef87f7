"""Curves, areas and calibration against scikit-learn and scipy, ties included."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from lingula.metrics.calibration import brier_score, expected_calibration_error, reliability
from lingula.metrics.curves import (
    area_under_roc,
    average_precision,
    false_positives_at,
    threshold_counts,
    true_positives_at,
)


@st.composite
def scored(draw):
    """Outcomes of both classes and scores with many ties."""
    size = draw(st.integers(2, 60))
    levels = draw(st.sampled_from([2, 5, 1000]))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    truth = generator.random(size) < 0.4
    truth[0], truth[-1] = True, False
    return truth, generator.integers(0, levels, size) / levels


@given(data=scored())
@settings(max_examples=80, deadline=None)
def test_areas_equal_scikit_learn_and_scipy(data):
    truth, score = data
    counts = threshold_counts(truth, score)
    area = area_under_roc(counts)
    assert area == pytest.approx(sk.roc_auc_score(truth, score), abs=1e-12)
    u = mannwhitneyu(score[truth], score[~truth]).statistic
    assert area == pytest.approx(u / (truth.sum() * (~truth).sum()), abs=1e-12)
    assert average_precision(counts) == pytest.approx(
        sk.average_precision_score(truth, score), abs=1e-12
    )


@given(data=scored())
@settings(max_examples=40, deadline=None)
def test_curves_equal_scikit_learn(data):
    truth, score = data
    counts = threshold_counts(truth, score)
    x, y, thresholds = sk.roc_curve(truth, score, drop_intermediate=False)
    np.testing.assert_allclose(counts.false_positive_rate, x, rtol=0, atol=1e-12)
    np.testing.assert_allclose(counts.true_positive_rate, y, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(counts.thresholds, thresholds)
    precision, recall, _ = sk.precision_recall_curve(truth, score)
    # scikit-learn goes from the lowest threshold up.
    np.testing.assert_allclose(counts.precision[::-1], precision, rtol=0, atol=1e-12)
    np.testing.assert_allclose(counts.true_positive_rate[::-1], recall, rtol=0, atol=1e-12)


@given(data=scored(), bins=st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_reliability_and_brier_equal_scikit_learn(data, bins):
    truth, chance = data
    assert brier_score(truth, chance) == pytest.approx(
        sk.brier_score_loss(truth, chance), abs=1e-12
    )
    curve = reliability(truth, chance, bins)
    observed, predicted = calibration_curve(truth, chance, n_bins=bins)
    # scikit-learn puts a probability on an edge below it, we above; compare where none is.
    if not np.isin(chance, curve.edges[1:-1]).any():
        filled = curve.count > 0
        np.testing.assert_allclose(curve.observed[filled], observed, rtol=0, atol=1e-12)
        np.testing.assert_allclose(curve.predicted[filled], predicted, rtol=0, atol=1e-12)
    assert curve.count.sum() == len(truth)


def test_calibration_error_by_hand():
    chance = np.array([0.1, 0.1, 0.9, 0.9])
    truth = np.array([False, True, True, True])
    curve = reliability(truth, chance, bins=2)
    assert curve.count.tolist() == [2, 2]
    assert expected_calibration_error(curve) == pytest.approx(0.5 * 0.4 + 0.5 * 0.1, abs=1e-12)
    perfect = reliability(truth, truth.astype(float), bins=10)
    assert expected_calibration_error(perfect) == 0.0


def test_bins_of_equal_counts_follow_numpys_percentiles():
    chance = np.random.default_rng(1).random(1000)
    curve = reliability(chance < 0.3, chance, bins=4, equal_counts=True)
    assert curve.count.tolist() == [250, 250, 250, 250]
    np.testing.assert_array_equal(curve.edges, np.percentile(chance, [0, 25, 50, 75, 100]))


def test_one_class_or_no_report_is_nan():
    only = threshold_counts([False, False], [0.1, 0.2])
    assert np.isnan(area_under_roc(only)) and np.isnan(average_precision(only))
    assert true_positives_at(only, 1) is None and false_positives_at(only, 0) is None
    assert np.isnan(only.true_positive_rate).all()
    nothing = threshold_counts([], [])
    assert np.isnan(area_under_roc(nothing))
    assert np.isnan(brier_score([], []))
    assert np.isnan(expected_calibration_error(reliability([], [], 3)))
    assert average_precision(threshold_counts([True], [0.3])) == 1.0


def test_points_on_the_curves():
    counts = threshold_counts([True, False, True, False], [0.9, 0.8, 0.7, 0.1])
    # In counts (false, true): (0, 0), (0, 1), (1, 1), (1, 2), (2, 2).
    assert [true_positives_at(counts, fp) for fp in range(3)] == [1, 2, 2]
    assert [false_positives_at(counts, tp) for tp in range(4)] == [0, 0, 1, None]


def test_a_straight_roc_piece_is_a_curved_precision_recall_piece():
    tied = threshold_counts([True] * 10 + [False] * 90, [0.5] * 100)
    assert true_positives_at(tied, 27) == 3
    assert false_positives_at(tied, 3) == 27
    assert true_positives_at(tied, 1) == Fraction(1, 9)


@given(data=scored())
@settings(max_examples=60, deadline=None)
def test_heights_equal_the_hull_of_exact_segments(data):
    counts = threshold_counts(*data)
    points = list(zip(counts.false_positive.tolist(), counts.true_positive.tolist(), strict=True))
    segments = list(pairwise(points))
    for fp in range(counts.negatives + 1):
        heights = [Fraction(y) for x, y in points if x == fp]
        heights += [
            y + Fraction((fp - x) * (v - y), u - x) for (x, y), (u, v) in segments if x < fp < u
        ]
        assert true_positives_at(counts, fp) == max(heights)
    for tp in range(counts.positives + 1):
        widths = [Fraction(x) for x, y in points if y == tp]
        widths += [
            x + Fraction((tp - y) * (u - x), v - y) for (x, y), (u, v) in segments if y < tp < v
        ]
        assert false_positives_at(counts, tp) == min(widths)


@pytest.mark.parametrize(
    "call",
    [
        lambda: threshold_counts([True], [0.1, 0.2]),
        lambda: threshold_counts([True], [float("nan")]),
        lambda: brier_score([True], [1.2]),
        lambda: brier_score([True], [float("nan")]),
        lambda: brier_score([True], [0.5, 0.5]),
        lambda: reliability([True], [0.5], 0),
    ],
)
def test_wrong_arguments_are_errors(call):
    with pytest.raises(ValueError):
        call()
