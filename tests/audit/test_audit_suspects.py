"""Suspect labels: planted mistakes are found, and what cannot be judged is said."""

from __future__ import annotations

import csv

import numpy as np
from click.testing import CliRunner

from lingula.audit import AuditInput, AuditOptions
from lingula.audit.checks.suspects import SuspectLabels
from lingula.cli import cli
from lingula.labels import Labels
from lingula.schemas import load_schema

SCHEMA = load_schema("chexpert14").restrict(["Edema", "Fracture"])


def made(seed=0):
    draw = np.random.default_rng(seed)
    truth = draw.random((300, 2)) < 0.4
    scores = np.clip(truth * 0.6 + 0.2 + draw.normal(0, 0.08, truth.shape), 0.01, 0.99)
    classes = np.where(truth, 1, 2).astype(np.int8)
    wrong = draw.choice(300, 15, replace=False)
    classes[wrong, 0] = 3 - classes[wrong, 0]
    classes[:, 1] = np.where(truth[:, 1], 1, 0)  # blank, never negative
    return classes, scores, wrong


def test_planted_mistakes_are_ranked():
    classes, scores, wrong = made()
    data = AuditInput(Labels(SCHEMA, classes), scores=scores)
    found = SuspectLabels().run(data, AuditOptions(), {})
    table = found.table("ranked")
    cells = zip(table.column("id"), table.column("label"), strict=True)
    edema = {int(row) - 1 for row, name in cells if name == "Edema"}
    assert len(edema & set(wrong.tolist())) >= 10 and len(edema - set(wrong.tolist())) <= 3
    assert found.table("labels").column("against") == ("negative", "blank")
    assert 0.9 < found.score < 1


def test_without_probabilities_nothing_is_judged():
    classes, scores, _ = made()
    for given, words in ((None, "--scores"), (scores * 9, "no probabilities")):
        data = AuditInput(Labels(SCHEMA, classes), scores=given)
        assert words in SuspectLabels().run(data, AuditOptions(), {}).missing


def test_scores_are_joined_by_id(tmp_path):
    classes, scores, wrong = made()
    with (tmp_path / "labels.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["Path", "Edema"])
        writer.writerows(
            [f"p{i}.png", {1: "1.0", 2: "0.0"}[c]] for i, c in enumerate(classes[:, 0])
        )
    with (tmp_path / "scores.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["Path", "Edema"])
        writer.writerows([f"p{i}.png", scores[i, 0]] for i in reversed(range(300)))
    words = ["audit", "labels.csv", "--scores", "scores.csv", "-o", "out", "--resamples", "100"]
    words[1], words[3], words[5] = (str(tmp_path / words[at]) for at in (1, 3, 5))
    outcome = CliRunner().invoke(cli, words)
    assert outcome.exit_code == 0, outcome.output
    page = "".join(path.read_text() for path in (tmp_path / "out").glob("*.html"))
    assert "Suspect labels" in page and sum(f"p{row}.png" in page for row in wrong) >= 10
