"""How far rules and model are trusted, fitted on styles that the model was not trained on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lingula.builtin.joining import Joint
from lingula.labels import Label

#: Added to every count of what the rules say where a class is true: trust stays finite.
PRIOR = 2.0
#: Temperatures that are tried.
TEMPERATURES = np.round(np.geomspace(0.6, 4.0, 24), 3)

#: Chances that are tried for an early answer, and the share of mentions that it may cost.
SURE = (0.9, 0.93, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995)
LOST = 0.001


def fit_joint(
    logits: npt.NDArray[np.float32],
    rules: npt.NDArray[np.intp],
    classes: npt.NDArray[np.intp],
    strength: float,
) -> Joint:
    """Trust from counts, and the temperature under which the true classes are likeliest.

    Args:
        logits: The model's, (m, 4), at mentions of left-out styles.
        rules: What the rules say of each.
        classes: What is true.
        strength: Multiplies the rules' trust. The sentences of the recipe were written to be hard,
            so the rules are right more often on reports than here.
    """
    counts = np.full((len(Label), len(Label)), PRIOR)
    np.add.at(counts, (rules, classes), 1)
    # P(rules say r | class c), by class; constants of a class are the model's to know.
    trust = np.log(counts / counts.sum(axis=0, keepdims=True))
    trust = strength * (trust - trust.mean(axis=1, keepdims=True))
    rows = np.arange(len(classes))
    said = rules.tolist()

    def cost(temperature: float) -> float:
        chances = Joint(temperature, trust).chances(logits, said)
        return float(-np.log(chances[rows, classes].clip(1e-9)).mean())

    best = min(TEMPERATURES.tolist(), key=cost)
    return Joint(best, np.round(trust, 3))


def choose_sure(
    early: npt.NDArray[np.float64],
    last: npt.NDArray[np.float64],
    classes: npt.NDArray[np.intp],
) -> float:
    """The smallest chance at which the early answer may stand, so that next to nothing is lost.

    Args:
        early: Chances after the first layers, (m, 4), at mentions of left-out styles.
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
