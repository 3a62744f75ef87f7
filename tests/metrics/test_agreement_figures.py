"""Kappa, Matthews correlation and CheXbert's evaluation against independent answers."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from statsmodels.stats.inter_rater import cohens_kappa

from lingula.labels import Label
from lingula.metrics.chexbert import chexbert_scores, chexbert_weights
from lingula.metrics.correlation import binary_confusion, matthews_correlation
from lingula.metrics.counts import binary_counts, confusion_matrices
from lingula.metrics.kappa import accuracy, cohen_kappa, mean_of_defined
from lingula.tables.label_match import match_label_tables
from lingula.tables.label_table import read_label_table

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def expected():
    return json.loads((DATA / "eval_expected.json").read_text())


@pytest.fixture(scope="module")
def tables():
    return match_label_tables(
        [read_label_table(DATA / f"eval_{name}.csv") for name in ("true", "pred")],
        by_row_order=True,
    ).tables


@pytest.fixture(scope="module")
def scores(tables):
    truth, predicted = (table.labels for table in tables)
    return chexbert_scores(
        confusion_matrices(truth.classes, predicted.classes),
        chexbert_weights(truth.classes, truth.schema.permits()),
        truth.schema.permits(),
    )


@st.composite
def class_columns(draw):
    size = draw(st.integers(2, 60))
    classes = draw(st.integers(2, 4))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return generator.integers(0, classes, (2, size))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("mention", "mention"),
        ("blank", "blank"),
        ("negation", "negation"),
        ("uncertainty", "uncertain"),
        ("positive", "positive"),
        ("weighted", "weighted"),
        ("kappa", "kappa"),
    ],
)
def test_equal_to_the_answers_of_chexberts_rules(scores, tables, expected, ours, theirs):
    schema = tables[0].labels.schema
    wanted = dict(zip(expected["conditions"], expected["metrics"][theirs], strict=True))
    values = getattr(scores, ours)
    for name, want in wanted.items():
        got = values[schema.index(name)]
        if want is None:
            assert np.isnan(got), name
        else:
            assert got == pytest.approx(want, abs=1e-9), name


def test_weights_and_means_equal_the_answers(scores, tables, expected):
    schema = tables[0].labels.schema
    for name, want in expected["weights"].items():
        np.testing.assert_allclose(scores.weights[schema.index(name)], want, rtol=0, atol=1e-9)
    macro = expected["macro"]
    for name in ("weighted", "mention", "positive", "blank"):
        assert getattr(scores, name).mean() == pytest.approx(macro[name], abs=1e-9)
    without = [schema.index("No Finding")]
    assert np.delete(scores.negation, without).mean() == pytest.approx(
        macro["negation_without_NoFinding"], abs=1e-9
    )
    without.append(schema.index("Support Devices"))
    assert np.delete(scores.uncertainty, without).mean() == pytest.approx(
        macro["uncertain_without_SupportDevices_NoFinding"], abs=1e-9
    )
    mean = mean_of_defined(scores.kappa)
    assert mean.left_out == 1 and 0.5 < mean.value < 0.7


def test_a_class_that_is_not_permitted_has_f1_zero():
    truth = np.array([[2], [1]])
    permits = np.array([[True, True, False, False]])
    weights = chexbert_weights(truth)
    free = chexbert_scores(confusion_matrices(truth, truth), weights)
    bound = chexbert_scores(confusion_matrices(truth, truth), weights, permits)
    assert free.negation[0] == 1 and bound.negation[0] == 0
    assert bound.weighted[0] == 0.5
    assert chexbert_weights(truth, permits).tolist() == [[0, 0, 1]]


@given(pair=class_columns())
@settings(max_examples=60, deadline=None)
def test_kappa_correlation_and_accuracy_equal_scikit_learn_and_statsmodels(pair):
    truth, predicted = pair
    confusion = confusion_matrices(truth[:, None], predicted[:, None])
    kappa = cohen_kappa(confusion)[0]
    if len(np.unique(pair)) == 1:
        assert np.isnan(kappa)
    else:
        assert kappa == pytest.approx(sk.cohen_kappa_score(truth, predicted), abs=1e-12)
        assert kappa == pytest.approx(cohens_kappa(confusion[0], return_results=False), abs=1e-12)
    correlation = matthews_correlation(confusion)[0]
    if min(len(np.unique(truth)), len(np.unique(predicted))) == 1:
        assert np.isnan(correlation)
    else:
        assert correlation == pytest.approx(sk.matthews_corrcoef(truth, predicted), abs=1e-12)
    assert accuracy(confusion)[0] == pytest.approx(sk.accuracy_score(truth, predicted), abs=1e-12)


def test_binary_correlation_from_counts_equals_the_phi_formula():
    generator = np.random.default_rng(5)
    truth, predicted = generator.random((2, 80, 3)) < 0.4
    counts = binary_counts(truth, predicted)
    got = matthews_correlation(binary_confusion(counts))
    tp, fp = counts.true_positive, counts.false_positive
    fn, tn = counts.false_negative, counts.true_negative
    want = (tp * tn - fp * fn) / np.sqrt(
        ((tp + fp) * (tp + fn)).astype(float) * ((tn + fp) * (tn + fn))
    )
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-12)


def test_flattened_kappa_hides_what_mean_kappa_shows():
    generator = np.random.default_rng(0)
    truth = np.where(generator.random((500, 2)) < [0.95, 0.05], Label.POSITIVE, Label.BLANK)
    lazy = np.tile([Label.POSITIVE, Label.BLANK], (500, 1))
    confusion = confusion_matrices(truth, lazy)
    assert cohen_kappa(confusion.sum(0)) > 0.85
    assert mean_of_defined(cohen_kappa(confusion)).value == 0.0


def test_a_mean_without_defined_figures_is_nan():
    mean = mean_of_defined(np.array([np.nan]))
    assert np.isnan(mean.value) and mean.left_out == 1
