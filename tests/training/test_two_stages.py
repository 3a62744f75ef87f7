"""A tiny model goes through both stages and learns; a run that was interrupted loses nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lingula.errors import InputError, LingulaError, RecipeError
from lingula.labels import Label
from lingula.training.recipe import Augmentation, Recipe
from lingula.training.recipe_files import recipe_from_dict
from lingula.training.run import run_recipe
from tests.training.conftest import make_reports


def tiny(encoder: Path, table: Path, **changes: Any) -> Recipe:
    data: dict[str, Any] = {
        "name": "tiny",
        "threads": 1,
        "backbone": {"name": str(encoder), "max_length": 96, "prune_vocabulary": True},
        "sources": [{"name": "reports", "path": str(table), "labels": "positive-only"}],
        "stages": [
            {
                "name": "silver",
                "unit": "both",
                "epochs": 12,
                "batch_tokens": 512,
                "learning_rate": 2e-3,
                "head_learning_rate": 5e-3,
                "augmentation": {"composed": 1.0, "shuffled_copies": 1},
            },
            {
                "name": "expert",
                "supervision": "expert",
                "epochs": 8,
                "batch_tokens": 512,
                "learning_rate": 1e-3,
                "metric": "macro-f1",
            },
        ],
    }
    return recipe_from_dict({**data, **changes}, where="recipe")


@pytest.mark.slow
def test_both_stages_learn_more_than_the_majority_class(
    encoder: Path, table: Path, tmp_path: Path
) -> None:
    import lingula

    result = run_recipe(tiny(encoder, table), tmp_path / "run", device="cpu")
    labeler = lingula.load(result.model, device="cpu", runtime="torch")
    fresh = make_reports(200, seed=99)
    texts = [text for text, _ in fresh]
    predicted = labeler.label(texts).classes
    silver = lingula.load("rules").label(texts).classes
    for column, name in enumerate(labeler.schema.names):
        truth = np.array([name in said for _, said in fresh])
        if not truth.any():
            continue
        majority = max(truth.mean(), 1 - truth.mean())
        found = predicted[:, column] == Label.POSITIVE
        assert (found == truth).mean() > majority, name
        if name == "Support Devices":
            continue
        # Negative and uncertain come from the silver labels alone, through both stages.
        counts = np.bincount(silver[:, column], minlength=4)
        assert (predicted[:, column] == silver[:, column]).mean() > counts.max() / counts.sum(), (
            name
        )
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert set(record["stages"]) == {"silver", "expert"}
    assert record["stages"]["silver"]["fidelity"]["reports"]["mean_kappa"] > 0.5
    assert record["calibration"]["reports"] > 30
    assert "tiny" in (tmp_path / "run" / "model_card.md").read_text()
    assert len(labeler.settings.temperature) == len(labeler.schema)
    again = run_recipe(tiny(encoder, table), tmp_path / "run", device="cpu", resume=True)
    assert again.stages == {}


def test_a_used_folder_is_not_written_over(encoder: Path, table: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="--resume"):
        run_recipe(tiny(encoder, table), tmp_path / "run")


def test_a_run_that_fails_at_its_start_does_not_stand_in_the_way(
    encoder: Path, table: Path, tmp_path: Path
) -> None:
    right = tiny(encoder, table)
    short = tuple(replace(stage, epochs=1) for stage in right.stages[:1])
    wrong = [
        replace(right, backbone=replace(right.backbone, name=str(tmp_path / "nowhere"))),
        replace(right, stages=(replace(short[0], precision="fp16"),)),
    ]
    for recipe in wrong:
        with pytest.raises(LingulaError):
            run_recipe(recipe, tmp_path / "run", device="cpu")
    (tmp_path / "run" / "silver").mkdir(exist_ok=True)
    (tmp_path / "run" / "silver" / "bad_batch.pt").write_bytes(b"of an earlier try")
    run_recipe(replace(right, stages=short), tmp_path / "run", device="cpu")
    assert not (tmp_path / "run" / "silver" / "bad_batch.pt").exists()
    # Now there is something to lose.
    with pytest.raises(InputError, match="--resume"):
        run_recipe(replace(right, stages=short), tmp_path / "run", device="cpu")


def test_a_later_stage_needs_the_one_before(encoder: Path, table: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="train that first"):
        run_recipe(tiny(encoder, table), tmp_path / "run", stages=["expert"], device="cpu")
    with pytest.raises(RecipeError, match="no stage 'third'"):
        run_recipe(tiny(encoder, table), tmp_path / "run", stages=["third"])
    assert torch.get_num_threads() >= 1


def test_a_translator_that_is_not_there_is_found_before_anything_is_trained(
    encoder: Path, table: Path, tmp_path: Path
) -> None:
    recipe = tiny(encoder, table)
    last = replace(
        recipe.stages[-1], augmentation=Augmentation(back_translations=("babelfish:eng-deu",))
    )
    with pytest.raises(RecipeError, match="unknown translator 'babelfish:eng-deu'"):
        run_recipe(replace(recipe, stages=(recipe.stages[0], last)), tmp_path / "run", device="cpu")
    assert not (tmp_path / "run" / "silver").exists()
