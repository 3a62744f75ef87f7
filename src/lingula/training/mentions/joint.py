"""How far rules and model are trusted, fitted on sentences that no model was trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lingula.builtin.joining import Joint
from lingula.labels import Label

#: Added to every count of what the rules say where a class is true: trust stays finite.
PRIOR = 2.0
#: Chances that are tried for an early answer, and the share of mentions that it may cost.
SURE = (0.9, 0.93, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995)
LOST = 0.001

Ints = npt.NDArray[np.intp]


@dataclass(frozen=True)
class JointOptions:
    """Choices of the fit.

    Attributes:
        rules_right: Of how many mentions of reports the rules are expected to be right. The
            sentences of the recipe are written to be hard, and the rules are right of fewer: trust
            in what they say is raised by the difference in log odds. 0 raises nothing.
        common: Weight of squared distances from the counts' trust, a mention.
        own: Weight of an observation's squared distances from the others, likewise; the larger,
            the more alike they are.
    """

    rules_right: float = 0.0
    common: float = 0.002
    own: float = 0.01


def fit_joint(
    logits: npt.NDArray[np.float32],
    rules: Ints,
    observations: Ints,
    classes: Ints,
    *,
    count: int,
    options: JointOptions | None = None,
) -> Joint:
    """Trust and temperatures under which the true classes are likeliest.

    They begin as counts say: trust[r][c] is the logarithm of how often the rules say r where c is
    true. From there they may move a little for all observations, and a little for each.

    Args:
        logits: The model's, (m, 4).
        rules: What the rules say of each mention.
        observations: Place of each mention's observation in the schema.
        classes: What is true.
        count: Observations of the schema, k.
        options: How far they may move.
    """
    chosen = options or JointOptions()
    start = torch.from_numpy(counted_trust(rules, classes))
    z, truth = torch.from_numpy(logits.astype(np.float64)), torch.from_numpy(classes)
    said, about = torch.from_numpy(rules), torch.from_numpy(observations)
    moved = torch.zeros_like(start, requires_grad=True)
    own = torch.zeros((count, *start.shape), dtype=torch.float64, requires_grad=True)
    heat = torch.full((), 0.3, dtype=torch.float64, requires_grad=True)
    own_heat = torch.zeros(count, dtype=torch.float64, requires_grad=True)
    free = [moved, own, heat, own_heat]
    optimizer = torch.optim.LBFGS(free, max_iter=200, line_search_fn="strong_wolfe")

    def cost() -> Tensor:
        optimizer.zero_grad()
        trust = start + moved + own
        scores = z * torch.exp(-(heat + own_heat))[about, None] + trust[about, said]
        loss = torch.nn.functional.cross_entropy(scores, truth)
        loss = loss + chosen.common * (moved**2).sum()
        loss = loss + chosen.own * ((own**2).sum() + (own_heat**2).sum())
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(cost)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        trust = (
            start + moved + own + _bonus(rules, classes, chosen.rules_right) * torch.eye(len(Label))
        )
        trust = trust - trust.mean(dim=-1, keepdim=True)
        temperature = torch.exp(heat + own_heat)
    return Joint(np.round(temperature.numpy(), 3), np.round(trust.numpy(), 3))


def _bonus(rules: Ints, classes: Ints, expected: float) -> float:
    """How much the log odds that the rules are right are higher than here."""
    here = float((rules == classes).mean())
    if not expected:
        return 0.0
    return float(np.log(expected / (1 - expected)) - np.log(here / (1 - here)))


def counted_trust(rules: Ints, classes: Ints) -> npt.NDArray[np.float64]:
    """Logarithms of how often the rules say r where c is true: float64, (4, 4), by r and c."""
    counts = np.full((len(Label), len(Label)), PRIOR)
    np.add.at(counts, (rules, classes), 1)
    trust = np.log(counts / counts.sum(axis=0, keepdims=True))
    return np.asarray(trust - trust.mean(axis=1, keepdims=True))


def choose_sure(
    early: npt.NDArray[np.float64],
    last: npt.NDArray[np.float64],
    classes: npt.NDArray[np.intp],
) -> float:
    """The smallest chance at which the early answer may stand, so that next to nothing is lost.

    Args:
        early: Chances after the first layers, (m, 4), at mentions that were not trained on.
        last: Chances after all.
        classes: What is true.
    """
    best = float((last.argmax(axis=1) == classes).mean())
    for sure in SURE:
        stands = early.max(axis=1) >= sure
        said = np.where(stands, early.argmax(axis=1), last.argmax(axis=1))
        if float((said == classes).mean()) >= best - LOST:
            return sure
    return 1.0
