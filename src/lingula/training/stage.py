"""One stage of a recipe: reports, a label model and its loss, given to the loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lingula.bert.model import LabelModel
from lingula.bert.tokenizer import TextTokenizer
from lingula.errors import RecipeError
from lingula.training.data.batches import encode
from lingula.training.data.examples import Classes, Examples
from lingula.training.data.text_source import TextSource
from lingula.training.fit.batches import Batch
from lingula.training.fit.loop import Where, fit
from lingula.training.fit.progress import FitResult, Validation
from lingula.training.fit.settings import FitSettings, Optimization
from lingula.training.fit.steps import Task
from lingula.training.fit.worker import Worker
from lingula.training.model.losses import balanced_chances, class_weights, label_loss
from lingula.training.model.prediction import predict
from lingula.training.model.scoring import Figures, figures_of, plain_figures, score
from lingula.training.recipe import Stage


@dataclass(frozen=True)
class StageResult:
    """What a stage came to.

    Attributes:
        best: Figures of the checkpoint that was kept; None without validation examples.
        best_step: Its step.
        steps: Steps done.
        stopped_early: Whether ``patience`` ran out.
        seconds: Time taken, without interruptions.
    """

    best: Figures | None
    best_step: int
    steps: int
    stopped_early: bool
    seconds: float

    @classmethod
    def of(cls, result: FitResult) -> StageResult:
        """What the loop came to."""
        best = None if result.best is None else figures_of(result.best)
        return cls(best, result.best_step, result.steps, result.stopped_early, result.seconds)


@dataclass(frozen=True, eq=False)
class StageTexts:
    """The reports of a stage.

    Attributes:
        train: Examples to train on.
        validation: Examples that choose the checkpoint; the last one is kept if None or empty.
    """

    train: Examples
    validation: Examples | None = None


@dataclass(frozen=True, eq=False)
class SoftLoss:
    """A loss that takes the place of the recipe's.

    Attributes:
        module: Is called with ids and mask, and trained; holds the label model.
        cost: From the module's outputs and the batch (``rows`` in its targets) to a scalar.
    """

    module: nn.Module
    cost: Callable[[Any, Batch], Tensor]


def train_stage(
    model: LabelModel,
    tokenizer: TextTokenizer,
    texts: StageTexts,
    *,
    stage: Stage,
    where: Where,
    seed: int = 1,
    loss: SoftLoss | None = None,
) -> StageResult:
    """Train a model in place; it ends with the weights of the best validation.

    Args:
        model: Is moved to the device.
        tokenizer: Of the model.
        texts: What is trained and validated on.
        stage: The choices.
        where: Folder, device, and who hears of it.
        seed: Of batches and dropout.
        loss: Takes the place of the recipe's loss.

    Raises:
        RecipeError: If there is nothing to train on, or see ``fit``.
        CheckpointError: If ``last.pt`` is damaged or of another run.
    """
    train = texts.train
    if not len(train):
        raise RecipeError(f"stage {stage.name!r}: there is nothing to train on")
    source = TextSource(
        train,
        encode(train.texts, tokenizer),
        tokenizer.pad_id,
        stage.batch_tokens,
        seed,
        balanced_chances(train.targets()) if stage.sampling == "balanced" else None,
    )
    task = Task(
        stage.name,
        model,
        source,
        _LabelLoss(train, stage),
        _Validator(model, tokenizer, texts.validation, stage) if texts.validation else None,
        lambda _: _training_mode(model, stage),
    )
    if loss is not None:
        task = replace(task, module=loss.module, loss=loss.cost)
    names = [name for name, part in task.module.named_modules() if part is model]
    return StageResult.of(fit(task, _settings(stage, seed, names), where))


def _settings(stage: Stage, seed: int, names: Sequence[str]) -> FitSettings:
    """The loop's choices; the label model is called one of the names in what is trained."""
    return FitSettings(
        epochs=stage.epochs,
        accumulate=stage.accumulate,
        precision=stage.precision,
        optimization=Optimization(
            learning_rate=stage.learning_rate,
            learning_rates={
                f"{name}.heads.".lstrip("."): stage.head_learning_rate for name in names
            },
            weight_decay=stage.weight_decay,
            warmup=stage.warmup,
            clip_norm=stage.clip_norm,
        ),
        validate_every=stage.validate_every,
        patience=stage.patience,
        seed=seed,
    )


def _training_mode(model: LabelModel, stage: Stage) -> None:
    model.train()
    model.encoder.train(stage.encoder_dropout)


class _LabelLoss:
    """The cost of a batch by the labels of its rows."""

    def __init__(self, train: Examples, stage: Stage) -> None:
        self._weights = torch.from_numpy(class_weights(train.targets(), stage.weighting))
        self._focal_gamma = stage.focal_gamma

    def __call__(self, logits: Tensor, batch: Batch) -> Tensor:
        self._weights = self._weights.to(logits.device)
        return label_loss(
            logits,
            batch.targets["classes"],
            batch.targets["coded"],
            batch.targets["positive"],
            weights=self._weights,
            focal_gamma=self._focal_gamma,
        )


class _Validator:
    """Figures of the model on validation examples, as it is, in full precision."""

    def __init__(
        self, model: LabelModel, tokenizer: TextTokenizer, examples: Examples, stage: Stage
    ) -> None:
        self._model, self._examples, self._stage = model, examples, stage
        self._sequences = encode(examples.texts, tokenizer)
        self._pad_id = tokenizer.pad_id

    def __call__(self, worker: Worker) -> Validation:
        count = len(self._sequences)
        rows = np.arange(worker.rank, count, worker.size, dtype=np.intp)
        own = [self._sequences[row] for row in rows]
        logits = worker.gather(rows, predict(self._model, own, worker.device, self._pad_id), count)
        classes: Classes = logits.argmax(axis=-1).astype(np.int8)
        stage = self._stage
        found = score(self._examples, classes, self._model.schema, stage.metric_observations)
        return Validation(found.value(stage.metric), plain_figures(found), str(found))
