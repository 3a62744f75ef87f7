"""AdamW over a model's parameters, and how its learning rate rises and falls."""

from __future__ import annotations

import torch
from torch import nn

from lingula.bert.model import LabelModel
from lingula.training.recipe import Stage


def make_optimizer(model: LabelModel, stage: Stage) -> torch.optim.AdamW:
    """AdamW with the stage's learning rates for the encoder and for the heads.

    Biases and layer norms do not decay, as in BERT's own training (Devlin et al., NAACL 2019).
    """
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        groups.setdefault((name.startswith("heads."), parameter.ndim > 1), []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "lr": stage.head_learning_rate if heads else stage.learning_rate,
                "weight_decay": stage.weight_decay if decays else 0.0,
            }
            for (heads, decays), parameters in groups.items()
        ],
        fused=True,
    )


def rate_share(step: int, steps: int, warmup: float) -> float:
    """The learning rate of a step as a share of its peak: a linear rise, then a fall to 0.

    Args:
        step: From 0.
        steps: Steps in all.
        warmup: Share of the steps in which the rate rises.
    """
    rising = max(1, round(warmup * steps))
    if step < rising:
        return (step + 1) / rising
    return max(0.0, (steps - step) / max(1, steps - rising))
