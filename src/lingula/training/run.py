"""Follow a recipe into a run folder; see ``run_folder`` for its files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from lingula.bert.folder import ModelFolder, update_settings
from lingula.bert.model import LabelModel
from lingula.bert.settings import ModelSettings
from lingula.bert.tokenizer import TextTokenizer
from lingula.bert.weights import load_model, save_folder
from lingula.errors import InputError, RecipeError
from lingula.labels import Schema
from lingula.loading import load
from lingula.schemas import load_schema, shipped_schemas
from lingula.training.after.calibration import fit_temperatures
from lingula.training.after.fidelity import fidelity
from lingula.training.after.model_card import model_card
from lingula.training.after.run_record import begin_record, stage_record, write_json
from lingula.training.data.augment.translate import translator
from lingula.training.data.folds import OutOfFold, fold_parts
from lingula.training.data.prepare import Part, StageData, read_parts, stage_data
from lingula.training.data.silver import SilverLabels, distinct
from lingula.training.fit.launch import leads
from lingula.training.fit.loop import Where
from lingula.training.fit.progress import Progress
from lingula.training.fit.worker import Worker, leader_first, wait_for_all
from lingula.training.model.backbones import load_backbone
from lingula.training.model.prediction import predict_texts
from lingula.training.model.pruning import prune_vocabulary
from lingula.training.model.scoring import plain_figures, score
from lingula.training.recipe import Recipe, Stage
from lingula.training.recipe_files import recipe_to_dict
from lingula.training.run_folder import RunFolder
from lingula.training.stage import StageResult, StageTexts, train_stage


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

    If several processes were launched (``accelerate launch``), each calls this alike; they train
    together, and the first one alone writes files. All must see the folder.

    Args:
        recipe: The choices.
        folder: Run folder; must be new or empty unless ``resume`` or ``stages`` is given. What a
            run left that failed before its first checkpoint is no hindrance.
        stages: Names of the stages to train; all of them if empty. A stage begins with the model
            of the one before it in the recipe, which must have been trained into this folder.
        resume: Go on where an interrupted run stopped: stages that were finished are not trained
            again, the others go on from their ``last.pt``.
        device: "cpu", "cuda" (the first GPU; where several processes were launched, each has its
            own), "cuda:N" or "mps"; a GPU if not given, or the CPU if there is none.
        progress: Called after every step, in the first process.

    Raises:
        LingulaError: If anything in the recipe cannot be followed; see the modules.
    """
    names = [stage.name for stage in recipe.stages]
    if unknown := [name for name in stages if name not in names]:
        raise RecipeError(f"there is no stage {unknown[0]!r}; the recipe has {', '.join(names)}")
    if leads() and not (resume or stages):
        RunFolder(folder).refuse_used()
    return _Run(recipe, folder, device, progress, resume).train(stages or names)


