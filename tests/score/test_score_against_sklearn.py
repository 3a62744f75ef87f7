"""Every convention's figures, against scikit-learn fed as each convention's source feeds it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import (
    accuracy_score,
    classification_report,
    f1_score,
    precision_recall_fscore_support,
    precision_score,
    recall_score,
    roc_auc_score,
)

import lingula
from lingula.labels import Labels
from lingula.score import FIVE, FOURTEEN, find_conventions, score_labels
from lingula.score.provenance import Provenance
from lingula.score.result import GenerationScores

SCHEMA = lingula.load_schema("chexpert14")
FIVE_COLUMNS = [FOURTEEN.index(name) for name in FIVE]
CLOSE = {"rel": 1e-12, "abs": 1e-12}


def scores_of(convention: str, references: np.ndarray, generated: np.ndarray) -> GenerationScores:
    scores = score_labels(
        Labels(SCHEMA, references), Labels(SCHEMA, generated), find_conventions(convention)
    )
    return GenerationScores(scores, len(references), Provenance("", None, "", "", ()))


def ones(classes: np.ndarray) -> np.ndarray:
    return np.isin(classes, [1, 3]).astype(int)


def zeros(classes: np.ndarray) -> np.ndarray:
    return (classes == 1).astype(int)


def random_tables(seed: int, n: int, rare: bool = False) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    chances = [0.96, 0.02, 0.01, 0.01] if rare else [0.5, 0.25, 0.15, 0.1]
    references = generator.choice(4, size=(n, 14), p=chances)
    other = generator.choice(4, size=(n, 14), p=chances)
    generated = np.where(generator.random((n, 14)) < 0.6, references, other)
    return references.astype(np.int8), generated.astype(np.int8)


TABLES = [
    pytest.param(*random_tables(1, 200), id="usual"),
    pytest.param(*random_tables(2, 40, rare=True), id="rare"),
    pytest.param(np.zeros((5, 14), np.int8), np.zeros((5, 14), np.int8), id="all blank"),
    pytest.param(*random_tables(3, 1), id="one report"),
    pytest.param(np.zeros((9, 14), np.int8), random_tables(4, 9)[1], id="nothing true"),
]
each_table = pytest.mark.parametrize(("references", "generated"), TABLES)


@each_table
def test_f1chexbert_equals_the_classification_report(references, generated):
    check_f1chexbert(references, generated)


class_tables = st.integers(1, 12).flatmap(
    lambda n: st.tuples(*[arrays(np.int8, (n, 14), elements=st.integers(0, 3)) for _ in range(2)])
)


@given(class_tables)
@settings(max_examples=25, deadline=None)
def test_f1chexbert_on_any_table(tables):
    check_f1chexbert(*tables)


def check_f1chexbert(references, generated):
    scores = scores_of("f1chexbert", references, generated)
    for class_set, columns, names in (
        ("14", list(range(14)), FOURTEEN),
        ("5", FIVE_COLUMNS, FIVE),
    ):
        report = classification_report(
            ones(references)[:, columns],
            ones(generated)[:, columns],
            target_names=list(names),
            output_dict=True,
            zero_division=0,
        )
        for word, average in (
            ("micro", "micro"),
            ("macro", "macro"),
            ("weighted", "weighted"),
            ("samples", "example-based"),
        ):
            for there, measure in (
                ("precision", "precision"),
                ("recall", "recall"),
                ("f1-score", "f1"),
            ):
                assert scores.value(
                    "f1chexbert", measure, average=average, class_set=class_set
                ) == pytest.approx(report[f"{word} avg"][there], **CLOSE)
        for name in names:
            value = scores.value(
                "f1chexbert", average="per-observation", class_set=class_set, observation=name
            )
            assert value == pytest.approx(report[name]["f1-score"], **CLOSE)
        supports = {
            s.figure.observation: s.support
            for s in scores.of("f1chexbert")
            if s.figure.class_set == class_set and s.figure.observation
        }
        assert supports == {name: report[name]["support"] for name in names}
    assert scores.value(
        "f1chexbert", "exact_match", average="example-based", class_set="5"
    ) == pytest.approx(
        accuracy_score(ones(references)[:, FIVE_COLUMNS], ones(generated)[:, FIVE_COLUMNS])
    )


@each_table
def test_radeval(references, generated):
    scores = scores_of("radeval", references, generated)
    for class_set, columns in (("14", list(range(14))), ("5", FIVE_COLUMNS)):
        true, guess = ones(references)[:, columns], ones(generated)[:, columns]
        for average in ("micro", "macro", "weighted"):
            assert scores.value("radeval", average=average, class_set=class_set) == pytest.approx(
                f1_score(true, guess, average=average, zero_division=0), **CLOSE
            )
        assert scores.value(
            "radeval", "accuracy", average="example-based", class_set=class_set
        ) == pytest.approx((true == guess).mean(axis=1).mean(), **CLOSE)


@each_table
def test_ifcc_with_uncertain_as_positive(references, generated):
    scores = scores_of("ifcc", references, generated)
    true, guess = ones(references), ones(generated)
    expected = precision_recall_fscore_support(
        true[:, FIVE_COLUMNS].ravel(),
        guess[:, FIVE_COLUMNS].ravel(),
        labels=[1],
        average="micro",
        zero_division=0,
    )
    check_prf(scores, "ifcc", expected, class_set="5", uncertain="ones")
    assert scores.value("ifcc", "accuracy", class_set="5", uncertain="ones") == pytest.approx(
        accuracy_score(true[:, FIVE_COLUMNS].ravel(), guess[:, FIVE_COLUMNS].ravel())
    )
    for column, name in enumerate(FOURTEEN):
        expected = precision_recall_fscore_support(
            true[:, column], guess[:, column], labels=[1], average="micro", zero_division=0
        )
        options = {"average": "per-observation", "observation": name, "uncertain": "ones"}
        check_prf(scores, "ifcc", expected, **options)


@each_table
def test_ifcc_with_uncertain_as_its_own_class(references, generated):
    scores = scores_of("ifcc", references, generated)
    true = np.where(references == 2, 0, references)
    guess = np.where(generated == 2, 0, generated)
    options = {"labels": [1, 3], "average": "micro", "zero_division": 0}
    five = true[:, FIVE_COLUMNS].ravel(), guess[:, FIVE_COLUMNS].ravel()
    expected = precision_recall_fscore_support(*five, **options)
    check_prf(scores, "ifcc", expected, class_set="5", uncertain="multiclass")
    assert scores.value("ifcc", "accuracy", class_set="5", uncertain="multiclass") == pytest.approx(
        accuracy_score(*five), **CLOSE
    )
    for column, name in enumerate(FOURTEEN):
        expected = precision_recall_fscore_support(true[:, column], guess[:, column], **options)
        where = {"average": "per-observation", "observation": name, "uncertain": "multiclass"}
        check_prf(scores, "ifcc", expected, **where)
        assert scores.value("ifcc", "accuracy", **where) == pytest.approx(
            accuracy_score(true[:, column], guess[:, column]), **CLOSE
        )


@each_table
def test_r2gen(references, generated):
    scores = scores_of("r2gen", references, generated)
    true, guess = zeros(references), zeros(generated)
    areas = []
    for column, name in enumerate(FOURTEEN):
        area = scores.value("r2gen", "auroc", average="per-observation", observation=name)
        if len(set(true[:, column])) == 1:
            assert np.isnan(area)
        else:
            assert area == pytest.approx(roc_auc_score(true[:, column], guess[:, column]), **CLOSE)
        areas.append(area)
    mean = scores.value("r2gen", "auroc", average="macro")
    assert mean == pytest.approx(np.mean(areas), nan_ok=True, **CLOSE)
    for measure, function in (
        ("precision", precision_score),
        ("recall", recall_score),
        ("f1", f1_score),
    ):
        for average in ("macro", "micro"):
            assert scores.value("r2gen", measure, average=average) == pytest.approx(
                function(true, guess, average=average, zero_division=0), **CLOSE
            )


@each_table
def test_wcl_is_the_mean_of_binary_figures(references, generated):
    scores = scores_of("wcl", references, generated)
    true, guess = ones(references), ones(generated)
    each = [
        precision_recall_fscore_support(t, g, average="binary", zero_division=0)[:3]
        for t, g in zip(true.T, guess.T, strict=True)
    ]
    check_prf(scores, "wcl", np.mean(np.array(each, dtype=float), axis=0), average="macro")
    assert scores.value("wcl", "accuracy", average="macro") == pytest.approx(
        np.mean([accuracy_score(t, g) for t, g in zip(true.T, guess.T, strict=True)]), **CLOSE
    )


@each_table
def test_cvt2distilgpt2(references, generated):
    scores = scores_of("cvt2distilgpt2", references, generated)
    true, guess = zeros(references), zeros(generated)
    for average, word in (("macro", "macro"), ("micro", "micro"), ("example-based", "samples")):
        expected = precision_recall_fscore_support(true, guess, average=word, zero_division=0)
        check_prf(scores, "cvt2distilgpt2", expected, average=average)


@each_table
def test_rgrg_mixes_two_mappings(references, generated):
    scores = scores_of("rgrg", references, generated)
    for class_set, columns in (("14", list(range(14))), ("5", FIVE_COLUMNS)):
        true, guess = ones(references)[:, columns], ones(generated)[:, columns]
        expected = precision_recall_fscore_support(
            true.ravel(), guess.ravel(), average="binary", zero_division=0
        )
        check_prf(scores, "rgrg", expected, class_set=class_set)
        assert scores.value("rgrg", "accuracy", class_set=class_set) == pytest.approx(
            accuracy_score(true.ravel(), guess.ravel()), **CLOSE
        )
        true, guess = zeros(references)[:, columns], zeros(generated)[:, columns]
        expected = precision_recall_fscore_support(true, guess, average="samples", zero_division=0)
        check_prf(scores, "rgrg", expected, average="example-based", class_set=class_set)
        assert scores.value(
            "rgrg", "accuracy", average="example-based", class_set=class_set
        ) == pytest.approx((true == guess).mean(axis=1).mean(), **CLOSE)


def check_prf(scores, convention, expected, **where):
    for measure, value in zip(("precision", "recall", "f1"), expected, strict=False):
        assert scores.value(convention, measure, **where) == pytest.approx(value, **CLOSE)


def test_the_conventions_disagree_on_one_prediction():
    references, generated = random_tables(7, 300)
    scores = scores_of("all", references, generated)
    assert len(scores.conventions) == 7
    micro = {round(s.value, 6) for s in scores.scores if s.figure.measure == "f1"}
    assert len(micro) > 20


def test_columns_are_found_by_name_not_by_place(schema):
    references, generated = random_tables(8, 50)
    turned = lingula.Schema("turned", tuple(reversed(schema.observations)))
    kept = score_labels(
        Labels(schema, references), Labels(schema, generated), find_conventions("all")
    )
    moved = score_labels(
        Labels(turned, references[:, ::-1]),
        Labels(turned, generated[:, ::-1]),
        find_conventions("all"),
    )
    np.testing.assert_array_equal([s.value for s in kept], [s.value for s in moved])


def test_no_warning_on_undefined_figures():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores_of("all", np.zeros((3, 14), np.int8), np.zeros((3, 14), np.int8))
