"""Each report is predicted by a model that did not see it, and the kept model has seen them all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingula.errors import InputError, RecipeError
from lingula.schemas import load_schema
from lingula.training.data.examples import draw_folds, text_key
from lingula.training.data.folds import fold_parts
from lingula.training.data.prepare import read_parts
from lingula.training.recipe import Recipe
from lingula.training.run import run_recipe
from lingula.training.study import load_study
from tests.training.conftest import make_reports, write_table
from tests.training.test_two_stages import tiny

FOLDS = 3


def with_folds(encoder: Path, table: Path, folds: int = FOLDS, **changes: Any) -> Recipe:
    recipe = tiny(encoder, table)
    last = replace(recipe.stages[-1], folds=folds, epochs=2, **changes)
    return replace(recipe, stages=(replace(recipe.stages[0], epochs=1), last))


@given(st.lists(st.text(max_size=5), max_size=60), st.integers(2, 9), st.integers(0, 3))
def test_rows_of_one_group_are_in_one_fold(groups: list[str], folds: int, seed: int) -> None:
    drawn = draw_folds(groups, folds, seed)
    assert len({*zip(groups, drawn.tolist(), strict=True)}) == len(set(groups))
    assert ((drawn >= 0) & (drawn < folds)).all()
    assert (draw_folds(groups, folds, seed) == drawn).all()


def test_every_report_is_held_out_once_and_then_learned_from(encoder: Path, table: Path) -> None:
    recipe = with_folds(encoder, table)
    parts = read_parts(recipe, load_schema("chexpert14"))
    cut = [fold_parts(parts, recipe, FOLDS, fold)[0] for fold in range(FOLDS)]
    assert (sum(part.validation.astype(int) for part in cut) == 1).all()
    for part in cut:
        held_out = {text_key(text) for text in part.texts(part.validation)}
        assert held_out.isdisjoint(text_key(text) for text in part.texts(part.train))
        assert len(part.reports) / 5 < part.validation.sum() < len(part.reports) / 2
    (whole,) = fold_parts(parts, recipe, FOLDS, None)
    assert whole.train.all()
    assert not whole.validation.any()


def test_reports_that_must_not_be_trained_on_stay_out(encoder: Path, table: Path) -> None:
    recipe = with_folds(encoder, table)
    (part,) = read_parts(recipe, load_schema("chexpert14"))
    never = np.zeros(len(part.reports), dtype=np.bool_)
    never[::4] = True
    parts = [replace(part, reports=replace(part.reports, never_train=never))]
    for fold in (*range(FOLDS), None):
        (cut,) = fold_parts(parts, recipe, FOLDS, fold)
        assert not ((cut.train | cut.validation) & never & ~part.train).any()


@pytest.mark.slow
def test_a_stage_with_folds_is_judged_and_calibrated_by_them(
    encoder: Path, table: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    seen: list[str] = []
    recipe = with_folds(encoder, table)
    result = run_recipe(recipe, run, device="cpu", progress=lambda at: seen.append(at.stage))
    assert list(dict.fromkeys(seen)) == [
        "silver", *(f"expert, fold {fold} of {FOLDS}" for fold in (1, 2, 3)), "expert",
    ]  # fmt: skip
    (part,) = read_parts(recipe, load_schema("chexpert14"))
    record = json.loads((run / "run.json").read_text())
    facts = record["stages"]["expert"]
    reports = len(part.reports)
    assert facts["counts"]["reports"] == facts["validation"]["reports"] == reports
    assert record["calibration"] == facts["calibration"]
    assert record["calibration"]["reports"] == reports
    settings = json.loads((run / "model" / "lingula.json").read_text())
    assert settings["temperature"] == facts["calibration"]["temperatures"]
    assert facts["best step"] == facts["steps"]
    logs = [path.read_text().splitlines()[-1] for path in sorted(run.glob("expert/fold-*/*.jsonl"))]
    assert len(logs) == FOLDS
    in_logs = sum(json.loads(line)["seconds"] for line in logs)
    assert facts["seconds of folds"] >= in_logs - 0.1 * FOLDS > 0
    best = result.stages["expert"].best
    assert best is not None
    assert best.reports == reports
    assert f"those of {FOLDS} models" in (run / "model_card.md").read_text()
    with np.load(run / "expert" / "out_of_fold.npz") as held:
        assert held["logits"].shape == (reports, 14, 4)
        assert np.isfinite(held["logits"]).all()
        assert np.bincount(held["folds"]).min() > 0
    # The kept weights are those of all reports: the folds' are not needed any more.
    assert not list(run.glob("expert/fold-*/*.pt"))


@pytest.mark.slow
def test_an_interrupted_fold_goes_on(encoder: Path, table: Path, tmp_path: Path) -> None:
    recipe = with_folds(encoder, table)
    run_recipe(recipe, tmp_path / "whole", device="cpu")
    count = 0

    def interrupt(progress: Any) -> None:
        nonlocal count
        count += progress.stage.startswith("expert, fold 2")
        if count == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_recipe(recipe, tmp_path / "cut", device="cpu", progress=interrupt)
    run_recipe(recipe, tmp_path / "cut", device="cpu", resume=True)
    whole, cut = (
        np.load(tmp_path / name / "expert" / "out_of_fold.npz") for name in ("whole", "cut")
    )
    assert (whole["sha256"] == cut["sha256"]).all()
    assert (whole["logits"] == cut["logits"]).all()


def test_folds_that_cannot_be_are_refused(encoder: Path, table: Path, tmp_path: Path) -> None:
    recipe = with_folds(encoder, table)
    silver, expert = recipe.stages
    with pytest.raises(RecipeError, match="folds must be 0 or between 2 and 100"):
        with_folds(encoder, table, folds=1)
    with pytest.raises(RecipeError, match="only the last stage"):
        replace(recipe, stages=(expert, silver))
    with pytest.raises(RecipeError, match="only a stage with expert labels"):
        replace(recipe, stages=(replace(silver, folds=2),))
    given_split = replace(recipe.sources[0], split_column="split")
    with pytest.raises(RecipeError, match="cannot follow the split"):
        replace(recipe, sources=(given_split,))
    small = tmp_path / "small.csv"
    write_table(small, make_reports(3, seed=1), load_schema("chexpert14").names)
    few = with_folds(encoder, small, folds=90)
    few = replace(few, stages=few.stages[1:])
    with pytest.raises(InputError, match="take fewer folds"):
        run_recipe(few, tmp_path / "run", device="cpu")


def test_a_study_measures_on_reports_that_no_variant_learned_from(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text('recipe = "indiana"\n[[variants]]\nname = "as it is"\n', encoding="utf-8")
    study = load_study(path, {})
    assert study.base.stages[-1].folds
    assert not study.variants["as it is"].stages[-1].folds
    with path.open("a", encoding="utf-8") as stream:
        stream.write("stages = { expert = { folds = 2 } }\n")
    with pytest.raises(RecipeError, match="leave out folds"):
        load_study(path, {})
