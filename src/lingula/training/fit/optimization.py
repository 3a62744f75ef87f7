"""An optimizer over a module's parameters, and how its learning rate rises and falls."""

from __future__ import annotations

import torch
from torch import nn

from lingula.training.fit.settings import Optimization


def make_optimizer(module: nn.Module, settings: Optimization) -> torch.optim.Optimizer:
    """The optimizer of the parameters that are not frozen."""
    groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            rate = _rate(name, settings)
            groups.setdefault((rate, parameter.ndim > 1), []).append(parameter)
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    return kind(
        [
            {
                "params": parameters,
                "lr": rate,
                "weight_decay": settings.weight_decay if decays else 0.0,
            }
            for (rate, decays), parameters in groups.items()
        ],
        betas=settings.betas,
        fused=True,
    )


def rate_share(step: int, steps: int, settings: Optimization) -> float:
    """The learning rate of a step as a share of its peak.

    Args:
        step: From 0.
        steps: Steps in all.
        settings: Share of the rise, and what comes after it.
    """
    rising = max(1, round(settings.warmup * steps))
    if step < rising:
        return (step + 1) / rising
    if settings.schedule == "constant":
        return 1.0
    return max(0.0, (steps - step) / max(1, steps - rising))


def _rate(name: str, settings: Optimization) -> float:
    for beginning, rate in settings.learning_rates.items():
        if name.startswith(beginning):
            return rate
    return settings.learning_rate
