"""Readers: votes, operating points, curves that pass above or below them, and agreement."""

import sys
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from lingula.errors import MissingExtraError
from lingula.metrics.curves import threshold_counts
from lingula.metrics.reader_agreement import pairwise_kappa, reader_agreement
from lingula.metrics.readers import (
    is_below_precision_recall,
    is_below_roc,
    majority_vote,
    operating_point,
)


def test_majority_of_odd_and_even_numbers_of_readers():
    votes = np.array([[[1, 1]], [[1, 0]], [[0, 0]]], bool)
    odd = majority_vote(votes)
    assert odd.positive.tolist() == [[True, False]] and odd.ties.tolist() == [0, 0]
    even = majority_vote(votes[:2])
    assert even.positive.tolist() == [[True, False]] and even.ties.tolist() == [0, 1]
    for wrong in (np.zeros((0, 1, 1)), np.zeros((2, 2))):
        with pytest.raises(ValueError, match="ratings have shape"):
            majority_vote(wrong)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_operating_points_equal_scikit_learn(seed):
    truth, rating = np.random.default_rng(seed).random((2, 30, 1)) < 0.4
    point = operating_point(truth, rating)
    t, r = truth[:, 0], rating[:, 0]
    for value, want, defined in (
        (point.sensitivity, sk.recall_score(t, r, zero_division=0), t.any()),
        (point.specificity, sk.recall_score(~t, ~r, zero_division=0), (~t).any()),
        (point.precision, sk.precision_score(t, r, zero_division=0), r.any()),
    ):
        if defined:
            assert value[0] == pytest.approx(want, abs=1e-12)
        else:
            assert np.isnan(value[0])


def test_points_below_on_and_above_the_curves():
    curve = threshold_counts([True, False, True, False], [0.9, 0.8, 0.7, 0.1])
    assert is_below_roc(curve, true_positive=0, false_positive=0) is True
    assert is_below_roc(curve, true_positive=1, false_positive=0) is False
    assert is_below_roc(curve, true_positive=1, false_positive=1) is True
    assert is_below_precision_recall(curve, true_positive=2, false_positive=2) is True
    assert is_below_precision_recall(curve, true_positive=2, false_positive=1) is False
    assert is_below_precision_recall(curve, true_positive=0, false_positive=0) is None
    assert is_below_precision_recall(curve, true_positive=0, false_positive=1) is True
    one_class = threshold_counts([True, True], [0.2, 0.3])
    assert is_below_roc(one_class, 1, 0) is None
    assert is_below_precision_recall(one_class, 1, 0) is None
    assert is_below_precision_recall(one_class, 0, 1) is None


def test_a_point_at_a_threshold_of_the_curve_is_met_there_and_not_beyond():
    # 15 / 29 * 29 > 15 in floating point, which took the segment after the one that ends at 15.
    truth = [True] * 15 + [False] * 20 + [True] * 14 + [False] * 400
    curve = threshold_counts(truth, np.arange(len(truth), 0, -1))
    assert is_below_precision_recall(curve, true_positive=15, false_positive=1) is True
    assert is_below_precision_recall(curve, true_positive=15, false_positive=0) is False
    assert is_below_precision_recall(curve, true_positive=16, false_positive=20) is False
    assert is_below_precision_recall(curve, true_positive=16, false_positive=21) is True


@given(data=st.data(), positives=st.integers(1, 40), negatives=st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_comparisons_equal_those_of_exact_fractions(data, positives, negatives):
    truth = np.arange(positives + negatives) < positives
    scores = data.draw(
        st.lists(st.integers(0, 12), min_size=len(truth), max_size=len(truth)), label="scores"
    )
    curve = threshold_counts(truth, scores)
    tp = data.draw(st.integers(0, positives), label="tp")
    fp = data.draw(st.integers(0, negatives), label="fp")
    points = [
        (Fraction(int(x), negatives), Fraction(int(y), positives))
        for x, y in zip(curve.false_positive, curve.true_positive, strict=True)
    ]
    # Every point that mixing two neighbouring thresholds reaches: at the reader's false positive
    # rate for ROC, at the reader's recall for precision and recall.
    rate, recall = Fraction(fp, negatives), Fraction(tp, positives)
    heights = [y for x, y in points if x == rate]
    rates = [x for x, y in points if y == recall]
    for (x, y), (u, v) in pairwise(points):
        if x < rate < u:
            heights.append(y + (rate - x) / (u - x) * (v - y))
        if y < recall < v:
            rates.append(x + (recall - y) / (v - y) * (u - x))
    assert is_below_roc(curve, tp, fp) is (recall < max(heights))
    if tp:
        precision = Fraction(tp, tp + fp)
        best = max(tp / (tp + negatives * x) for x in rates)
        assert is_below_precision_recall(curve, tp, fp) is (precision < best)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_the_models_own_operating_points_are_below_its_curve_only_where_it_beats_itself(seed):
    generator = np.random.default_rng(seed)
    truth = generator.random(40) < 0.5
    truth[:2] = True, False
    scores = generator.integers(0, 10, 40) / 10
    curve = threshold_counts(truth, scores)
    for threshold in np.unique(scores):
        point = operating_point(truth[:, None], (scores >= threshold)[:, None])
        tp, fp = int(point.counts.true_positive[0]), int(point.counts.false_positive[0])
        assert point.false_positive_rate[0] == pytest.approx(1 - point.specificity[0], abs=1e-12)
        beaten = curve.true_positive[curve.false_positive == fp].max() > tp
        assert is_below_roc(curve, tp, fp) is bool(beaten)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_agreement_of_two_readers_follows_the_definitions(seed):
    generator = np.random.default_rng(seed)
    a, b = generator.integers(0, 2, (2, 25, 1)).astype(np.int8)
    if len(np.unique([a, b])) == 1:
        return
    result = reader_agreement([a, b])
    disagreement = float((a != b).mean())
    share = float(np.concatenate([a, b]).mean())
    chance = 2 * share * (1 - share)
    # Scott's pi is Fleiss' kappa of two; Krippendorff's chance draws without replacement.
    assert result.fleiss[0] == pytest.approx(1 - disagreement / chance, abs=1e-9)
    assert result.krippendorff[0] == pytest.approx(1 - disagreement / (chance * 50 / 49), abs=1e-9)
    assert result.cohen[0, 0] == pytest.approx(sk.cohen_kappa_score(a[:, 0], b[:, 0]), abs=1e-12)


def test_every_pair_and_a_class_that_nobody_leaves():
    generator = np.random.default_rng(1)
    readers = list(generator.integers(0, 2, (3, 20, 2)).astype(np.int8))
    for reader in readers:
        reader[:, 1] = 0
    result = reader_agreement(readers)
    assert result.pairs == ((0, 1), (0, 2), (1, 2))
    assert pairwise_kappa(readers).shape == (3, 2)
    assert np.isnan(result.fleiss[1]) and np.isnan(result.krippendorff[1])
    assert np.isnan(result.cohen[:, 1]).all() and not np.isnan(result.cohen[:, 0]).any()
    with pytest.raises(ValueError, match="at least two"):
        reader_agreement(readers[:1])


def test_a_missing_library_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "krippendorff", None)
    readers = [np.zeros((2, 1), np.int8)] * 2
    with pytest.raises(MissingExtraError, match=r"lingula\[agreement\]"):
        reader_agreement(readers)
