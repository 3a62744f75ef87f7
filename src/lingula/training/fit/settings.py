"""The loop's choices, whatever is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Precision = Literal["fp32", "bf16", "fp16"]


@dataclass(frozen=True)
class Optimization:
    """How weights are moved.

    Attributes:
        optimizer: "adamw" (Loshchilov and Hutter, ICLR 2019) or "adam" (Kingma and Ba, ICLR 2015).
        learning_rate: At its peak.
        learning_rates: Others, by what parameters' names begin with.
        betas: Of the optimizer's running means.
        weight_decay: Of matrices and kernels; biases and norms do not decay, as in BERT's own
            training (Devlin et al., NAACL 2019).
        schedule: "linear" (falls to 0 after the rise) or "constant".
        warmup: Share of the steps in which the learning rate rises.
        clip_norm: Largest norm of the gradients.
    """

    optimizer: Literal["adamw", "adam"] = "adamw"
    learning_rate: float = 1e-3
    learning_rates: Mapping[str, float] = field(default_factory=dict)
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.01
    schedule: Literal["linear", "constant"] = "linear"
    warmup: float = 0.0
    clip_norm: float = 1.0


@dataclass(frozen=True)
class FitSettings:
    """How long and how.

    Attributes:
        epochs: Passes over the source.
        accumulate: Batches whose gradients are added up before a step.
        precision: "fp32", "bf16" or "fp16" (mixed precision; fp16 on GPUs only).
        optimization: How weights are moved.
        validate_every: Steps between validations; 0 for one an epoch.
        patience: Validations without a better value after which the loop stops; 0 for never.
        seed: Of dropout and of all else that the module draws.
        workers: Processes that read batches ahead; 0 to read between the steps.
    """

    epochs: int = 1
    accumulate: int = 1
    precision: Precision = "fp32"
    optimization: Optimization = field(default_factory=Optimization)
    validate_every: int = 0
    patience: int = 0
    seed: int = 1
    workers: int = 0
