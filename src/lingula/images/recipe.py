"""Every choice of a run of image models, checked before anything starts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from lingula.errors import RecipeError
from lingula.training.recipe_files import build, read_recipe

Policy = Literal["ignore", "zeros", "ones", "ones-lsr", "multiclass", "self-trained"]
Blank = Literal["negative", "masked"]
Views = Literal["all", "frontal", "lateral"]
Joined = Literal["maximum", "mean"]

RECIPES = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class PictureSettings:
    """How files become images of one size.

    Attributes:
        size: Pixels of a side.
        fit: "pad" (the longer side fits, the rest is black) or "crop" (the shorter side fits, the
            middle is kept). The aspect ratio stays either way.
    """

    size: int = 320
    fit: Literal["pad", "crop"] = "pad"


@dataclass(frozen=True)
class Augmentation:
    """What is drawn anew for each training image; 0 is none. Films are never mirrored.

    Attributes:
        rotation: Most degrees either way.
        shift: Most of a side's length, in either direction.
        zoom: Most change of scale, as a share.
        contrast: Most change of contrast, as a share.
        brightness: Most change of brightness, as a share of the gray scale.
    """

    rotation: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0
    contrast: float = 0.0
    brightness: float = 0.0

    @property
    def none(self) -> bool:
        """Whether nothing is drawn."""
        return not any(asdict(self).values())


@dataclass(frozen=True)
class NetworkSettings:
    """What is trained.

    Attributes:
        kind: "densenet" (Huang et al., CVPR 2017, by MONAI) or "huggingface" (a vision backbone).
        folder: Of the Hugging Face backbone.
        init_features: Channels after the first convolution of a DenseNet.
        growth_rate: Channels that each layer adds.
        blocks: Layers of each block; DenseNet-121 has 6, 12, 24, 16.
        dropout: Of each layer.
        channels: Input channels: the gray image, once or three times.
        weights: File (.safetensors, .pt) of weights to begin with; those whose names and shapes
            fit are taken, and their number is said.
        frozen: Train the last layer only (a linear probe).
    """

    kind: Literal["densenet", "huggingface"] = "densenet"
    folder: str = ""
    init_features: int = 64
    growth_rate: int = 32
    blocks: tuple[int, ...] = (6, 12, 24, 16)
    dropout: float = 0.0
    channels: int = 1
    weights: str = ""
    frozen: bool = False


@dataclass(frozen=True)
class TrainingSettings:
    """How long and how.

    Attributes:
        epochs: Passes over the training films (of each of self-training's two parts).
        batch: Films a step.
        accumulate: Steps of ``batch`` films whose gradients are added up.
        optimizer: "adam" or "adamw".
        learning_rate: At its peak.
        betas: Of the optimizer.
        weight_decay: Of kernels and matrices.
        schedule: "constant" or "linear" (falls to 0).
        warmup: Share of the steps in which the learning rate rises.
        clip_norm: Largest norm of the gradients.
        precision: "auto" (bf16 where the processor computes in it, else fp32), or one of them.
        channels_last: Memory order of images that convolutions are fastest with.
        validate_every: Steps between validations; 0 for one an epoch.
        loss: "cross-entropy", or "auc-margin" (Yuan et al., ICCV 2021; ``objectives``), which is
            for a network that cross-entropy has trained (``network.weights``), and for batches that
            hold both classes.
        class_weights: "balanced": positive and negative cells of an observation weigh the same in
            all; for cross-entropy.
        keep: How many of the best checkpoints of a seed are kept; their scores are averaged.
        patience: Validations without a better mean AUROC after which training stops; 0 for never.
        workers: Processes that read images ahead.
        augmentation: What is drawn anew for each image.
    """

    epochs: int = 3
    batch: int = 16
    accumulate: int = 1
    optimizer: Literal["adamw", "adam"] = "adam"
    learning_rate: float = 1e-4
    betas: tuple[float, ...] = (0.9, 0.999)
    weight_decay: float = 0.0
    schedule: Literal["linear", "constant"] = "constant"
    warmup: float = 0.0
    clip_norm: float = 1e9
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    channels_last: bool = True
    validate_every: int = 0
    loss: Literal["cross-entropy", "auc-margin"] = "cross-entropy"
    class_weights: Literal["none", "balanced"] = "none"
    keep: int = 1
    patience: int = 0
    workers: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)

    @property
    def objective(self) -> tuple[str, str]:
        """Loss and class weights."""
        return self.loss, self.class_weights


@dataclass(frozen=True)
class ImageRecipe:
    """Every choice of a run.

    Attributes:
        name: Of the model.
        schema: A shipped schema's name, or a TOML file.
        observations: Those that are trained; all that the table has if empty.
        chosen_by: Observations whose mean AUROC chooses checkpoints; all if empty.
        policy: What uncertain labels count as (``policies``).
        blank: What blank labels count as: "negative", or "masked" (left out of the loss and of
            every figure).
        hierarchy: "conditional": a child is trained only on films whose parents in the schema are
            positive; then the last layer alone is trained on all films; a child's score is
            multiplied by those of its parents (Pham et al., Neurocomputing 2021).
        views: Which views are used.
        studies: How the scores of a study's views are joined.
        validation: Share of the patients that is kept for validation where no table of that is
            given, drawn by a hash of the patient and the seed.
        seed: Of the first model; the others' seeds follow.
        seeds: How many models are trained; their scores are averaged.
        threads: Of torch on a CPU; 0 for its own number.
        pictures: How files become images.
        network: What is trained.
        training: How.
    """

    name: str = "images"
    schema: str = "chexpert14"
    observations: tuple[str, ...] = ()
    chosen_by: tuple[str, ...] = ()
    policy: Policy = "ones"
    blank: Blank = "negative"
    hierarchy: Literal["none", "conditional"] = "none"
    views: Views = "all"
    studies: Joined = "maximum"
    validation: float = 0.1
    seed: int = 1
    seeds: int = 1
    threads: int = 0
    pictures: PictureSettings = field(default_factory=PictureSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)

    def __post_init__(self) -> None:
        training = self.training
        for name, value, low, high in (
            ("pictures.size", self.pictures.size, 16, 4096),
            ("training.epochs", training.epochs, 1, 10_000),
            ("training.batch", training.batch, 1, 100_000),
            ("training.accumulate", training.accumulate, 1, 10_000),
            ("training.keep", training.keep, 1, 100),
            ("seeds", self.seeds, 1, 100),
            ("network.channels", self.network.channels, 1, 3),
        ):
            if not low <= value <= high:
                raise RecipeError(f"{name} must be between {low} and {high}, not {value}")
        if not 0 < self.validation < 1:
            raise RecipeError("validation must be above 0 and below 1")
        if len(training.betas) != 2:
            raise RecipeError("training.betas must be two numbers")
        if self.hierarchy == "conditional" and self.policy in ("multiclass", "self-trained"):
            raise RecipeError(
                'hierarchy = "conditional" goes with ignore, zeros, ones and ones-lsr'
            )
        if self.policy == "multiclass" and training.objective != ("cross-entropy", "none"):
            raise RecipeError("training.loss and class_weights need a policy of two classes")
        if training.objective == ("auc-margin", "balanced"):
            raise RecipeError('training.loss = "auc-margin" weighs classes itself')
        if self.network.kind == "huggingface" and not self.network.folder:
            raise RecipeError('network.kind = "huggingface" needs network.folder')


def load_recipe(name: str | Path) -> ImageRecipe:
    """A recipe by its name, from a TOML file, or from a run's ``recipe.json``.

    Raises:
        RecipeError: If there is no such recipe or an entry is wrong; the message names it.
    """
    path, data = read_recipe(name, RECIPES)
    return build(ImageRecipe, data, str(path))


def recipe_values(recipe: ImageRecipe) -> dict[str, Any]:
    """Plain values that JSON can hold and ``load_recipe`` reads again."""
    data: dict[str, Any] = json.loads(json.dumps(asdict(recipe)))
    return data
