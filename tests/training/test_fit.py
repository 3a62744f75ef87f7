"""The loop trains any module on any source: here small pictures, and nothing of text."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lingula.errors import RecipeError
from lingula.training.fit.batches import Batch, Rows
from lingula.training.fit.loop import Where, fit
from lingula.training.fit.optimization import make_optimizer, rate_share
from lingula.training.fit.progress import Progress, Validation
from lingula.training.fit.settings import FitSettings, Optimization
from lingula.training.fit.steps import Task
from lingula.training.fit.worker import Worker
from tests.training.conftest import ROOT


@dataclass(frozen=True)
class Pictures:
    """Squares of noise; a mark in a corner makes one positive. Each is shifted at random."""

    count: int = 60
    size: int = 8
    rows: int = 7

    def epoch(self, number: int) -> list[Rows]:
        order = np.random.default_rng((5, number)).permutation(self.count)
        return [order[at : at + self.rows] for at in range(0, self.count, self.rows)]

    def batch(self, rows: Rows, epoch: int) -> Batch:
        made = np.zeros((len(rows), 1, self.size, self.size), dtype=np.float32)
        for place, row in enumerate(rows):
            draw = np.random.default_rng((int(row), epoch))
            made[place, 0] = np.random.default_rng(int(row)).normal(size=(self.size, self.size))
            made[place, 0, :2, :2] += 3 * (row % 2)
            made[place] = np.roll(made[place], int(draw.integers(2)), axis=-1)
        truth = (rows % 2).astype(np.float32)
        return Batch({"image": torch.from_numpy(made)}, {"truth": torch.from_numpy(truth)})

    def digest(self) -> str:
        return f"pictures {self.count}"


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(4, 1)

    def forward(self, image: Tensor) -> Tensor:
        held = torch.relu(self.norm(self.kernel(image))).amax(dim=(2, 3))
        score: Tensor = self.head(self.drop(held)).squeeze(1)
        return score


def loss(score: Tensor, batch: Batch) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(score, batch.targets["truth"])


def task(network: nn.Module, **changes: Any) -> Task:
    source = Pictures(count=40)
    held = source.batch(np.arange(1000, 1040), 0)

    def validate(worker: Worker) -> Validation:
        training = network.training
        network.eval()
        with torch.inference_mode(), worker.autocast():
            right = (network(*held.inputs.values()) > 0) == held.targets["truth"].bool()
        network.train(training)
        share = float(right.float().mean())
        return Validation(share, {"accuracy": share}, f"accuracy {share:.3f}")

    return replace(Task("pictures", network, source, loss, validate), **changes)


SETTINGS = FitSettings(
    epochs=3, accumulate=2, optimization=Optimization(learning_rate=1e-2), validate_every=4
)


def network() -> Network:
    torch.manual_seed(1)
    return Network()


def state(module: nn.Module) -> Tensor:
    return torch.cat([held.flatten().double() for held in module.state_dict().values()])


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_resumed_run_ends_with_the_weights_of_one_that_was_not_interrupted(
    tmp_path: Path, precision: Any, workers: int
) -> None:
    settings = replace(SETTINGS, precision=precision)
    whole = network()
    expected = fit(task(whole), settings, Where(tmp_path / "whole"))
    assert expected.steps == 9
    for first in (1, 7):
        folder = tmp_path / str(first)
        other = replace(settings, workers=workers)
        fit(task(network()), other, Where(folder, stop_after=first))
        torch.manual_seed(first)  # what else the process draws does not matter
        model = network()
        found = fit(task(model), other, Where(folder, resume=True))
        assert torch.equal(state(model), state(whole))
        assert (found.best, found.best_step) == (expected.best, expected.best_step)


def test_a_scaler_of_gradients_changes_nothing_and_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = network()
    fit(task(whole), SETTINGS, Where(tmp_path / "whole"))

    class Scaled(Worker):
        """As for fp16 on a GPU, with a power of 2, by which rounding does not change."""

        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=5)
            self.accelerator.scaler = scaler

    monkeypatch.setattr("lingula.training.fit.loop.Worker", Scaled)
    fit(task(network()), SETTINGS, Where(tmp_path / "cut", stop_after=6))
    held = torch.load(tmp_path / "cut" / "last.pt", weights_only=True)
    assert held["scaler"]["scale"] == 2048.0
    model = network()
    fit(task(model), SETTINGS, Where(tmp_path / "cut", resume=True))
    assert torch.equal(state(model), state(whole))


def test_it_learns_and_tells_how_far_it_is(tmp_path: Path) -> None:
    model, seen = network(), []
    settings = replace(SETTINGS, epochs=40, validate_every=0)
    result = fit(task(model), settings, Where(tmp_path, progress=seen.append))
    assert result.best is not None and result.best["accuracy"] > 0.9
    assert not model.training
    assert [item.step for item in seen] == list(range(1, result.steps + 1))
    last: Progress = seen[-1]
    assert last.seconds_left == 0.0
    assert last.rows_per_second > 0
    assert 0 <= last.waiting <= 1
    assert last.validation is not None and last.validation.summary.startswith("accuracy")


def test_a_part_that_is_frozen_stays_as_it_is(tmp_path: Path) -> None:
    model = network()
    for parameter in (*model.kernel.parameters(), *model.norm.parameters()):
        parameter.requires_grad_(False)
    before = {name: held.clone() for name, held in model.state_dict().items()}

    def mode(module: nn.Module) -> None:
        module.train()
        model.norm.eval()

    fit(task(model, training_mode=mode), SETTINGS, Where(tmp_path))
    changed = {name for name, held in model.state_dict().items() if not held.equal(before[name])}
    assert changed == {"head.weight", "head.bias"}


def test_a_validation_without_a_figure_is_refused(tmp_path: Path) -> None:
    wrong = task(network(), validate=lambda _: Validation(float("nan"), {}))
    with pytest.raises(RecipeError, match="at step 4 has no figure to choose by"):
        fit(wrong, SETTINGS, Where(tmp_path))


def test_the_bad_batch_can_be_looked_at(tmp_path: Path) -> None:
    wrong = task(network(), loss=lambda score, _: score.mean() * torch.inf)
    with pytest.raises(RecipeError, match=r"the loss is (nan|-?inf) at step 1; the batch is in"):
        fit(wrong, SETTINGS, Where(tmp_path))
    saved = torch.load(tmp_path / "bad_batch.pt", weights_only=True)
    again = Pictures(count=40).batch(saved["rows"].numpy(), 0)
    assert torch.equal(saved["image"], again.inputs["image"])
    assert torch.equal(saved["truth"], again.targets["truth"])


def test_learning_rates_and_decay_go_by_name_and_shape() -> None:
    settings = Optimization(
        optimizer="adam", learning_rate=1e-4, learning_rates={"head.": 1e-2}, weight_decay=0.1
    )
    groups = make_optimizer(network(), settings).param_groups
    found = {(group["lr"], group["weight_decay"], len(group["params"])) for group in groups}
    # Kernel; its bias and the norm's two; the head's matrix and bias.
    assert found == {(1e-4, 0.1, 1), (1e-4, 0.0, 3), (1e-2, 0.1, 1), (1e-2, 0.0, 1)}


def test_the_learning_rate_rises_and_falls_or_stays() -> None:
    linear = Optimization(warmup=0.2)
    assert [rate_share(step, 10, linear) for step in (0, 1, 2, 6, 10)] == [0.5, 1, 1, 0.5, 0]
    constant = Optimization(warmup=0.2, schedule="constant")
    assert [rate_share(step, 10, constant) for step in (0, 1, 2, 9)] == [0.5, 1, 1, 1]


def test_the_loop_loads_nothing_of_text() -> None:
    code = (
        "import sys, lingula.training.fit.loop;"
        "print([name for name in sys.modules if name.startswith(('lingula.bert', 'lingula.text',"
        " 'lingula.labels', 'lingula.training.data', 'lingula.training.model', 'transformers'))])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_moment_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(item for item in sys.path if item))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    program = [sys.executable, "-m", "tests.training.killed"]
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    subprocess.run([*program, str(tmp_path / "whole")], check=True, capture_output=True)
    draw, starts = random.Random(1), []
    for _ in range(4):
        child = subprocess.Popen([*program, str(tmp_path / "cut")], stdout=subprocess.PIPE)
        assert child.stdout is not None
        starts.append(int(child.stdout.readline()))
        time.sleep(draw.uniform(0.0, 0.1))
        child.kill()
        child.communicate()
    assert starts == sorted(starts)
    assert not (tmp_path / "cut" / "end.pt").exists()
    subprocess.run([*program, str(tmp_path / "cut")], check=True, capture_output=True)
    ends = [torch.load(tmp_path / name / "end.pt", weights_only=True) for name in ("whole", "cut")]
    assert torch.equal(*ends)
    logs = [(tmp_path / name / "log.jsonl").read_text().splitlines() for name in ("whole", "cut")]
    steps = [[json.loads(line)["step"] for line in lines] for lines in logs]
    assert steps[0] == steps[1]
