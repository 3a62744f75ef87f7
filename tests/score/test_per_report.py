"""Scores of single reports."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

import lingula
from lingula.labels import Labels
from lingula.score import FIVE, FOURTEEN, GenerationScore, find_conventions
from lingula.score.per_report import per_report_table

SCHEMA = lingula.load_schema("chexpert14")


def random_labels(seed, n=30):
    generator = np.random.default_rng(seed)
    return Labels(SCHEMA, generator.choice(4, size=(n, 14), p=[0.6, 0.2, 0.1, 0.1]).astype(np.int8))


@pytest.mark.parametrize(
    ("convention", "policy", "positive"), [("radeval", "ones", [1, 3]), ("r2gen", "zeros", [1])]
)
def test_equal_to_scikit_learn_report_by_report(convention, policy, positive):
    references, generated = random_labels(1), random_labels(2)
    ids = [str(i) for i in range(len(references))]
    table = per_report_table(ids, references, generated, find_conventions(convention))
    for class_set, names in (("14", FOURTEEN), ("5", FIVE)):
        columns = [SCHEMA.index(name) for name in names]
        true, guess = (np.isin(t.classes[:, columns], positive) for t in (references, generated))
        expected = [f1_score(a, b, zero_division=0) for a, b in zip(true, guess, strict=True)]
        np.testing.assert_allclose(table[f"f1_{class_set}_{policy}"], expected, rtol=1e-12)
        accuracy = table[f"label_accuracy_{class_set}_{policy}"]
        np.testing.assert_allclose(accuracy, (true == guess).mean(axis=1))
    # The loop ended with the five.
    exact = table[f"exact_match_5_{policy}"]
    np.testing.assert_array_equal(exact, (true == guess).all(axis=1))


def test_means_are_the_conventions_figures(words, references, generated):
    metric = GenerationScore(words, conventions="all")
    metric.update(references, generated)
    scores, rows = metric.compute(), metric.per_report()

    def mean(name):
        return rows[name].to_numpy().mean()

    where = {"average": "example-based"}
    assert mean("f1_14_ones") == pytest.approx(scores.value("f1chexbert", **where))
    assert mean("f1_14_zeros") == pytest.approx(scores.value("cvt2distilgpt2", **where))
    assert mean("exact_match_5_ones") == pytest.approx(
        scores.value("f1chexbert", "exact_match", class_set="5", **where)
    )
    assert mean("label_accuracy_14_ones") == pytest.approx(
        scores.value("radeval", "accuracy", class_set="14", **where)
    )
    assert mean("label_accuracy_5_ones") == pytest.approx(
        scores.value("radeval", "accuracy", class_set="5", **where)
    )


def test_missed_and_spurious_findings_are_named(words):
    metric = GenerationScore(words, conventions="rgrg")
    metric.update(
        ["Effusion. Possible edema.", "Clear."], ["Effusion. Fracture.", "Clear."], ids=["a", "b"]
    )
    first, second = metric.per_report().to_pylist()
    assert first["id"] == "a"
    assert first["missed_ones"] == ["Edema"]
    assert first["missed_zeros"] == []
    assert first["spurious_ones"] == first["spurious_zeros"] == ["Fracture"]
    assert second["missed_ones"] == second["spurious_ones"] == []


def test_columns_follow_the_conventions_policies():
    labels = random_labels(3)
    ids = [str(i) for i in range(len(labels))]
    ones = per_report_table(ids, labels, labels, find_conventions("radeval"))
    zeros = per_report_table(ids, labels, labels, find_conventions("r2gen"))
    assert [name for name in ones.column_names if name.endswith("zeros")] == []
    assert [name for name in zeros.column_names if name.endswith("ones")] == []
    both = per_report_table(ids, labels, labels, find_conventions("all"))
    assert set(ones.column_names) | set(zeros.column_names) == set(both.column_names)


def test_rows_are_numbered_without_ids(words, references, generated):
    metric = GenerationScore(words)
    metric.update(references, generated)
    assert metric.per_report()["id"].to_pylist() == ["1", "2", "3", "4", "5", "6"]
