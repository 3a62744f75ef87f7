from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from statsmodels.stats.multitest import multipletests

from lingula.challenge.comparing import (
    compare,
    delong_p_values,
    holm,
    rank_ranges,
    ranks,
    resampled_metric,
)
from lingula.metrics.bootstrap import paired_difference, resample_weights, units_of

RNG = np.random.default_rng(7)


def made(n=120, k=2, entries=4, levels=0):
    truth = RNG.random((n, k)) < 0.3
    scores = [truth * skill + RNG.normal(size=(n, k)) for skill in np.linspace(0.2, 2, entries)]
    if levels:
        scores = [np.round(each * levels) for each in scores]
    return truth, scores


@pytest.mark.parametrize("levels", [0, 1])
def test_delong_equals_mlstatkit(levels):
    delong = pytest.importorskip("MLstatkit").Delong_test
    truth, scores = made(levels=levels)
    found = delong_p_values(truth[:, 0], np.stack([each[:, 0] for each in scores]))
    for i, j in product(range(4), repeat=2):
        if i != j:
            first, second = scores[i][:, 0], scores[j][:, 0]
            other = delong(truth[:, 0].astype(int), first, second)[1]
            assert found[i, j] == pytest.approx(other, abs=1e-9)
    assert (np.diag(found) == 1).all()


def test_delong_by_its_definition():
    truth, scores = made(n=30, entries=2, levels=1)
    rows = np.stack([each[:, 0] for each in scores])
    positive, negative = rows[:, truth[:, 0]], rows[:, ~truth[:, 0]]
    order = np.sign(positive[:, :, None] - negative[:, None, :]) / 2 + 0.5
    first, second = order.mean(2), order.mean(1)
    gap = order.mean((1, 2))
    spread = np.cov(first) / positive.shape[1] + np.cov(second) / negative.shape[1]
    variance = spread[0, 0] + spread[1, 1] - 2 * spread[0, 1]
    wanted = math.erfc(abs(gap[0] - gap[1]) / math.sqrt(2 * variance))
    assert delong_p_values(truth[:, 0], rows)[0, 1] == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("levels", [0, 1])
@pytest.mark.parametrize("patients", [False, True])
def test_resampled_areas_are_scikit_learns_of_the_same_resamples(levels, patients):
    truth, scores = made(levels=levels)
    units = units_of(120, np.arange(120) // 2 if patients else None)
    found = resampled_metric(truth, scores, units, metric="auroc", resamples=20, seed=3)
    weights = np.concatenate(list(resample_weights(units, 20, 3)))
    for r, (at, which) in product(range(20), product(range(2), range(4))):
        area = roc_auc_score(truth[:, at], scores[which][:, at], sample_weight=weights[r])
        assert found[which, at, r] == pytest.approx(area, abs=1e-6)
    by_rank = resampled_metric(
        truth, scores, units, metric="average precision", resamples=3, seed=3
    )
    assert by_rank.shape == (4, 2, 3)


def test_normal_p_values_agree_with_percentiles():
    truth, scores = made(entries=3)
    found = compare(truth, scores, units_of(120), resamples=4000)
    for i, j in ((0, 1), (1, 2), (0, 2)):
        gap = found.means[j] - found.means[i]
        other = paired_difference(0.0, float(gap.mean()), gap).p_value
        assert found.p_values[i, j] == pytest.approx(other, abs=0.05)


def test_equal_entries_are_never_told_apart_and_share_a_rank():
    truth, scores = made(entries=2)
    found = compare(truth, [scores[0], scores[0] * 2 + 1, scores[1]], units_of(120), resamples=200)
    assert found.p_values[0, 1] == found.adjusted[0, 1] == found.delong[0, 0, 1] == 1
    assert ranks(np.array([0.9, 0.9, np.nan, 0.95])).tolist() == [2, 2, 4, 1]


@settings(max_examples=20)
@given(st.integers(2, 7), st.integers(0, 2**32 - 1))
def test_holm_equals_statsmodels(size, seed):
    values = np.random.default_rng(seed).random((size, size)) ** 3
    values = np.triu(values, 1) + np.triu(values, 1).T
    at = np.triu_indices(size, 1)
    assert holm(values)[at] == pytest.approx(multipletests(values[at], method="holm")[1])


def test_rank_ranges_exclude_only_what_the_test_excludes():
    means = np.array([0.9, 0.8, 0.7])
    adjusted = np.array([[1, 0.2, 0.01], [0.2, 1, 0.3], [0.01, 0.3, 1]])
    assert rank_ranges(means, adjusted) == [(1, 2), (1, 3), (2, 3)]
    assert rank_ranges(means, np.full((3, 3), np.nan)) == [(1, 3)] * 3
