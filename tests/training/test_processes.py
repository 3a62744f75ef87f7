"""Several processes on the CPU train as one does, and end together."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lingula.bert.model import LabelModel
from lingula.bert.tokenizer import TextTokenizer
from lingula.errors import RecipeError
from lingula.training.fit.loop import train_stage
from lingula.training.fit.progress import Progress
from lingula.training.fit.team import Team
from lingula.training.model.backbones import load_backbone
from lingula.training.model.pruning import prune_vocabulary
from lingula.training.recipe import Backbone, Stage
from lingula.training.run import run_recipe
from tests.training.test_loop import SCHEMA, examples, weights
from tests.training.test_two_stages import tiny

CPU = torch.device("cpu")
TWO = [CPU, CPU]
STAGE = Stage("one", epochs=2, batch_tokens=256, learning_rate=1e-3)


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


@pytest.mark.slow
def test_two_processes_give_the_weights_of_one(without_dropout: Path, tmp_path: Path) -> None:
    train, held_out = examples(31, 1), examples(9, 2)
    # Some batches have a single row, which leaves the second process without one.
    stage = replace(
        STAGE, batch_tokens=96, accumulate=3, validate_every=2, sampling="balanced",
        weighting="inverse",
    )  # fmt: skip
    results, final, lasts, events = [], [], [], []
    for name, device in (("one", CPU), ("two", TWO)):
        seen: list[Progress] = []
        after = []
        for stop_after in (3, None):
            model, tokenizer = fresh(without_dropout, dropout=0.0)
            # In float64: Adam moves by the gradient's sign even where it is nothing but rounding,
            # as that of the keys' biases is.
            model.double()
            result = train_stage(
                model, tokenizer, train, held_out,
                stage=stage, folder=tmp_path / name, device=device, progress=seen.append,
                resume=True, stop_after=stop_after,
            )  # fmt: skip
            after.append(weights(model))
        final.append(after)
        lasts.append(torch.load(tmp_path / name / "last.pt", weights_only=True)["model"])
        assert [item.step for item in seen] == list(range(1, result.steps + 1))
        assert not model.training
        results.append(result)
        log = (tmp_path / name / "log.jsonl").read_text()
        events.append([json.loads(line) for line in log.splitlines()])
    # After 3 steps, after the last one, and at the best validation.
    torch.testing.assert_close(final[0], final[1], rtol=0, atol=1e-5)
    torch.testing.assert_close(lasts[0], lasts[1], rtol=0, atol=1e-5)
    begin = fresh(without_dropout, dropout=0.0)[0].double().state_dict()
    assert max(float((lasts[0][key] - begin[key]).abs().max()) for key in begin) > 1e-3
    # As text, where a figure that is not defined equals itself.
    assert repr(results[0].best) == repr(results[1].best)
    assert results[0].best_step == results[1].best_step
    for one, two in zip(*events, strict=True):
        assert one["step"] == two["step"]
        assert one["loss"] == pytest.approx(two["loss"], abs=1e-5)
        assert one.get("figures") == two.get("figures")


@pytest.mark.slow
def test_a_process_that_is_killed_ends_all_and_one_alone_may_go_on(
    encoder: Path, tmp_path: Path
) -> None:
    # More steps than can be done before the message of the fifth is heard.
    stage = replace(STAGE, epochs=500, validate_every=3)
    train, held_out = examples(40, 1), examples(10, 2)
    steps: list[int] = []

    def kill(progress: Progress) -> None:
        if progress.step == 5:
            for child in multiprocessing.active_children()[:1]:
                os.kill(child.pid or 0, signal.SIGKILL)

    model, tokenizer = fresh(encoder)
    with pytest.raises(RecipeError, match=r"was ended by signal 9 \(SIGKILL\).*--resume"):
        train_stage(
            model, tokenizer, train, held_out,
            stage=stage, folder=tmp_path, device=TWO, progress=kill,
        )  # fmt: skip
    assert not multiprocessing.active_children()
    held = torch.load(tmp_path / "last.pt", weights_only=True)["state"]["step"]
    assert held >= 3
    train_stage(
        model, tokenizer, train, held_out,
        stage=stage, folder=tmp_path, resume=True, stop_after=2,
        progress=lambda progress: steps.append(progress.step),
    )  # fmt: skip
    assert steps == [held + 1, held + 2]


@pytest.mark.slow
def test_a_loss_that_is_no_number_stops_all_with_the_whole_batch(
    encoder: Path, tmp_path: Path
) -> None:
    model, tokenizer = fresh(encoder)
    with torch.no_grad():
        model.heads.bias[3, 1] = torch.nan
    with pytest.raises(RecipeError, match="the loss is nan at step 1; the batch is in"):
        train_stage(
            model, tokenizer, examples(20, 1), None, stage=STAGE, folder=tmp_path, device=TWO
        )
    saved = torch.load(tmp_path / "bad_batch.pt", weights_only=True)
    assert len(saved["rows"]) == len(saved["input_ids"]) > 2
    assert not multiprocessing.active_children()


@pytest.mark.slow
def test_an_error_in_one_process_ends_all(encoder: Path, tmp_path: Path) -> None:
    model, tokenizer = fresh(encoder)
    # Only the first process writes, so only that one fails.
    (tmp_path / "run" / "last.pt").mkdir(parents=True)
    with pytest.raises(RuntimeError, match=r"(?s)in training process 0.*last\.pt"):
        train_stage(
            model, tokenizer, examples(20, 1), None,
            stage=STAGE, folder=tmp_path / "run", device=TWO,
        )  # fmt: skip
    assert not multiprocessing.active_children()


@pytest.mark.slow
def test_a_recipe_uses_every_device(
    encoder: Path, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lingula.bert.runtimes.torch.devices_of", lambda _: TWO)
    recipe = tiny(encoder, table)
    # Patience stops both processes at the same step.
    stages = tuple(
        replace(stage, epochs=3, learning_rate=0.0, head_learning_rate=0.0, patience=1)
        for stage in recipe.stages
    )
    result = run_recipe(replace(recipe, stages=stages), tmp_path / "run", stages=["silver"])
    assert result.stages["silver"].stopped_early
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["device"] == "cpu, cpu"
    assert (tmp_path / "run" / "silver" / "model").is_dir()


def test_shares_hold_every_row_once_and_parts_add_up() -> None:
    for count in (1, 2, 3, 7):
        rows = np.arange(10, 10 + count, dtype=np.intp)
        shares = [Team(CPU, rank, 3).share(rows) for rank in range(3)]
        assert sorted(row for own, part in shares if part for row in own) == rows.tolist()
        assert sum(part for _, part in shares) == pytest.approx(1)
        assert all(len(own) for own, _ in shares)
    own, part = Team(CPU).share(rows)
    assert own.tolist() == rows.tolist()
    assert part == 1.0


def test_dropout_of_a_step_depends_on_seed_step_and_process_only() -> None:
    def drawn(team: Team, seed: int, step: int) -> tuple[float, ...]:
        team.seed_step(seed, step)
        return tuple(torch.rand(4).tolist())

    first = drawn(Team(CPU, 0, 2), 1, 5)
    assert first == drawn(Team(CPU, 0, 2), 1, 5)
    others = {
        drawn(Team(CPU, 1, 2), 1, 5),
        drawn(Team(CPU, 0, 2), 2, 5),
        drawn(Team(CPU, 0, 2), 1, 6),
    }
    assert len(others | {first}) == 4
    torch.manual_seed(0)
    alone = torch.rand(2)
    torch.manual_seed(0)
    Team(CPU).seed_step(1, 5)
    assert torch.equal(alone, torch.rand(2))
