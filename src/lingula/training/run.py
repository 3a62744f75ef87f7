"""Follow a recipe into a run folder.

RUN/recipe.json          every choice, with paths; ``lingula train`` reads it again
RUN/run.json             versions, seed, digests of the data, figures of each stage
RUN/silver/              the silver labels, made once
RUN/STAGE/log.jsonl      loss and figures of each validation
RUN/STAGE/last.pt        for --resume
RUN/STAGE/best.pt        the weights that were kept
RUN/STAGE/model/         those as a model folder
RUN/STAGE/fold-N/        the same files of a stage with folds, and
RUN/STAGE/out_of_fold.npz  what its models said of the reports that each did not see
RUN/model/               the model folder of the last stage, calibrated
RUN/model_card.md
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lingula.bert.folder import ModelFolder, update_settings
from lingula.bert.model import LabelModel
from lingula.bert.settings import ModelSettings
from lingula.bert.tokenizer import TextTokenizer
from lingula.bert.weights import load_model, save_folder
from lingula.errors import InputError, RecipeError
from lingula.labels import Labeler, Schema
from lingula.loading import load
from lingula.schemas import load_schema, shipped_schemas
from lingula.training.after.calibration import fit_temperatures
from lingula.training.after.fidelity import fidelity
from lingula.training.after.model_card import model_card
from lingula.training.after.run_record import begin_record, write_json
from lingula.training.data.augment.translate import translator
from lingula.training.data.folds import OutOfFold, fold_parts
from lingula.training.data.prepare import Part, StageData, read_parts, stage_data
from lingula.training.data.silver import SilverLabels, distinct
from lingula.training.fit.checkpoints import plain_figures
from lingula.training.fit.loop import train_stage
from lingula.training.fit.progress import Progress, StageResult
from lingula.training.model.backbones import load_backbone
from lingula.training.model.prediction import predict_texts
from lingula.training.model.pruning import prune_vocabulary
from lingula.training.model.scoring import score
from lingula.training.recipe import Recipe, Stage
from lingula.training.recipe_files import recipe_to_dict


@dataclass(frozen=True)
class RunResult:
    """What a run came to.

    Attributes:
        folder: The run folder.
        model: The model folder of the last stage that was trained.
        stages: Results by stage name.
    """

    folder: Path
    model: Path
    stages: dict[str, StageResult]


def run_recipe(
    recipe: Recipe,
    folder: Path,
    *,
    stages: Sequence[str] = (),
    resume: bool = False,
    device: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> RunResult:
    """Train the stages of a recipe, one after the other.

    Args:
        recipe: The choices.
        folder: Run folder; must be new or empty unless ``resume`` or ``stages`` is given.
        stages: Names of the stages to train; all of them if empty. A stage begins with the model
            of the one before it in the recipe, which must have been trained into this folder.
        resume: Go on where an interrupted run stopped: stages that were finished are not trained
            again, the others go on from their ``last.pt``.
        device: "cpu", "cuda" (every GPU, with a process on each), "cuda:N" or "mps"; every GPU
            if not given, or the CPU if there is none.
        progress: Called after every step.

    Raises:
        LingulaError: If anything in the recipe cannot be followed; see the modules.
    """
    names = [stage.name for stage in recipe.stages]
    if unknown := [name for name in stages if name not in names]:
        raise RecipeError(f"there is no stage {unknown[0]!r}; the recipe has {', '.join(names)}")
    if folder.exists() and any(folder.iterdir()) and not (resume or stages):
        raise InputError(f"{folder}: is there already; name another folder, or go on with --resume")
    return _Run(recipe, folder, device, progress).train(stages or names, resume)


class _Run:
    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        device: str | None,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        from lingula.bert.runtimes.torch import devices_of

        self.recipe, self.folder, self.progress = recipe, folder, progress
        self.devices = devices_of(device)
        self.device = self.devices[0]
        if recipe.threads:
            torch.set_num_threads(recipe.threads)
        named = recipe.schema
        path = named if named in shipped_schemas() else recipe.folder / named
        self.schema: Schema = load_schema(path)
        self.labeler: Labeler = load(recipe.labeler)
        self.silver = SilverLabels(self.labeler, self.schema, folder / "silver-labels")
        self.parts: list[Part] = read_parts(recipe, self.schema)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "recipe.json", recipe_to_dict(recipe))
        self.record = begin_record(
            folder / "run.json", recipe, self.parts, self.silver, self.devices
        )

    def train(self, stages: Sequence[str], resume: bool) -> RunResult:
        results: dict[str, StageResult] = {}
        held: tuple[LabelModel, TextTokenizer] | None = None
        latest = self.folder / "model"
        chosen = [
            stage
            for stage in self.recipe.stages
            if stage.name in stages and not (resume and self._finished(stage))
        ]
        # Opened here once for nothing: an engine that is not there must not cost a stage's hours.
        for name in {name for stage in chosen for name in stage.augmentation.back_translations}:
            translator(name, self.recipe.folder)
        for position, stage in enumerate(self.recipe.stages):
            if stage not in chosen:
                held = None
                continue
            if held is None:
                held = self._start(position)
            folds = self._predict_folds(stage, position, resume) if stage.folds else None
            result = self._train_stage(held, stage, folds, position=position, resume=resume)
            results[stage.name] = result
            latest = self.folder / stage.name / "model"
        last = self.recipe.stages[-1]
        if self._finished(last):
            latest = self._finish(last)
        return RunResult(self.folder, latest, results)

    def _start(self, position: int) -> tuple[LabelModel, TextTokenizer]:
        """The model that a stage begins with."""
        if position:
            before = self.recipe.stages[position - 1]
            if not self._finished(before):
                raise RecipeError(
                    f"stage {self.recipe.stages[position].name!r} begins with the model of stage "
                    f"{before.name!r}: train that first, into the same folder"
                )
            opened = ModelFolder.open(self.folder / before.name / "model")
            return load_model(opened), opened.tokenizer()
        # New heads are drawn, so the seed is set before they are.
        torch.manual_seed(self.recipe.seed)
        model, tokenizer = load_backbone(self.recipe.backbone, self.schema, self.recipe.folder)
        if self.recipe.backbone.prune_vocabulary:
            texts = distinct([text for part in self.parts for text in part.texts(part.train)])
            tokenizer = prune_vocabulary(
                model, tokenizer, texts, keep_tokens=self.recipe.backbone.keep_tokens
            )
        return model, tokenizer

    def _data(self, stage: Stage, parts: Sequence[Part] | None = None) -> StageData:
        return stage_data(
            self.parts if parts is None else parts,
            stage,
            self.silver,
            seed=self.recipe.seed,
            folder=self.recipe.folder,
            cache=self.folder / "silver-labels",
        )

    def _train_stage(
        self,
        held: tuple[LabelModel, TextTokenizer],
        stage: Stage,
        folds: OutOfFold | None,
        *,
        position: int,
        resume: bool,
    ) -> StageResult:
        model, tokenizer = held
        whole = fold_parts(self.parts, self.recipe, stage.folds, None) if stage.folds else None
        data = self._data(stage, whole)
        result = train_stage(
            model,
            tokenizer,
            data.train,
            data.validation,
            stage=stage,
            folder=self.folder / stage.name,
            seed=self.recipe.seed + position,
            device=self.devices,
            resume=resume,
            progress=self.progress,
        )
        calibration: dict[str, Any] | None = None
        if folds is not None:
            said = folds.logits.argmax(axis=-1).astype(np.int8)
            figures = score(folds.examples, said, self.schema, stage.metric_observations)
            result = replace(result, best=figures)
            calibration = asdict(fit_temperatures(folds.logits, folds.examples))
        facts: dict[str, Any] = {
            "counts": data.counts,
            "data sha256": data.train.digest(),
            "steps": result.steps,
            "best step": result.best_step,
            "stopped early": result.stopped_early,
            "seconds": round(result.seconds, 1),
            "validation": None if result.best is None else plain_figures(result.best),
        }
        if folds is not None:
            facts |= {"folds": stage.folds, "seconds of folds": round(folds.seconds, 1)}
            facts["calibration"] = calibration
            for path in (self.folder / stage.name).glob("fold-*/*.pt"):
                path.unlink()
        if stage.supervision == "silver":
            found = fidelity(
                model, tokenizer, self.parts, self.silver,
                trained_on=data.train.texts, device=self.device,
            )  # fmt: skip
            facts["fidelity"] = {name: plain_figures(item) for name, item in found.items()}
        self.record["stages"][stage.name] = facts
        save_folder(
            self.folder / stage.name / "model",
            model.cpu(),
            tokenizer,
            ModelSettings(
                self.schema,
                name=self.recipe.name,
                pooling=model.heads.pooling,
                dropout=self.recipe.backbone.dropout,
                max_length=tokenizer.max_length,
                training={"recipe": self.recipe.name, "stage": stage.name},
            ),
            overwrite=True,
        )
        write_json(self.folder / "run.json", self.record)
        return result

    def _predict_folds(self, stage: Stage, position: int, resume: bool) -> OutOfFold:
        """What models that were trained without a fold say of it, fold by fold."""
        parts = []
        seconds = 0.0
        for fold in range(stage.folds):
            model, tokenizer = self._start(position)
            data = self._data(stage, fold_parts(self.parts, self.recipe, stage.folds, fold))
            if not len(data.validation):
                raise InputError(
                    f"stage {stage.name!r}: fold {fold + 1} of {stage.folds} has no labeled "
                    "report; take fewer folds"
                )
            seconds += train_stage(
                model,
                tokenizer,
                data.train,
                None,
                stage=replace(stage, name=f"{stage.name}, fold {fold + 1} of {stage.folds}"),
                folder=self.folder / stage.name / f"fold-{fold + 1}",
                seed=self.recipe.seed + position,
                device=self.devices,
                resume=resume,
                progress=self.progress,
            ).seconds
            texts = data.validation.texts
            logits = predict_texts(model, tokenizer, texts, self.device)
            parts.append((data.validation, logits))
        found = OutOfFold.of(parts, seconds)
        found.write(self.folder / stage.name / "out_of_fold.npz")
        return found

    def _finish(self, last: Stage) -> Path:
        """The last stage's model as the run's model: calibrated, with its card."""
        source = ModelFolder.open(self.folder / last.name / "model")
        model, tokenizer = load_model(source), source.tokenizer()
        target = self.folder / "model"
        save_folder(target, model, tokenizer, source.settings, overwrite=True)
        fitted = self.record["stages"][last.name].get("calibration")
        if fitted is None and len(validation := self._data(last).validation):
            logits = predict_texts(model, tokenizer, validation.texts, self.device)
            fitted = asdict(fit_temperatures(logits, validation))
        if fitted is not None:
            update_settings(target, temperature=tuple(fitted["temperatures"]))
            self.record["calibration"] = fitted
        write_json(self.folder / "run.json", self.record)
        card = model_card(self.recipe, self.schema, self.record)
        (self.folder / "model_card.md").write_text(card, encoding="utf-8")
        return target

    def _finished(self, stage: Stage) -> bool:
        return (self.folder / stage.name / "model").is_dir()
