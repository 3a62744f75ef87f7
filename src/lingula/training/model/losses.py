r"""The loss of a batch, and the weights of rare classes.

Let p(c) be the softmax of an observation's four logits. A cell with a full label c costs

    L = w(c) * (1 - q)^g * -log q,   q = p(c),

with the class weight w and the focal exponent g (Lin et al., ICCV 2017; g = 0 is cross-entropy).

A cell whose expert label is *positive-only* (coded or not coded) and whose silver label is s costs
the same, with

    q = p(positive)          where it was coded,
    q = p(s)                 where it was not, and s is blank, negative or uncertain,
    q = 1 - p(positive)      where it was not, and s is positive.

The second row is the sum of two costs, -log(1 - p(positive)) for "not positive", and
-log(p(s) / (1 - p(positive))) for how the rest is split: the experts judge positive against the
rest, the silver labels the split of the rest, and where the two disagree about positive the
experts alone count.

A report costs the sum of its cells, a batch the mean of its reports, as in CheXbert.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lingula.labels import Label
from lingula.training.data.examples import Classes

#: Of the effective number of samples, (1 - beta^n) / (1 - beta) (Cui et al., CVPR 2019).
BETA = 0.999

#: No class counts for more than this many times the mean cell: a class that was seen once in ten
#: thousand reports would otherwise be all that a batch is about.
LARGEST_WEIGHT = 20.0


def class_weights(targets: Classes, weighting: str) -> npt.NDArray[np.float32]:
    """Weights of the classes: float32, (k, 4).

    Each observation's weights have mean 1 over its cells, so that weighting moves cost between
    classes and not between observations. Classes that do not occur have weight 1.

    Args:
        targets: int8, (n, k).
        weighting: "none", "inverse" (one over the class's frequency) or "effective-number".
    """
    counts = np.stack([(targets == label).sum(axis=0) for label in Label], axis=1).astype(float)
    if weighting == "none":
        return np.ones_like(counts, dtype=np.float32)
    present = counts > 0
    size = counts if weighting == "inverse" else (1 - BETA**counts) / (1 - BETA)
    weights = np.where(present, 1 / np.where(present, size, 1), 0)
    total = counts.sum(axis=1, keepdims=True)
    for _ in range(2):  # the bound moves the mean, so it is set twice
        mean = (weights * counts).sum(axis=1, keepdims=True) / np.maximum(total, 1)
        weights = np.minimum(weights / np.where(mean > 0, mean, 1), LARGEST_WEIGHT)
    return np.where(present, weights, 1).astype(np.float32)


def label_loss(
    logits: Tensor,
    classes: Tensor,
    coded: Tensor,
    positive: Tensor,
    *,
    weights: Tensor,
    focal_gamma: float = 0.0,
) -> Tensor:
    """The cost of a batch; see the module's formulas.

    Args:
        logits: float, (n, k, 4).
        classes: int64, (n, k): full or silver labels.
        coded: bool, (n,): rows with positive-only labels.
        positive: bool, (n, k).
        weights: float, (k, 4).
        focal_gamma: Exponent of the focal loss.

    Returns:
        A scalar: the mean over reports of the sum over observations.
    """
    logs = logits.float().log_softmax(dim=-1)
    expert = coded.unsqueeze(1)
    target = torch.where(expert & positive, int(Label.POSITIVE), classes)
    log_q = logs.gather(-1, target.unsqueeze(-1)).squeeze(-1)
    denied = expert & ~positive & (classes == int(Label.POSITIVE))
    rest = [int(label) for label in Label if label is not Label.POSITIVE]
    log_q = torch.where(denied, logs[..., rest].logsumexp(dim=-1), log_q)
    # A denied cell weighs as a blank one: nobody says which of the rest it is.
    weighed = torch.where(denied, int(Label.BLANK), target)
    rows = torch.arange(weights.shape[0], device=weights.device)
    cost = -log_q * weights[rows, weighed]
    if focal_gamma:
        cost = cost * (1 - log_q.exp()).clamp(min=0) ** focal_gamma
    return cost.sum(dim=1).mean()


def balanced_chances(targets: Classes) -> npt.NDArray[np.float64]:
    """Chances with which examples are drawn so that rare labels are seen more often: (n,), sum 1.

    An example counts as its rarest cell: one over the square root of that class's frequency in its
    observation. (The root, for the reports with the rarest labels would fill most of an epoch.)
    """
    frequency = np.stack([(targets == label).mean(axis=0) for label in Label], axis=1)
    own = frequency[np.arange(targets.shape[1])[None, :], targets.astype(np.intp)]
    chance = 1 / np.sqrt(own.min(axis=1))
    result: npt.NDArray[np.float64] = chance / chance.sum()
    return result
