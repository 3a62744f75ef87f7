"""A CheXbert checkpoint from end to end, against labels and vectors of CheXbert's own code."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import classification_report, f1_score

import lingula
from lingula.score import FIVE, GenerationScore

torch = pytest.importorskip("torch")

# 154 reports written for tests, a small random model, and what the original answers for it.
DATA = Path(__file__).parents[1] / "bert" / "data"
PAIRS = 77


@pytest.fixture(scope="module")
def answers() -> tuple[list[str], list[str], np.ndarray, np.ndarray]:
    """Texts, observations in the original's order, labels (NaN is blank), vectors."""
    rows = list(csv.reader(io.StringIO((DATA / "labeled_reports.csv").read_text("utf-8"))))
    values = np.array([[float(cell or "nan") for cell in row[1:]] for row in rows[1:]])
    vectors = np.load(DATA / "cls_embeddings.npy")
    return [row[0] for row in rows[1:]], rows[0][1:], values, vectors


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    stored = dict(np.load(DATA / "chexbert_tiny.npz"))
    rows, values = stored.pop("word_rows"), stored.pop("word_values")
    words = np.zeros((30522, values.shape[1]), dtype=np.float32)
    words[rows] = values
    stored["bert.embeddings.word_embeddings.weight"] = words
    state = {f"module.{name}": torch.from_numpy(array) for name, array in stored.items()}
    shutil.copy(DATA / "config.json", folder / "config.json")
    torch.save({"epoch": 1, "model_state_dict": state}, folder / "chexbert.pth")
    return folder / "chexbert.pth"


def test_scores_equal_those_of_the_originals_labels(checkpoint, answers):
    texts, names, values, vectors = answers
    metric = GenerationScore(lingula.load(checkpoint), conventions="all", similarity=True)
    metric.update(texts[:PAIRS], texts[PAIRS:])
    scores = metric.compute()
    true, guess = values[:PAIRS], values[PAIRS:]

    ones = [np.isin(table, [1, -1]).astype(int) for table in (true, guess)]
    report = classification_report(*ones, target_names=names, output_dict=True, zero_division=0)
    for average in ("micro", "macro", "weighted"):
        expected = report[f"{average} avg"]["f1-score"]
        assert scores.value("f1chexbert", average=average) == pytest.approx(expected, rel=1e-12)
        assert scores.value("radeval", average=average) == pytest.approx(expected, rel=1e-12)
    five = [names.index(name) for name in FIVE]
    assert scores.value(
        "f1chexbert", "exact_match", average="example-based", class_set="5"
    ) == pytest.approx((ones[0][:, five] == ones[1][:, five]).all(axis=1).mean())
    zeros = [(table == 1).astype(int) for table in (true, guess)]
    assert scores.value("r2gen", average="macro") == pytest.approx(
        f1_score(*zeros, average="macro", zero_division=0), rel=1e-12
    )

    a, b = vectors[:PAIRS].astype(float), vectors[PAIRS:].astype(float)
    cosines = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    rows = metric.per_report()["chexbert_similarity"].to_numpy()
    np.testing.assert_allclose(rows, cosines, atol=1e-5)
    assert scores.similarity == pytest.approx(cosines.mean(), abs=1e-5)


def test_the_command_names_the_checkpoint(checkpoint, answers, tmp_path):
    from click.testing import CliRunner

    from lingula.cli.score import command
    from lingula.score.provenance import file_sha256

    texts = answers[0]
    for name, part in (("ref.jsonl", texts[:8]), ("gen.jsonl", texts[8:16])):
        lines = [json.dumps({"id": row, "text": text}) for row, text in enumerate(part)]
        (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
    paths = [str(tmp_path / name) for name in ("ref.jsonl", "gen.jsonl")]
    options = ["--labeler", str(checkpoint), "--similarity", "--json", "-"]
    result = CliRunner().invoke(command, [*paths, *options], catch_exceptions=False)
    found = json.loads(result.stdout)
    assert found["labeler_sha256"] == file_sha256(checkpoint)
    assert "torch" in found["versions"]
    assert found["scores"][-1]["convention"] == "chexbert_similarity"
