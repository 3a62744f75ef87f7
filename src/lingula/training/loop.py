"""Train one stage: steps, validation, checkpoints, early stop, resume.

What a step does depends on the seed, the epoch and the step alone, and on the state that ``last``
holds (weights, optimizer, schedule, random state), so a resumed run gives the same weights as one
that was never interrupted.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lingula.bert.batching import Batch
from lingula.bert.model import LabelModel
from lingula.bert.runtimes.torch import AUTOCAST
from lingula.bert.tokenizer import TextTokenizer
from lingula.errors import CheckpointError, RecipeError
from lingula.training.batches import encode, epoch_batches, fill_batch
from lingula.training.checkpoints import (
    StageFolder,
    State,
    figures_of,
    plain_figures,
    read_checkpoint,
)
from lingula.training.examples import Classes, Examples, Rows
from lingula.training.losses import balanced_chances, class_weights, label_loss
from lingula.training.optimization import make_optimizer, rate_share
from lingula.training.prediction import predict
from lingula.training.progress import Progress, StageResult
from lingula.training.recipe import Stage
from lingula.training.scoring import Figures, score

#: Seconds between checkpoints where validations are rare.
SAVE_SECONDS = 600.0

#: Steps between entries of the log.
LOG_STEPS = 50


def train_stage(
    model: LabelModel,
    tokenizer: TextTokenizer,
    train: Examples,
    validation: Examples | None,
    *,
    stage: Stage,
    folder: Path,
    seed: int = 1,
    device: torch.device | None = None,
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
    stop_after: int | None = None,
    loss: Callable[[LabelModel, Tensor, Tensor, Rows], Tensor] | None = None,
) -> StageResult:
    """Train a model in place; it ends with the weights of the best validation.

    Args:
        model: Is moved to the device.
        tokenizer: Of the model.
        train: Examples to train on.
        validation: Examples that choose the checkpoint; the last one is kept if None.
        stage: The choices.
        folder: For ``last.pt``, ``best.pt`` and ``log.jsonl``.
        seed: Of batches and dropout.
        device: Where to train; the CPU if not given.
        resume: Go on from ``last.pt`` if it is there.
        progress: Called after every step.
        stop_after: Save ``last.pt`` and return after this many steps, as an interruption would.
        loss: Takes the place of the recipe's loss: called with model, ids, mask and rows.

    Raises:
        RecipeError: If the loss is no finite number (the batch is saved), or an option cannot be
            followed on this device.
        CheckpointError: If ``last.pt`` is damaged or of another run.
    """
    return _Trainer(
        model,
        tokenizer,
        train,
        validation,
        stage=stage,
        folder=folder,
        seed=seed,
        device=device or torch.device("cpu"),
        progress=progress,
        loss=loss,
    ).run(resume, stop_after)  # fmt: skip


class _Trainer:
    def __init__(
        self,
        model: LabelModel,
        tokenizer: TextTokenizer,
        train: Examples,
        validation: Examples | None,
        *,
        stage: Stage,
        folder: Path,
        seed: int,
        device: torch.device,
        progress: Callable[[Progress], None] | None,
        loss: Callable[[LabelModel, Tensor, Tensor, Rows], Tensor] | None,
    ) -> None:
        if not len(train):
            raise RecipeError(f"stage {stage.name!r}: there is nothing to train on")
        if stage.precision == "fp16" and device.type != "cuda":
            raise RecipeError(f'stage {stage.name!r}: precision "fp16" needs a GPU; use "bf16"')
        self.model = model.to(device)
        self.tokenizer = tokenizer
        self.train = train
        self.validation = validation if validation is not None and len(validation) else None
        self.stage, self.seed, self.device = stage, seed, device
        self.files = StageFolder(folder)
        self.report, self.loss = progress, loss
        self.sequences = encode(train.texts, tokenizer)
        self.lengths = np.array([len(ids) for ids in self.sequences], dtype=np.intp)
        self.held_out = encode(self.validation.texts, tokenizer) if self.validation else []
        targets = train.targets()
        self.chances = balanced_chances(targets) if stage.sampling == "balanced" else None
        self.weights = torch.from_numpy(class_weights(targets, stage.weighting)).to(device)
        self.labels = tuple(
            torch.from_numpy(array).to(device)
            for array in (train.classes.astype(np.int64), train.coded, train.positive)
        )
        counts = [len(self._epoch(epoch)) for epoch in range(stage.epochs)]
        per_epoch = [-(-count // stage.accumulate) for count in counts]
        self.ends = np.cumsum(per_epoch)
        self.steps = int(self.ends[-1])
        self.optimizer = make_optimizer(model, stage)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: rate_share(step, self.steps, stage.warmup)
        )
        self.scaler = torch.amp.GradScaler(device.type, enabled=stage.precision == "fp16")
        self.state = State()

    def run(self, resume: bool, stop_after: int | None) -> StageResult:
        torch.manual_seed(self.seed)
        if resume and self.files.last.is_file():
            self._restore()
        else:
            self.files.clear()
        done = 0
        begun = saved = time.monotonic()
        before = self.state.seconds
        recent: list[float] = []
        while self.state.step < self.steps and not self.state.stopped:
            epoch = int(np.searchsorted(self.ends, self.state.step, side="right"))
            batches = self._epoch(epoch)
            first = 0 if epoch == 0 else int(self.ends[epoch - 1])
            while self.state.step < self.ends[epoch] and not self.state.stopped:
                at = (self.state.step - first) * self.stage.accumulate
                recent = [*recent[-49:], self._step(batches[at : at + self.stage.accumulate])]
                self.state.step += 1
                self.state.seconds = before + time.monotonic() - begun
                figures = self._validate_if_due(recent)
                done += 1
                if self.report is not None:
                    rate = (time.monotonic() - begun) / done
                    self.report(
                        Progress(
                            self.stage.name, epoch + 1, self.state.step, self.steps,
                            float(np.mean(recent)), rate * (self.steps - self.state.step), figures,
                        )
                    )  # fmt: skip
                stopping = stop_after is not None and done >= stop_after
                late = time.monotonic() - saved > SAVE_SECONDS
                if stopping or late or figures is not None:
                    self._save()
                    saved = time.monotonic()
                if stopping:
                    return self._result()
        self._save()
        self._keep_best()
        return self._result()

    def _epoch(self, epoch: int) -> list[Rows]:
        return epoch_batches(
            self.lengths, self.stage.batch_tokens, (self.seed, epoch), self.chances
        )

    def _step(self, batches: Sequence[Rows]) -> float:
        self.model.train()
        rows = sum(len(batch) for batch in batches)
        total = 0.0
        for batch in batches:
            filled = fill_batch(self.sequences, batch, self.tokenizer.pad_id)
            ids = torch.from_numpy(filled.ids).to(self.device)
            mask = torch.from_numpy(filled.mask).to(self.device)
            with self._autocast():
                cost = self._cost(ids, mask, batch)
            value = float(cost.detach())
            if not math.isfinite(value):
                self._refuse(filled, value)
            scaled: Any = self.scaler.scale(cost * (len(batch) / rows))
            scaled.backward()
            total += value * len(batch) / rows
        self.scaler.unscale_(self.optimizer)
        nn.utils.clip_grad_norm_(self.model.parameters(), self.stage.clip_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.schedule.step()
        self.optimizer.zero_grad(set_to_none=True)
        return total

    def _cost(self, ids: Tensor, mask: Tensor, rows: Rows) -> Tensor:
        if self.loss is not None:
            return self.loss(self.model, ids, mask, rows)
        classes, coded, positive = (array[rows] for array in self.labels)
        return label_loss(
            self.model(ids, mask),
            classes,
            coded,
            positive,
            weights=self.weights,
            focal_gamma=self.stage.focal_gamma,
        )

    def _autocast(self) -> AbstractContextManager[object]:
        if self.stage.precision == "fp32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=AUTOCAST[self.stage.precision])

    def _refuse(self, batch: Batch, value: float) -> None:
        path = self.files.write_bad_batch(batch)
        raise RecipeError(
            f"stage {self.stage.name!r}: the loss is {value} at step {self.state.step + 1}; the "
            f"batch is in {path}; lower learning_rate, or train in fp32, and go on with --resume"
        )

    def _validate_if_due(self, recent: Sequence[float]) -> Figures | None:
        every, step = self.stage.validate_every, self.state.step
        due = step == self.steps or (step % every == 0 if every else step in self.ends)
        if not due and step % LOG_STEPS:
            return None
        event: dict[str, Any] = {
            "step": step,
            "loss": float(np.mean(recent)),
            "learning_rate": self.schedule.get_last_lr()[0],
            "seconds": round(self.state.seconds, 1),
        }
        if not due:
            self.files.log(event)
            return None
        figures = None
        if self.validation is not None:
            figures = self._figures(self.validation)
            value = figures.value(self.stage.metric)
            event["figures"] = plain_figures(figures)
            if value > self.state.best_value:
                self.state.best_value, self.state.best_step = value, step
                self.state.best, self.state.waited = plain_figures(figures), 0
                self.files.write_best(self.model.state_dict())
            else:
                self.state.waited += 1
                patience = self.stage.patience
                self.state.stopped = bool(patience) and self.state.waited >= patience
        self.files.log(event)
        return figures

    def _figures(self, examples: Examples) -> Figures:
        logits = predict(self.model, self.held_out, self.device, self.tokenizer.pad_id)
        classes: Classes = logits.argmax(axis=-1).astype(np.int8)
        return score(examples, classes, self.model.schema, self.stage.metric_observations)

    def _save(self) -> None:
        random = {"cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            random["cuda"] = torch.cuda.get_rng_state(self.device)
        self.files.write_last(
            {
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "schedule": self.schedule.state_dict(),
                "scaler": self.scaler.state_dict(),
                "random": random,
                "state": asdict(self.state),
                "data": self.train.digest(),
                "steps": self.steps,
            }
        )

    def _restore(self) -> None:
        path = self.files.last
        held = read_checkpoint(path, self.device)
        if held.get("data") != self.train.digest() or held.get("steps") != self.steps:
            raise CheckpointError(
                f"{path}: is of other data or another recipe than this run's; leave out --resume, "
                "or name another run folder"
            )
        self.model.load_state_dict(held["model"])
        self.optimizer.load_state_dict(held["optimizer"])
        self.schedule.load_state_dict(held["schedule"])
        self.scaler.load_state_dict(held["scaler"])
        self.state = State(**held["state"])
        torch.set_rng_state(held["random"]["cpu"].cpu())
        if "cuda" in held["random"]:
            torch.cuda.set_rng_state(held["random"]["cuda"].cpu(), self.device)

    def _keep_best(self) -> None:
        if self.validation is None:
            self.files.write_best(self.model.state_dict())
        else:
            self.model.load_state_dict(read_checkpoint(self.files.best, self.device))
        self.model.eval()

    def _result(self) -> StageResult:
        state = self.state
        best = None if state.best is None else figures_of(state.best)
        return StageResult(best, state.best_step, state.step, state.stopped, state.seconds)
