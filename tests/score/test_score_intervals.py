"""Bootstrap intervals, against resamples scored one by one with scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

import lingula
from lingula.labels import Labels
from lingula.metrics.bootstrap import resample_weights, units_of
from lingula.score import Bootstrap, find_conventions, score_labels

SCHEMA = lingula.load_schema("chexpert14")


def tables(n=40):
    generator = np.random.default_rng(5)
    references = generator.choice(4, size=(n, 14), p=[0.5, 0.3, 0.1, 0.1]).astype(np.int8)
    other = generator.choice(4, size=(n, 14), p=[0.5, 0.3, 0.1, 0.1])
    generated = np.where(generator.random((n, 14)) < 0.6, references, other).astype(np.int8)
    return references, generated


def found(convention, **where):
    references, generated = tables()
    scores = score_labels(
        Labels(SCHEMA, references),
        Labels(SCHEMA, generated),
        find_conventions(convention),
        bootstrap=Bootstrap(60, 3),
    )
    return next(s for s in scores if all(getattr(s.figure, name) == v for name, v in where.items()))


def resamples(n=40):
    for block in resample_weights(units_of(n), 60, 3):
        for weights in block.astype(int):
            yield np.repeat(np.arange(n), weights)


@pytest.mark.parametrize(
    ("average", "word"),
    [
        ("micro", "micro"),
        ("macro", "macro"),
        ("weighted", "weighted"),
        ("example-based", "samples"),
    ],
)
def test_f1_intervals(average, word):
    references, generated = tables()
    true, guess = (np.isin(table, [1, 3]).astype(int) for table in (references, generated))
    values = [f1_score(true[r], guess[r], average=word, zero_division=0) for r in resamples()]
    score = found("f1chexbert", measure="f1", average=average, class_set="14")
    lower, upper = np.quantile(values, [0.025, 0.975])
    assert (score.lower, score.upper) == pytest.approx((lower, upper), rel=1e-12)


def test_exact_match_intervals():
    references, generated = tables()
    columns = [SCHEMA.index(n) for n in lingula.score.FIVE]
    same = np.isin(references, [1, 3])[:, columns] == np.isin(generated, [1, 3])[:, columns]
    values = [same[r].all(axis=1).mean() for r in resamples()]
    score = found("f1chexbert", measure="exact_match")
    assert (score.lower, score.upper) == pytest.approx(np.quantile(values, [0.025, 0.975]))


def test_auroc_intervals():
    references, generated = tables()
    column = SCHEMA.index("Edema")
    true, guess = references[:, column] == 1, generated[:, column] == 1
    values = [roc_auc_score(true[r], guess[r]) for r in resamples()]
    score = found("r2gen", measure="auroc", observation="Edema")
    assert (score.lower, score.upper) == pytest.approx(np.quantile(values, [0.025, 0.975]))


def test_another_seed_gives_other_intervals():
    references, generated = tables()
    labels = Labels(SCHEMA, references), Labels(SCHEMA, generated)
    conventions = find_conventions("wcl")
    ends = {
        tuple(s.lower for s in score_labels(*labels, conventions, bootstrap=Bootstrap(60, seed)))
        for seed in (1, 2)
    }
    assert len(ends) == 2
    again = score_labels(*labels, conventions, bootstrap=Bootstrap(60, 1))
    assert tuple(s.lower for s in again) in ends


def test_wider_confidence_gives_wider_intervals():
    references, generated = tables()
    labels = Labels(SCHEMA, references), Labels(SCHEMA, generated)
    conventions = find_conventions("wcl")
    narrow, wide = (
        score_labels(*labels, conventions, bootstrap=Bootstrap(200, 0, confidence))[0]
        for confidence in (0.5, 0.99)
    )
    assert wide.lower < narrow.lower < narrow.value < narrow.upper < wide.upper


def test_undefined_resamples_are_left_out_and_counted():
    references = np.zeros((6, 14), np.int8)
    references[0] = 1
    labels = Labels(SCHEMA, references)
    scores = score_labels(labels, labels, find_conventions("r2gen"), bootstrap=Bootstrap(100, 0))
    area = next(s for s in scores if s.figure.measure == "auroc" and s.figure.observation)
    assert "resamples, left out" in area.note
    assert (area.lower, area.value, area.upper) == (1.0, 1.0, 1.0)


def test_an_undefined_figure_has_no_interval():
    labels = Labels(SCHEMA, np.zeros((6, 14), np.int8))
    scores = score_labels(labels, labels, find_conventions("r2gen"), bootstrap=Bootstrap(10, 0))
    areas = [s for s in scores if s.figure.measure == "auroc"]
    assert all(np.isnan(s.value) and s.lower is None and s.upper is None for s in areas)
