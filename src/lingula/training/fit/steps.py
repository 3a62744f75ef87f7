"""One step of training: the gradients of some batches, added up, and the optimizer's move."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lingula.training.fit.batches import Batch, BatchSource, Rows
from lingula.training.fit.optimization import make_optimizer, rate_share
from lingula.training.fit.progress import Validation
from lingula.training.fit.settings import FitSettings
from lingula.training.fit.worker import Worker


def _all_in_training(module: nn.Module) -> None:
    module.train()


@dataclass(frozen=True, eq=False)
class Task:
    """What is trained, on what, and towards what.

    Attributes:
        name: For messages and progress.
        module: Is called with the inputs of a batch; its state is what checkpoints hold.
        source: The examples.
        loss: The cost of a batch, a scalar and a mean over its rows, from the module's outputs and
            the batch, both on the module's device.
        validate: Looks at the module as it is; every process must come to the same value, each
            with its share of the work if it likes (``Worker.gather``). None to keep the last
            weights.
        training_mode: Puts the module in the mode in which it is trained; for parts that are
            frozen.
    """

    name: str
    module: nn.Module
    source: BatchSource
    loss: Callable[[Any, Batch], Tensor]
    validate: Callable[[Worker], Validation] | None = None
    training_mode: Callable[[nn.Module], None] = _all_in_training


class LossNotFiniteError(Exception):
    """The loss of a batch is no finite number; nothing was moved.

    Args:
        rows: Of the batch.
        value: The loss.
    """

    def __init__(self, rows: Rows, value: float) -> None:
        self.rows = rows
        self.value = value
        super().__init__(f"the loss is {value}")


class Stepper:
    """The module in training, with its optimizer, schedule and scaler.

    Args:
        task: What is trained; the module is moved to the worker's device.
        settings: The choices.
        steps: Steps in all.
        worker: Whose batches are shared out.
    """

    def __init__(self, task: Task, settings: FitSettings, steps: int, worker: Worker) -> None:
        self.module, self._task, self._settings, self._worker = task.module, task, settings, worker
        self.module.to(worker.device)
        self._wrapped = worker.wrap(self.module, all_used=worker.size == 1 or self._all_used())
        self._optimizer = make_optimizer(self.module, settings.optimization)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer, lambda step: rate_share(step, steps, settings.optimization)
        )

    @property
    def learning_rate(self) -> float:
        """The first group's, at the next step."""
        return float(self._schedule.get_last_lr()[0])

    def step(self, chosen: Sequence[Rows], own: Iterator[Batch], number: int) -> float:
        """Move the weights once.

        Args:
            chosen: Rows of the batches whose gradients are added up, each weighed by its rows.
            own: Gives this process's share of each.
            number: Steps done before.

        Returns:
            The loss: the mean over all rows.

        Raises:
            LossNotFiniteError: If a batch's loss is no finite number; in every process.
        """
        worker, accelerator = self._worker, self._worker.accelerator
        worker.seed_step(self._settings.seed, number)
        self._wrapped.train()
        self._task.training_mode(self.module)
        count = sum(len(rows) for rows in chosen)
        total = 0.0
        for place, rows in enumerate(chosen, start=1):
            batch = next(own).to(worker.device)
            part = worker.share(rows)[1]
            adds_up = place == len(chosen) or worker.size == 1
            with nullcontext() if adds_up else accelerator.no_sync(self._wrapped):
                cost = self._cost(self._wrapped, batch)
                value = worker.total(cost.detach() * part)
                if not math.isfinite(value):
                    raise LossNotFiniteError(rows, value)
                # The size, for gradients are averaged over the processes.
                accelerator.backward(cost * (len(rows) / count * part * worker.size))
            total += value * len(rows) / count
        self._move(accelerator.scaler)
        return total

    def _move(self, scaler: Any) -> None:
        """Clip and step, here rather than by accelerate's optimizer, which looks for packages at
        every step (1 ms)."""
        if scaler is not None:
            scaler.unscale_(self._optimizer)
        clip_norm = self._settings.optimization.clip_norm
        nn.utils.clip_grad_norm_(self.module.parameters(), clip_norm)
        if scaler is None:
            self._optimizer.step()
        else:
            scaler.step(self._optimizer)
            scaler.update()
        self._schedule.step()
        self._optimizer.zero_grad(set_to_none=True)

    def state(self) -> dict[str, Any]:
        """What ``restore`` needs to go on as if never interrupted."""
        random = {"cpu": torch.get_rng_state()}
        if self._worker.device.type == "cuda":
            random["cuda"] = torch.cuda.get_rng_state(self._worker.device)
        scaler = self._worker.accelerator.scaler
        return {
            "model": self.module.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "scaler": {} if scaler is None else scaler.state_dict(),
            "random": random,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state that ``state`` gave."""
        self.module.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        if (scaler := self._worker.accelerator.scaler) is not None and state["scaler"]:
            scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["random"]["cpu"].cpu())
        if "cuda" in state["random"] and self._worker.device.type == "cuda":
            torch.cuda.set_rng_state(state["random"]["cuda"].cpu(), self._worker.device)

    def _cost(self, module: nn.Module, batch: Batch) -> Tensor:
        with self._worker.autocast():
            return self._task.loss(module(*batch.inputs.values()), batch)

    def _all_used(self) -> bool:
        """Whether every parameter has a part in the loss, as one example shows."""
        batch = self._task.source.batch(np.zeros(1, dtype=np.intp), 0).to(self._worker.device)
        parameters = [item for item in self.module.parameters() if item.requires_grad]
        found = torch.autograd.grad(self._cost(self.module, batch), parameters, allow_unused=True)
        return all(item is not None for item in found)
