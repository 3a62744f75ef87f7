"""CheXbert similarity: cosine of vectors, each pair once."""

from __future__ import annotations

import numpy as np
import pytest

from lingula.errors import InputError
from lingula.score import GenerationScore, chexbert_similarity, score_reports
from lingula.score.similarity import cosine


def test_cosine_equals_numpy_row_by_row():
    generator = np.random.default_rng(0)
    left, right = generator.normal(size=(2, 20, 7)).astype(np.float32)
    expected = [
        float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
        for a, b in zip(left.astype(float), right.astype(float), strict=True)
    ]
    np.testing.assert_allclose(cosine(left, right), expected, rtol=1e-12)


def test_cosine_is_zero_where_a_norm_is_zero_or_a_vector_is_missing():
    left = np.array([[0.0, 0.0], [1.0, 0.0], [np.nan, np.nan]])
    right = np.array([[1.0, 2.0], [0.0, 0.0], [1.0, 0.0]])
    np.testing.assert_array_equal(cosine(left, right), [0.0, 0.0, 0.0])


def test_opposite_and_parallel_vectors():
    np.testing.assert_allclose(cosine([[1.0, 2], [1, 2]], [[-2.0, -4], [3, 6]]), [-1.0, 1.0])


def test_similarity_is_a_score_with_rows(vectors, references, generated):
    metric = GenerationScore(vectors, similarity=True)
    metric.update(references, generated)
    scores = metric.compute(bootstrap=50)
    rows = metric.per_report()["chexbert_similarity"].to_numpy()
    assert scores.similarity == pytest.approx(rows.mean())
    expected = cosine(vectors.embed(references), vectors.embed(generated))
    np.testing.assert_allclose(rows, expected)
    last = scores.scores[-1]
    assert last.convention == "chexbert_similarity"
    assert last.lower <= last.value <= last.upper


def test_pairs_are_cut_into_calls(vectors, monkeypatch):
    monkeypatch.setattr("lingula.score.similarity.PAIRS_PER_CALL", 2)
    texts = ["abc", "bcd", "zero", "abc", "ab"]
    other = ["abd", "bcd", "abc", "abd", "cd"]
    told = []
    values = chexbert_similarity(vectors, texts, other, lambda done, n: told.append((done, n)))
    np.testing.assert_allclose(values, cosine(vectors.embed(texts), vectors.embed(other)))
    assert values[2] == 0.0
    assert told == [(2, 4), (4, 4)]


def test_rules_have_no_vectors(words, references, generated):
    with pytest.raises(InputError, match="needs a BERT labeler"):
        chexbert_similarity(words, references, generated)
    with pytest.raises(InputError, match="needs a BERT labeler"):
        GenerationScore(words, similarity=True)


def test_no_similarity_unless_asked(vectors, references, generated):
    assert score_reports(references, generated, vectors).similarity is None


def test_parts_with_and_without_similarity_do_not_merge(vectors, references, generated):
    metric = GenerationScore(vectors, similarity=True)
    metric.update(references, generated)
    plain = GenerationScore(vectors)
    plain.update(references, generated)
    with pytest.raises(InputError, match="the other has not"):
        metric.merge(plain)
    with pytest.raises(InputError, match="needs the texts"):
        metric.update_labels(vectors.label(references), vectors.label(generated))
