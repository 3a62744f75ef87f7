"""Several processes on the CPU (Gloo) train as one does, and end together."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lingula.bert.model import LabelModel
from lingula.bert.tokenizer import TextTokenizer
from lingula.training.fit.launch import launch
from lingula.training.fit.loop import Where
from lingula.training.fit.worker import share, step_seed
from lingula.training.model.backbones import load_backbone
from lingula.training.model.pruning import prune_vocabulary
from lingula.training.recipe import Backbone, Stage
from lingula.training.recipe_files import recipe_to_dict
from lingula.training.stage import StageTexts, train_stage
from tests.training.conftest import ROOT
from tests.training.test_loop import SCHEMA, examples, weights
from tests.training.test_two_stages import tiny

STAGE = Stage("one", epochs=2, batch_tokens=256, learning_rate=1e-3)


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    # The processes import this folder's modules by the names that the tests know them by.
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(item for item in sys.path if item))


@pytest.fixture(scope="module")
def without_dropout(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain") / "encoder"
    shutil.copytree(encoder, folder)
    config = json.loads((folder / "config.json").read_text())
    config.update(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def fresh(encoder: Path, dropout: float = 0.1) -> tuple[LabelModel, TextTokenizer]:
    torch.manual_seed(3)
    backbone = Backbone(str(encoder), max_length=64, pooling="label-attention", dropout=dropout)
    model, tokenizer = load_backbone(backbone, SCHEMA, Path())
    return model, prune_vocabulary(model, tokenizer, examples(40, 1).texts)


def together(
    folder: Path,
    model: LabelModel,
    tokenizer: TextTokenizer,
    texts: tuple[Any, Any],
    stage: Stage = STAGE,
    **job: Any,
) -> tuple[int, dict[str, Any]]:
    """Train in two processes: the exit status, and what the first process found."""
    folder.mkdir(exist_ok=True)
    job = {"where": {}, **job, "folder": folder / "run", "stage": stage}
    job |= {"model": model, "tokenizer": tokenizer, "texts": texts}
    (folder / "job.pkl").write_bytes(pickle.dumps(job))
    (folder / "found.pt").unlink(missing_ok=True)
    status = launch("tests.training.together", [str(folder)], 2)
    found = folder / "found.pt"
    return status, torch.load(found, weights_only=False) if found.is_file() else {}


@pytest.mark.slow
def test_two_processes_give_the_weights_of_one(without_dropout: Path, tmp_path: Path) -> None:
    train, held_out = examples(31, 1), examples(9, 2)
    # Some batches have a single row, which leaves the second process without one.
    stage = replace(
        STAGE, batch_tokens=96, accumulate=3, validate_every=2, sampling="balanced",
        weighting="inverse",
    )  # fmt: skip
    for stop_after in (3, None):
        where = {"resume": True, "stop_after": stop_after}
        # In float64: Adam moves by the gradient's sign even where it is nothing but rounding, as
        # that of the keys' biases is.
        alone, tokenizer = fresh(without_dropout, dropout=0.0)
        alone.double()
        expected = train_stage(
            alone, tokenizer, StageTexts(train, held_out),
            stage=stage, where=Where(tmp_path / "one", **where),
        )  # fmt: skip
        model, tokenizer = fresh(without_dropout, dropout=0.0)
        model.double()
        begin = weights(model).clone()
        status, found = together(
            tmp_path / "two", model, tokenizer, (train, held_out), stage, where=where
        )
        assert status == 0
        model.load_state_dict(found["model"])
        torch.testing.assert_close(weights(model), weights(alone), rtol=0, atol=1e-5)
        assert float((weights(model) - begin).abs().max()) > 1e-3
        # As text, where a figure that is not defined equals itself.
        assert repr(found["result"].best) == repr(expected.best)
        assert found["result"].best_step == expected.best_step
    assert found["seen"] == list(range(4, expected.steps + 1))
    logs = (tmp_path / "one" / "log.jsonl", tmp_path / "two" / "run" / "log.jsonl")
    lines = [path.read_text().splitlines() for path in logs]
    for one, two in zip(*lines, strict=True):
        first, second = json.loads(one), json.loads(two)
        assert first["step"] == second["step"]
        assert first["loss"] == pytest.approx(second["loss"], abs=1e-5)
        assert first.get("figures") == second.get("figures")


@pytest.mark.slow
def test_a_process_that_is_killed_ends_all_and_one_alone_may_go_on(
    encoder: Path, tmp_path: Path
) -> None:
    stage = replace(STAGE, epochs=500, validate_every=3)
    texts = examples(40, 1), examples(10, 2)
    status, found = together(tmp_path, *fresh(encoder), texts, stage, kill_after=5)
    assert (status, found) == (128 + 9, {})
    steps: list[int] = []
    train_stage(
        *fresh(encoder), StageTexts(*texts), stage=stage,
        where=Where(
            tmp_path / "run", resume=True, stop_after=2,
            progress=lambda progress: steps.append(progress.step),
        ),
    )  # fmt: skip
    assert steps == [4, 5]


@pytest.mark.slow
def test_a_loss_that_is_no_number_stops_all_with_the_whole_batch(
    encoder: Path, tmp_path: Path
) -> None:
    model, tokenizer = fresh(encoder)
    with torch.no_grad():
        model.heads.bias[3, 1] = torch.nan
    status, _ = together(tmp_path, model, tokenizer, (examples(20, 1), None))
    assert status == 2
    told = [path.read_text() for path in tmp_path.glob("error-?.txt")]
    assert told and all("the loss is nan at step 1; the batch is in" in text for text in told)
    saved = torch.load(tmp_path / "run" / "bad_batch.pt", weights_only=True)
    assert len(saved["rows"]) == len(saved["input_ids"]) > 2


@pytest.mark.slow
def test_an_error_in_one_process_ends_all(
    encoder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # Only the first process writes, so only that one fails.
    (tmp_path / "run" / "last.pt").mkdir(parents=True)
    status, found = together(tmp_path, *fresh(encoder), (examples(20, 1), None))
    assert (status, found) == (1, {})
    assert "last.pt" in capfd.readouterr().err


@pytest.mark.slow
def test_the_command_trains_a_recipe_in_several_processes(
    without_dropout: Path, table: Path, tmp_path: Path
) -> None:
    recipe = tiny(without_dropout, table)
    recipe = replace(
        recipe,
        backbone=replace(recipe.backbone, dropout=0.0),
        stages=tuple(replace(stage, epochs=1) for stage in recipe.stages),
    )
    (tmp_path / "recipe.json").write_text(json.dumps(recipe_to_dict(recipe)))
    command = ["train", str(tmp_path / "recipe.json"), "--device", "cpu", "-o"]
    for processes in (1, 2):
        run = tmp_path / str(processes)
        assert launch("lingula", [*command, str(run)], processes) == 0
        assert (run / "model_card.md").is_file()
    records = [json.loads((tmp_path / name / "run.json").read_text()) for name in "12"]
    assert [record["device"] for record in records] == ["cpu", "2 x cpu"]
    for name in ("silver", "expert"):
        one, two = (record["stages"][name] for record in records)
        assert one["data sha256"] == two["data sha256"]
        assert one["steps"] == two["steps"]
        assert one["validation"]["macro_f1"] == pytest.approx(
            two["validation"]["macro_f1"], abs=0.05
        )
    # Nobody overwrites, and one line says so.
    assert launch("lingula", [*command, str(tmp_path / "2")], 2) == 2


def test_shares_hold_every_row_once_and_parts_add_up() -> None:
    for count in (1, 2, 3, 7):
        rows = np.arange(10, 10 + count, dtype=np.intp)
        shares = [share(rows, rank, 3) for rank in range(3)]
        assert sorted(row for own, part in shares if part for row in own) == rows.tolist()
        assert sum(part for _, part in shares) == pytest.approx(1)
        assert all(len(own) for own, _ in shares)
    own, part = share(rows, 0, 1)
    assert own.tolist() == rows.tolist()
    assert part == 1.0


def test_dropout_of_a_step_depends_on_seed_step_and_process_only() -> None:
    seeds = {step_seed(seed, step, rank) for seed in (1, 2) for step in (5, 6) for rank in (0, 1)}
    assert len(seeds) == 8
    assert step_seed(1, 5, 0) == step_seed(1, 5, 0)
