"""One seed of a run: a network trained by the loop, and what is kept of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lingula.documents import to_json, write_text
from lingula.errors import RecipeError
from lingula.images.checkpoints import BestCheckpoints
from lingula.images.model import parents_of
from lingula.images.networks import FilmNetwork, Normalization, load_weights
from lingula.images.objectives import objective_of
from lingula.images.policies import POLICIES, counted_cells
from lingula.images.prepare import Prepared
from lingula.images.recipe import ImageRecipe
from lingula.images.scoring import ValidationFilms, score_films
from lingula.images.source import FilmSource, gray_moments, targets_of
from lingula.training.fit.checkpoints import read_checkpoint
from lingula.training.fit.launch import launched, leads
from lingula.training.fit.loop import Where, fit
from lingula.training.fit.progress import FitResult, Progress, Validation
from lingula.training.fit.settings import FitSettings, Optimization
from lingula.training.fit.steps import Task
from lingula.training.fit.worker import Worker


@dataclass(frozen=True)
class RunSettings:
    """Where and how a run goes on.

    Attributes:
        folder: Of the run.
        device: Where to train.
        resume: Go on where an interrupted run stopped.
        progress: Called after every step.
        stop_after: Stop each seed after so many steps, as an interruption would.
    """

    folder: Path
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    resume: bool = False
    progress: Callable[[Progress], None] | None = None
    stop_after: int | None = None


class SeedRun:
    """One seed of a run."""

    def __init__(
        self,
        recipe: ImageRecipe,
        data: Prepared,
        valid: ValidationFilms,
        settings: RunSettings,
        seed: int,
    ) -> None:
        self.recipe, self.data, self.valid, self.seed = recipe, data, valid, seed
        self.settings = settings
        self.folder = settings.folder / f"seed-{seed}"
        self.batch, self.accumulate = recipe.training.batch, recipe.training.accumulate
        self.halved = self.folder / "halved.json"
        if settings.resume and self.halved.is_file():
            self.batch, self.accumulate = json.loads(self.halved.read_text(encoding="utf-8"))
        self.policy = POLICIES[recipe.policy]
        conditional = recipe.hierarchy == "conditional"
        parents = parents_of(data.schema) if conditional else ()
        classes = data.train.films.classes
        self.source = FilmSource(
            data.train.pixels,
            classes,
            counted_cells(classes, blank=recipe.blank, parents=parents),
            self.batch,
            seed,
            data.train.key,
        )
        self.objective = objective_of(self.policy, recipe.training, classes, self.source.counted)

    def train(self) -> tuple[list[dict[str, Tensor]], dict[str, Any]]:
        """The states of the networks that are kept, and what the run's record says of them."""
        network = self._network()
        first: dict[str, Any] = {}
        if self.recipe.policy == "self-trained":
            result = self._fit(network, self.folder / "first", self.source, None)
            first = {"before relabeling": _facts(result)}
            rows = np.arange(len(self.source.classes))
            relabeled = score_films(network, self.policy, self.source.pixels, rows)
            self.source = replace(self.source, relabeled=relabeled)
        if self.recipe.hierarchy == "conditional":
            # Then the last layer learns from all films: Pham et al. (2021), as recalled.
            result = self._fit(network, self.folder / "first", self.source, None)
            first = {"children given parents": _facts(result)}
            counted = counted_cells(self.source.classes, blank=self.recipe.blank)
            self.source = replace(self.source, counted=counted)
            network.freeze()
        keep = self.recipe.training.keep
        best = BestCheckpoints(self.folder / "checkpoints", keep) if keep > 1 else None
        if best is not None and not self.settings.resume and leads():
            best.clear()
        result = self._fit(network, self.folder, self.source, best)
        states = [network.state_dict()]
        if best is not None:
            states = [read_checkpoint(path, self.settings.device) for path in best.paths()]
        facts = {**first, **_facts(result), "members": len(states), "batch": self.batch}
        return states, facts

    def _network(self) -> FilmNetwork:
        torch.manual_seed(self.seed)
        recipe = self.recipe
        moments = gray_moments(self.data.train.pixels, len(self.data.train.films))
        network = FilmNetwork(
            recipe.network,
            len(self.data.schema),
            self.policy.outputs,
            Normalization(*moments),
            channels_last=recipe.training.channels_last,
        )
        network.augmentation = recipe.training.augmentation
        if recipe.network.weights:
            load_weights(network, Path(recipe.network.weights))
        return network

    def _fit(
        self,
        network: FilmNetwork,
        folder: Path,
        source: FilmSource,
        best: BestCheckpoints | None,
    ) -> FitResult:
        """Train; where memory runs out, again with half as many films at once."""

        def validate(worker: Worker) -> Validation:
            found, _ = self.valid.judge(network, self.policy, worker)
            if best is not None and worker.leads and found.value == found.value:
                best.offer(network, found.value)
            return found

        task = Task(
            name=f"seed {self.seed}",
            module=network,
            source=source,
            loss=lambda outputs, batch: self.objective.loss(outputs, targets_of(batch)),
            validate=validate,
        )
        settings = self.settings
        where = Where(
            folder, settings.device, settings.resume, settings.progress, settings.stop_after
        )
        before = {name: value.clone() for name, value in network.state_dict().items()}
        while True:
            try:
                return fit(task, self._fit_settings(), where)
            except (torch.OutOfMemoryError, MemoryError) as error:
                self._halve(error)
            # From the start, for the steps before were of other batches.
            network.load_state_dict(before)
            task = replace(task, source=replace(source, size=self.batch))
            where = replace(where, resume=False)

    def _halve(self, error: Exception) -> None:
        """Half as many films at once, and twice as many such parts a step."""
        if self.batch == 1 or launched():
            raise RecipeError(
                f"seed {self.seed}: memory ran out with {self.batch} films at once; take a smaller "
                "training.batch and a larger training.accumulate"
            ) from error
        self.batch, self.accumulate = -(-self.batch // 2), 2 * self.accumulate
        self.folder.mkdir(parents=True, exist_ok=True)
        write_text(self.halved, to_json([self.batch, self.accumulate]))
        if self.settings.device.type == "cuda":
            torch.cuda.empty_cache()

    def _fit_settings(self) -> FitSettings:
        chosen = self.recipe.training
        precision = "fp32" if chosen.precision == "auto" else chosen.precision
        return FitSettings(
            epochs=chosen.epochs,
            accumulate=self.accumulate,
            precision=precision,
            optimization=Optimization(
                optimizer=chosen.optimizer,
                learning_rate=chosen.learning_rate,
                betas=(chosen.betas[0], chosen.betas[1]),
                weight_decay=chosen.weight_decay,
                schedule=chosen.schedule,
                warmup=chosen.warmup,
                clip_norm=chosen.clip_norm,
            ),
            validate_every=chosen.validate_every,
            patience=chosen.patience,
            seed=self.seed,
            workers=chosen.workers,
        )


def _facts(result: FitResult) -> dict[str, Any]:
    return {
        "best": None if result.best is None else dict(result.best),
        "best step": result.best_step,
        "steps": result.steps,
        "stopped early": result.stopped_early,
        "seconds": round(result.seconds, 1),
    }
