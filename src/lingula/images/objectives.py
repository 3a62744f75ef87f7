"""Losses of policies of two classes other than plain cross-entropy: class weights, and AUC margin.

With y the target of a cell, w its weight (``policies``), and W+ and W- those of the observation's
classes, balanced cross-entropy multiplies w by y W+ + (1 - y) W-, where

    W+ = (P + N) / 2P,  W- = (P + N) / 2N

for P certain positive and N certain negative cells (King and Zeng, Political Analysis 2001).

The AUC margin loss (Yuan et al., Large-scale robust deep AUC maximization, ICCV 2021) of an
observation is, with h the sigmoid of the output and m the margin,

    min over a, b and max over alpha >= 0 of
    E+ (h - a)^2 + E- (h - b)^2 + 2 alpha (m - E+ h + E- h) - alpha^2

Its inner optimum over a batch is known: a = E+ h, b = E- h, alpha = max(0, m - E+ h + E- h). So no
second optimizer is needed, but the expectations are those of one batch. Ours, since the authors'
package (libauc) needs torchvision and more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from lingula.images.policies import Binary, Targets, UncertainLabels
from lingula.images.recipe import TrainingSettings
from lingula.labels import Label

#: As in the paper.
MARGIN = 1.0


@dataclass(frozen=True, eq=False)
class Balanced:
    """Cross-entropy with class weights.

    Attributes:
        policy: Says what uncertain cells are.
        positive: W+ of each observation, float32, shape (k,).
        negative: W-, the same.
    """

    policy: Binary
    positive: Tensor
    negative: Tensor
    outputs: int = 1

    def loss(self, logits: Tensor, targets: Targets) -> Tensor:
        """The formula at the head of this module."""
        target, weight = self.policy.cells(targets)
        positive, negative = self.positive.to(target.device), self.negative.to(target.device)
        cost = functional.binary_cross_entropy_with_logits(logits.float(), target, reduction="none")
        return (cost * weight * (target * positive + (1 - target) * negative)).mean()

    def score(self, logits: Tensor) -> Tensor:
        """The policy's."""
        return self.policy.score(logits)


@dataclass(frozen=True)
class AucMargin:
    """The AUC margin loss, a mean over observations; one class only gives no margin.

    Attributes:
        policy: Says what uncertain cells are.
    """

    policy: Binary
    outputs: int = 1

    def loss(self, logits: Tensor, targets: Targets) -> Tensor:
        """The formula at the head of this module."""
        target, weight = self.policy.cells(targets)
        scores = logits.float().sigmoid()
        spread = torch.zeros_like(scores[0])
        means, sizes = [], []
        for cells in (target * weight, (1 - target) * weight):
            size = cells.sum(0)
            mean = (cells * scores).sum(0) / size.clamp(min=1e-6)
            spread = spread + (cells * (scores - mean) ** 2).sum(0) / size.clamp(min=1e-6)
            means.append(mean)
            sizes.append(size)
        short = (MARGIN - means[0] + means[1]).clamp(min=0)
        both = (sizes[0] > 0) & (sizes[1] > 0)
        return (spread + short**2 * both).mean()

    def score(self, logits: Tensor) -> Tensor:
        """The policy's."""
        return self.policy.score(logits)


def objective_of(
    policy: UncertainLabels,
    settings: TrainingSettings,
    classes: npt.NDArray[np.int8],
    counted: npt.NDArray[np.bool_],
) -> UncertainLabels:
    """What a recipe trains by: the policy itself, or one of this module on top of it.

    Args:
        policy: Of the recipe.
        settings: Of the recipe.
        classes: Of the training films, shape (n, k).
        counted: Which cells take part, shape (n, k).
    """
    if not isinstance(policy, Binary) or settings.objective == ("cross-entropy", "none"):
        return policy
    if settings.loss == "auc-margin":
        return AucMargin(policy)
    positive = (counted & (classes == int(Label.POSITIVE))).sum(axis=0)
    negative = (counted & ((classes == int(Label.NEGATIVE)) | (classes == int(Label.BLANK)))).sum(
        axis=0
    )
    half = (positive + negative) / 2
    weights = [
        torch.tensor(half / np.maximum(count, 1), dtype=torch.float32)
        for count in (positive, negative)
    ]
    return Balanced(policy, weights[0], weights[1])
