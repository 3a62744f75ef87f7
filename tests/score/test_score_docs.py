"""The pages say what the program does: their Python runs, their options and figures exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lingula.cli.score import command
from lingula.score import CONVENTIONS, GenerationScore, score_reports

DOCS = Path(__file__).parents[2] / "docs"
SCORING = (DOCS / "score-generated-reports.md").read_text("utf-8")
MIGRATION = (DOCS / "migrate-from-f1chexbert-and-radeval.md").read_text("utf-8")


def test_python_blocks_run():
    space: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", SCORING, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        exec(block, space)
    assert space["scores"].reports == 2


def test_every_option_is_documented_and_every_documented_option_exists():
    known = {name for option in command.params for name in option.opts if name.startswith("--")}
    named = set(re.findall(r"--[a-z][a-z-]*", SCORING + MIGRATION))
    assert named <= known
    assert known - named <= {"--confidence"}


@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_convention_has_its_row_and_its_notes(name):
    assert f"| `{name}`" in SCORING
    assert f"**{name}**" in SCORING


def test_every_call_on_the_migration_page_answers(words, references, generated):
    calls = re.findall(r"scores\.value\([^`]*\)", MIGRATION)
    assert len(calls) > 8
    scores = score_reports(references, generated, words, conventions="all")
    for call in calls:
        assert isinstance(eval(call, {"scores": scores}), float), call


def test_every_source_key_on_the_migration_page_exists(words, references, generated):
    keys = {f.source_key for c in CONVENTIONS.values() for f in c.figures()}
    for key in re.findall(r"`(f1chexbert_[a-z0-9_]+_f1)`", MIGRATION):
        assert key in keys, key
    metric = GenerationScore(words)
    metric.update(references, generated)
    for column in re.findall(r'per_report\(\)\["(\w+_ones)"\]', MIGRATION):
        assert column in metric.per_report().column_names


def test_figures_that_are_said_to_be_equal_are_equal(words, references, generated):
    scores = score_reports(references, generated, words, conventions="all")
    for class_set in ("14", "5"):
        for average in ("micro", "macro", "weighted"):
            assert scores.value("f1chexbert", average=average, class_set=class_set) == scores.value(
                "radeval", average=average, class_set=class_set
            )
    five = {"class_set": "5"}
    assert scores.value("ifcc", uncertain="ones", **five) == scores.value("f1chexbert", **five)
    assert scores.value("rgrg", **five) == scores.value("f1chexbert", **five)
    assert scores.value("wcl", average="macro") == scores.value("f1chexbert", average="macro")
    for average in ("macro", "micro"):
        assert scores.value("r2gen", average=average) == scores.value(
            "cvt2distilgpt2", average=average
        )
