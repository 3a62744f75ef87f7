"""One step of training: the gradients of some batches, added up, and the optimizer's move."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lingula.bert.model import LabelModel
from lingula.bert.runtimes.torch import AUTOCAST
from lingula.bert.tokenizer import Ids
from lingula.training.data.batches import fill_batch
from lingula.training.data.examples import Examples, Rows
from lingula.training.fit.optimization import make_optimizer, rate_share
from lingula.training.fit.team import Team
from lingula.training.model.losses import class_weights, label_loss
from lingula.training.recipe import Stage

#: The cost of a batch, a scalar, from model, ids, mask and rows; it may call the model as it likes.
Loss = Callable[[LabelModel, Tensor, Tensor, Rows], Tensor]


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
    """The model in training, with its optimizer, schedule and scaler.

    Args:
        model: Is moved to the team's device.
        sequences: Token ids of each example.
        train: The examples.
        stage: The choices.
        steps: Of the whole stage.
        seed: Of dropout, where there are several processes.
        pad_id: Fills short rows.
        team: Whose batches are shared out.
        loss: Takes the place of the recipe's loss; for a process that trains alone.
    """

    def __init__(
        self,
        model: LabelModel,
        sequences: Sequence[Ids],
        train: Examples,
        *,
        stage: Stage,
        steps: int,
        seed: int,
        pad_id: int,
        team: Team,
        loss: Loss | None = None,
    ) -> None:
        device = team.device
        self.model = model.to(device)
        self._sequences, self._stage, self._seed, self._pad_id = sequences, stage, seed, pad_id
        self._team, self._loss = team, loss
        weights = class_weights(train.targets(), stage.weighting)
        self._weights = torch.from_numpy(weights).to(device)
        self._labels = tuple(
            torch.from_numpy(array).to(device)
            for array in (train.classes.astype(np.int64), train.coded, train.positive)
        )
        self._optimizer = make_optimizer(model, stage)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer, lambda step: rate_share(step, steps, stage.warmup)
        )
        self._scaler = torch.amp.GradScaler(device.type, enabled=stage.precision == "fp16")
        self._wrapped = team.wrap(model, all_used=team.size == 1 or self._all_used())

    @property
    def learning_rate(self) -> float:
        """The encoder's, at the next step."""
        return float(self._schedule.get_last_lr()[0])

    def step(self, batches: Sequence[Rows], number: int) -> float:
        """Move the weights once.

        Args:
            batches: Whose gradients are added up, each weighed by its rows.
            number: Steps done before.

        Returns:
            The loss: the mean over all rows.

        Raises:
            LossNotFiniteError: If a batch's loss is no finite number; in every process.
        """
        self._team.seed_step(self._seed, number)
        self._wrapped.train()
        self.model.encoder.train(self._stage.encoder_dropout)
        rows = sum(len(batch) for batch in batches)
        total = 0.0
        for place, batch in enumerate(batches, start=1):
            own, part = self._team.share(batch)
            filled = fill_batch(self._sequences, own, self._pad_id)
            ids = torch.from_numpy(filled.ids).to(self._team.device)
            mask = torch.from_numpy(filled.mask).to(self._team.device)
            with self._team.adding_up(self._wrapped, place == len(batches)):
                with self._autocast():
                    cost = self._cost(ids, mask, own)
                value = self._team.total(cost.detach() * part)
                if not math.isfinite(value):
                    raise LossNotFiniteError(batch, value)
                # The size, for gradients are averaged over the processes.
                weight = len(batch) / rows * part * self._team.size
                scaled: Any = self._scaler.scale(cost * weight)
                scaled.backward()
            total += value * len(batch) / rows
        self._scaler.unscale_(self._optimizer)
        nn.utils.clip_grad_norm_(self.model.parameters(), self._stage.clip_norm)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._schedule.step()
        self._optimizer.zero_grad(set_to_none=True)
        return total

    def state(self) -> dict[str, Any]:
        """What ``restore`` needs to go on as if never interrupted."""
        random = {"cpu": torch.get_rng_state()}
        if self._team.device.type == "cuda":
            random["cuda"] = torch.cuda.get_rng_state(self._team.device)
        return {
            "model": self.model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "scaler": self._scaler.state_dict(),
            "random": random,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state that ``state`` gave."""
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self._scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["random"]["cpu"].cpu())
        if "cuda" in state["random"] and self._team.device.type == "cuda":
            torch.cuda.set_rng_state(state["random"]["cuda"].cpu(), self._team.device)

    def _cost(self, ids: Tensor, mask: Tensor, rows: Rows) -> Tensor:
        if self._loss is not None:
            return self._loss(self.model, ids, mask, rows)
        classes, coded, positive = (array[rows] for array in self._labels)
        return label_loss(
            self._wrapped(ids, mask),
            classes,
            coded,
            positive,
            weights=self._weights,
            focal_gamma=self._stage.focal_gamma,
        )

    def _autocast(self) -> AbstractContextManager[object]:
        if self._stage.precision == "fp32":
            return nullcontext()
        return torch.autocast(self._team.device.type, dtype=AUTOCAST[self._stage.precision])

    def _all_used(self) -> bool:
        """Whether every parameter has a part in the logits, as one example shows."""
        filled = fill_batch(self._sequences, np.zeros(1, dtype=np.intp), self._pad_id)
        ids = torch.from_numpy(filled.ids).to(self._team.device)
        mask = torch.from_numpy(filled.mask).to(self._team.device)
        parameters = [item for item in self.model.parameters() if item.requires_grad]
        found = torch.autograd.grad(self.model(ids, mask).sum(), parameters, allow_unused=True)
        return all(item is not None for item in found)