class _Run:
    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        device: str | None,
        progress: Callable[[Progress], None] | None,
        resume: bool,
    ) -> None:
        from lingula.bert.runtimes.torch import devices_of

        self.recipe, self.folder, self.resume = recipe, RunFolder(folder), resume
        self.progress = progress
        worker = Worker(devices_of(device)[0])
        self.device = worker.device
        if recipe.threads:
            torch.set_num_threads(recipe.threads)
        with leader_first():
            named = recipe.schema
            path = named if named in shipped_schemas() else recipe.folder / named
            self.schema: Schema = load_schema(path)
            self.silver = SilverLabels(load(recipe.labeler), self.schema, self.folder.silver)
            self.parts: list[Part] = read_parts(recipe, self.schema)
            self.record = begin_record(
                self.folder.record, recipe, self.parts, self.silver, worker.name
            )
            if leads():
                folder.mkdir(parents=True, exist_ok=True)
                write_json(self.folder.recipe, recipe_to_dict(recipe))

    def train(self, stages: Sequence[str]) -> RunResult:
        results: dict[str, StageResult] = {}
        held: tuple[LabelModel, TextTokenizer] | None = None
        latest = self.folder.model
        chosen = [
            stage
            for stage in self.recipe.stages
            if stage.name in stages and not (self.resume and self._finished(stage))
        ]
        wait_for_all()  # before the first process finishes a stage that another is still to choose
        # Opened here once for nothing: an engine that is not there must not cost a stage's hours.
        for name in {name for stage in chosen for name in stage.augmentation.back_translations}:
            translator(name, self.recipe.folder)
        for position, stage in enumerate(self.recipe.stages):
            if stage not in chosen:
                held = None
                continue
            if held is None:
                held = self._start(position)
            folds = self._predict_folds(stage, position) if stage.folds else None
            results[stage.name] = self._stage(held, stage, folds, position)
            latest = self.folder.stage_model(stage.name)
        last = self.recipe.stages[-1]
        if self._finished(last):
            latest = self.folder.model
            if leads():
                self._finish(last)
        wait_for_all()
        return RunResult(self.folder.path, latest, results)

    def _start(self, position: int) -> tuple[LabelModel, TextTokenizer]:
        """The model that a stage begins with."""
        if position:
            before = self.recipe.stages[position - 1]
            if not self._finished(before):
                raise RecipeError(
                    f"stage {self.recipe.stages[position].name!r} begins with the model of stage "
                    f"{before.name!r}: train that first, into the same folder"
                )
            opened = ModelFolder.open(self.folder.stage_model(before.name))
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
            cache=self.folder.silver,
        )

    def _fit(
        self,
        held: tuple[LabelModel, TextTokenizer],
        texts: StageTexts,
        stage: Stage,
        folder: Path,
        position: int,
    ) -> StageResult:
        where = Where(folder, self.device, self.resume, self.progress)
        return train_stage(*held, texts, stage=stage, where=where, seed=self.recipe.seed + position)

    def _stage(
        self,
        held: tuple[LabelModel, TextTokenizer],
        stage: Stage,
        folds: OutOfFold | None,
        position: int,
    ) -> StageResult:
        whole = fold_parts(self.parts, self.recipe, stage.folds, None) if stage.folds else None
        with leader_first():
            data = self._data(stage, whole)
        result = self._fit(
            held,
            StageTexts(data.train, data.validation),
            stage,
            self.folder.stage(stage.name),
            position,
        )
        if folds is not None:
            said = folds.logits.argmax(axis=-1).astype(np.int8)
            figures = score(folds.examples, said, self.schema, stage.metric_observations)
            result = replace(result, best=figures)
        if leads():
            self._record_stage(held, stage, result, data, folds)
            self._save_stage(*held, stage)
            write_json(self.folder.record, self.record)
        wait_for_all()
        return result

    def _record_stage(
        self,
        held: tuple[LabelModel, TextTokenizer],
        stage: Stage,
        result: StageResult,
        data: StageData,
        folds: OutOfFold | None,
    ) -> None:
        facts = stage_record(result, data, stage, folds)
        for path in self.folder.stage(stage.name).glob("fold-*/*.pt"):
            path.unlink()
        if stage.supervision == "silver":
            found = fidelity(
                *held, self.parts, self.silver, trained_on=data.train.texts, device=self.device
            )
            facts["fidelity"] = {name: plain_figures(item) for name, item in found.items()}
        self.record["stages"][stage.name] = facts

    def _save_stage(self, model: LabelModel, tokenizer: TextTokenizer, stage: Stage) -> None:
        settings = ModelSettings(
            self.schema,
            name=self.recipe.name,
            pooling=model.heads.pooling,
            dropout=self.recipe.backbone.dropout,
            max_length=tokenizer.max_length,
            training={"recipe": self.recipe.name, "stage": stage.name},
        )
        target = self.folder.stage_model(stage.name)
        save_folder(target, model.cpu(), tokenizer, settings, overwrite=True)

    def _predict_folds(self, stage: Stage, position: int) -> OutOfFold:
        """What models that were trained without a fold say of it, fold by fold."""
        parts = []
        seconds = 0.0
        for fold in range(stage.folds):
            held = self._start(position)
            with leader_first():
                data = self._data(stage, fold_parts(self.parts, self.recipe, stage.folds, fold))
            if not len(data.validation):
                raise InputError(
                    f"stage {stage.name!r}: fold {fold + 1} of {stage.folds} has no labeled "
                    "report; take fewer folds"
                )
            seconds += self._fit(
                held,
                StageTexts(data.train),
                replace(stage, name=f"{stage.name}, fold {fold + 1} of {stage.folds}"),
                self.folder.stage(stage.name) / f"fold-{fold + 1}",
                position,
            ).seconds
            logits = predict_texts(*held, data.validation.texts, self.device)
            parts.append((data.validation, logits))
        found = OutOfFold.of(parts, seconds)
        if leads():
            found.write(self.folder.stage(stage.name) / "out_of_fold.npz")
        return found

    def _finish(self, last: Stage) -> None:
        """The last stage's model as the run's model: calibrated, with its card."""
        source = ModelFolder.open(self.folder.stage_model(last.name))
        model, tokenizer = load_model(source), source.tokenizer()
        target = self.folder.model
        save_folder(target, model, tokenizer, source.settings, overwrite=True)
        fitted = self.record["stages"][last.name].get("calibration")
        if fitted is None and len(validation := self._data(last).validation):
            logits = predict_texts(model, tokenizer, validation.texts, self.device)
            fitted = asdict(fit_temperatures(logits, validation))
        if fitted is not None:
            update_settings(target, temperature=tuple(fitted["temperatures"]))
            self.record["calibration"] = fitted
        write_json(self.folder.record, self.record)
        card = model_card(self.recipe, self.schema, self.record)
        (self.folder.path / "model_card.md").write_text(card, encoding="utf-8")

    def _finished(self, stage: Stage) -> bool:
        return self.folder.stage_model(stage.name).is_dir()
