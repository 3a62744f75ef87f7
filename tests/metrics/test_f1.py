"""Counts, precision, recall and F1 against scikit-learn, over random tables."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sk

from lingula.metrics.counts import Task, binary_counts, confusion_matrices, one_vs_rest
from lingula.metrics.f1 import (
    Average,
    averaged,
    exact_match,
    nan_mean,
    per_class,
    per_sample,
    samples_average,
    task_scores,
    undefined,
)

TOLERANCE = {"rtol": 0, "atol": 1e-12}
ZERO_DIVISIONS = [0.0, 1.0, float("nan")]


@st.composite
def boolean_pairs(draw, min_columns=2):
    shape = (draw(st.integers(1, 30)), draw(st.integers(min_columns, 6)))
    # Sparse tables make empty rows and columns, where the zero-division rules act.
    density = draw(st.sampled_from([0.05, 0.3, 0.7]))
    seed = draw(st.integers(0, 2**32 - 1))
    generator = np.random.default_rng(seed)
    return generator.random(shape) < density, generator.random(shape) < density


@st.composite
def class_pairs(draw):
    shape = (draw(st.integers(1, 40)), draw(st.integers(1, 5)))
    classes = hnp.arrays(np.int8, shape, elements=st.integers(0, 3))
    return draw(classes), draw(classes)


def reference(truth, predicted, average, zero_division):
    return sk.precision_recall_fscore_support(
        truth, predicted, average=average, zero_division=zero_division
    )[:3]


@pytest.mark.parametrize("zero_division", ZERO_DIVISIONS)
@given(pair=boolean_pairs())
@settings(max_examples=25, deadline=None)
def test_every_average_equals_scikit_learn(zero_division, pair):
    truth, predicted = pair
    counts = binary_counts(truth, predicted)
    ours = {
        average.value: averaged(counts, average, zero_division) for average in list(Average)[:3]
    }
    ours["samples"] = samples_average(truth, predicted, zero_division=zero_division)
    ours[None] = per_class(counts, zero_division)
    for average, scores in ours.items():
        expected = reference(truth, predicted, average, zero_division)
        for got, want in zip((scores.precision, scores.recall, scores.f1), expected, strict=True):
            np.testing.assert_allclose(got, want, **TOLERANCE, err_msg=str(average))


@given(pair=boolean_pairs())
@settings(max_examples=50, deadline=None)
def test_counts_equal_scikit_learn(pair):
    truth, predicted = pair
    counts = binary_counts(truth, predicted)
    matrices = sk.multilabel_confusion_matrix(truth, predicted)
    np.testing.assert_array_equal(counts.true_negative, matrices[:, 0, 0])
    np.testing.assert_array_equal(counts.false_positive, matrices[:, 0, 1])
    np.testing.assert_array_equal(counts.false_negative, matrices[:, 1, 0])
    np.testing.assert_array_equal(counts.true_positive, matrices[:, 1, 1])
    np.testing.assert_array_equal(counts.total, len(truth))
    assert exact_match(truth, predicted) == pytest.approx(
        sk.accuracy_score(truth, predicted), abs=1e-12
    )


@given(pair=class_pairs())
@settings(max_examples=15, deadline=None)
def test_tasks_from_confusion_matrices_equal_scikit_learn(pair):
    truth, predicted = pair
    confusion = confusion_matrices(truth, predicted)
    for column in range(truth.shape[1]):
        expected = sk.confusion_matrix(truth[:, column], predicted[:, column], labels=range(4))
        np.testing.assert_array_equal(confusion[column], expected)
    for task in Task:
        scores = task_scores(truth, predicted, task)
        yes = [int(label) for label in task.value]
        for column in range(truth.shape[1]):
            want = sk.f1_score(
                np.isin(truth[:, column], yes), np.isin(predicted[:, column], yes), zero_division=0
            )
            assert scores.f1[column] == pytest.approx(want, abs=1e-12)


@given(pair=class_pairs())
@settings(max_examples=30, deadline=None)
def test_one_vs_rest_equals_counting_the_booleans(pair):
    truth, predicted = pair
    confusion = confusion_matrices(truth, predicted)
    for task in Task:
        yes = [int(label) for label in task.value]
        want = binary_counts(np.isin(truth, yes), np.isin(predicted, yes))
        got = one_vs_rest(confusion, task)
        for name in ("true_positive", "false_positive", "false_negative", "true_negative"):
            np.testing.assert_array_equal(getattr(got, name), getattr(want, name))


@given(pair=boolean_pairs(), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_cells_that_are_not_counted_change_nothing(pair, seed):
    truth, predicted = pair
    counted = np.random.default_rng(seed).random(truth.shape) < 0.6
    counts = binary_counts(truth, predicted, counted)
    flipped = np.where(counted, predicted, ~predicted)
    again = binary_counts(truth, flipped, counted)
    np.testing.assert_array_equal(counts.total, counted.sum(0))
    np.testing.assert_array_equal(counts.true_positive, again.true_positive)
    np.testing.assert_array_equal(counts.false_positive, again.false_positive)
    for column in range(truth.shape[1]):
        rows = counted[:, column]
        alone = binary_counts(
            truth[rows, column : column + 1], predicted[rows, column : column + 1]
        )
        assert alone.false_negative[0] == counts.false_negative[column]
    np.testing.assert_array_equal(
        per_sample(truth, predicted, counted).f1, per_sample(truth, flipped, counted).f1
    )


def test_a_leading_axis_of_resamples_is_kept():
    generator = np.random.default_rng(3)
    truth, predicted = generator.integers(0, 4, (2, 50, 3))
    confusion = confusion_matrices(truth, predicted)
    stacked = one_vs_rest(np.stack([confusion, 2 * confusion]), Task.MENTION)
    assert stacked.support.shape == (2, 3)
    for average in (Average.MICRO, Average.MACRO, Average.WEIGHTED):
        scores = averaged(stacked, average)
        assert scores.f1.shape == (2,)
        assert scores.f1[0] == pytest.approx(scores.f1[1], abs=1e-15)


def test_undefined_says_which_denominators_are_zero():
    truth = [[0, 1, 0], [0, 1, 0]]
    predicted = [[0, 0, 1], [0, 0, 1]]
    flags = undefined(binary_counts(truth, predicted))
    assert flags.precision.tolist() == [True, True, False]
    assert flags.recall.tolist() == [True, False, True]
    assert flags.f1.tolist() == [True, False, False]


def test_nan_mean_without_any_figure_is_nan():
    assert np.isnan(nan_mean(np.array([np.nan, np.nan])))
    assert nan_mean(np.array([np.nan, 2.0, 4.0]), np.array([1, 0, 0])) == 3.0


@pytest.mark.parametrize(
    "call",
    [
        lambda: binary_counts([[1, 0]], [[1]]),
        lambda: binary_counts([1, 0], [1, 0]),
        lambda: confusion_matrices([[4]], [[0]]),
        lambda: confusion_matrices([[0]], [[-1]]),
        lambda: per_class(binary_counts([[1]], [[1]]), zero_division=0.5),
        lambda: averaged(binary_counts([[1]], [[1]]), "samples"),
        lambda: averaged(binary_counts([[1]], [[1]]), "median"),
        lambda: per_sample([[1]], [[1, 0]]),
    ],
)
def test_wrong_arguments_are_errors(call):
    with pytest.raises(ValueError):
        call()
