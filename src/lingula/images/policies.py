"""What uncertain labels count as while an image model is trained.

Five policies of Irvin et al., CheXpert (AAAI 2019), and label smoothing of the uncertain by Pham et
al. (Neurocomputing 2021). With x the output (a logit) of a cell, s the sigmoid, y its target and w
its weight, the loss of n films with k observations is

    L = 1 / (n k) * sum over cells of w * -(y log s(x) + (1 - y) log(1 - s(x)))

    policy        positive     negative     uncertain                     blank
    ignore        y=1, w=1     y=0, w=1     w=0                           as the recipe says:
    zeros         y=1, w=1     y=0, w=1     y=0, w=1                      y=0, w=1 (negative)
    ones          y=1, w=1     y=0, w=1     y=1, w=1                      or w=0 (masked)
    ones-lsr      y=1, w=1     y=0, w=1     y drawn from 0.55 to 0.85
    self-trained  y=1, w=1     y=0, w=1     first w=0, then y = what the
                                            first model says
    multiclass    cross-entropy of three classes; the score is p(positive) / (p(positive) +
                  p(negative))

The sum is divided by all cells, so that the share of a step that several processes have adds up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from lingula.labels import Label

#: Ends of the uniform distribution of ``ones-lsr``: Pham et al. (2021) [recalled, not checked
#: against the paper's text here].
SMOOTHED = (0.55, 0.85)


class UncertainLabels(Protocol):
    """A policy: the loss of a batch, and the score that the outputs stand for."""

    @property
    def outputs(self) -> int:
        """Numbers that the network gives for each observation."""
        ...

    def loss(self, logits: Tensor, targets: Targets) -> Tensor:
        """The loss, a scalar, from outputs of shape (n, k) or (n, k, outputs)."""
        ...

    def score(self, logits: Tensor) -> Tensor:
        """Probabilities of positive, shape (n, k)."""
        ...


@dataclass(frozen=True, eq=False)
class Targets:
    """Labels of a batch.

    Attributes:
        classes: int8 class indices (``Label``), shape (n, k).
        counted: Whether a cell takes part at all, bool, shape (n, k): blank cells may be masked,
            and children of absent parents are left out under a conditional hierarchy.
        relabeled: Probabilities for uncertain cells, float32, shape (n, k), or None.
    """

    classes: Tensor
    counted: Tensor
    relabeled: Tensor | None = None


@dataclass(frozen=True)
class Binary:
    """Policies of two classes.

    Attributes:
        uncertain: Target of an uncertain cell; None leaves it out, a pair draws from between.
    """

    uncertain: float | tuple[float, float] | None
    outputs: int = 1

    def loss(self, logits: Tensor, targets: Targets) -> Tensor:
        """The formula at the head of this module."""
        target, weight = self.cells(targets)
        cost = functional.binary_cross_entropy_with_logits(logits.float(), target, reduction="none")
        return (cost * weight).mean()

    def score(self, logits: Tensor) -> Tensor:
        """The sigmoid."""
        return logits.float().sigmoid()

    def cells(self, targets: Targets) -> tuple[Tensor, Tensor]:
        """y and w of each cell, float32, shape (n, k)."""
        unsure = targets.classes == int(Label.UNCERTAIN)
        target = (targets.classes == int(Label.POSITIVE)).float()
        weight = targets.counted.float()
        if targets.relabeled is not None:
            return torch.where(unsure, targets.relabeled, target), weight
        if self.uncertain is None:
            return target, weight * ~unsure
        if isinstance(self.uncertain, tuple):
            low, high = self.uncertain
            drawn = low + (high - low) * torch.rand_like(target)
        else:
            drawn = torch.full_like(target, self.uncertain)
        return torch.where(unsure, drawn, target), weight


@dataclass(frozen=True)
class MultiClass:
    """Negative, positive and uncertain as three classes."""

    outputs: int = 3

    def loss(self, logits: Tensor, targets: Targets) -> Tensor:
        """Cross-entropy over the three, of the counted cells, divided by all cells."""
        place = torch.zeros_like(targets.classes, dtype=torch.long)
        place[targets.classes == int(Label.POSITIVE)] = 1
        place[targets.classes == int(Label.UNCERTAIN)] = 2
        cost = functional.cross_entropy(logits.float().movedim(-1, 1), place, reduction="none")
        return (cost * targets.counted).mean()

    def score(self, logits: Tensor) -> Tensor:
        """p(positive) / (p(positive) + p(negative)), a sigmoid of the difference of the logits."""
        return (logits[..., 1] - logits[..., 0]).float().sigmoid()


POLICIES: dict[str, UncertainLabels] = {
    "ignore": Binary(None),
    "zeros": Binary(0.0),
    "ones": Binary(1.0),
    "ones-lsr": Binary(SMOOTHED),
    "self-trained": Binary(None),
    "multiclass": MultiClass(),
}


def counted_cells(classes: Any, *, blank: str, parents: tuple[tuple[int, ...], ...] = ()) -> Any:
    """Cells that take part in the loss; numpy bool, shape (n, k).

    Args:
        classes: Class indices, numpy int8, shape (n, k).
        blank: "negative" or "masked".
        parents: For a conditional hierarchy, the positions of each observation's parents: a child
            counts only where all of them are positive.
    """
    counted = (classes != int(Label.BLANK)) | (blank != "masked")
    for child, above in enumerate(parents):
        for parent in above:
            counted[:, child] &= classes[:, parent] == int(Label.POSITIVE)
    return counted
