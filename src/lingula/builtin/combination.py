"""How rules and model are joined, observation by observation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lingula.labels import Label, Labels

#: The model alone says positive above this chance.
THRESHOLD = 0.5

#: Rules and model together say positive where the rules do and the model gives it this chance, or
#: where the model is this sure without the rules. The two lie equally far from ``THRESHOLD``; how
#: far was chosen on the validation part of Open-i's development reports
#: (benchmarks/builtin_quality.py).
WITH_RULES, WITHOUT_RULES = 0.2, 0.8

#: Observations in which the rules alone decide: in the human coding that the model learned from
#: they are too rare to be learned (21 of 3,109 coded development reports).
RULES_DECIDE: frozenset[str] = frozenset({"Enlarged Cardiomediastinum"})

#: A positive that the rules find becomes the model's likeliest other class where the model denies.
_NOT_POSITIVE = [int(label) for label in Label if label is not Label.POSITIVE]


def model_positive(by_model: Labels) -> npt.NDArray[np.bool_]:
    """Where the model says positive: bool, (n, k)."""
    assert by_model.probabilities is not None
    said: npt.NDArray[np.bool_] = by_model.probabilities[..., Label.POSITIVE] > THRESHOLD
    return said


def rivals(by_rules: Labels, by_model: Labels) -> npt.NDArray[np.bool_]:
    """Where one says positive and the other does not: bool, (n, k)."""
    differ: npt.NDArray[np.bool_] = (by_rules.classes == Label.POSITIVE) != model_positive(by_model)
    return differ


def combine(by_rules: Labels, by_model: Labels) -> npt.NDArray[np.int8]:
    """Classes of the two together: int8, (n, k).

    Positive is what both say, or one of them against mild doubt of the other (``WITH_RULES``,
    ``WITHOUT_RULES``). Where it is not, the rules' label stands, or, if that is positive, the
    likeliest of the model's other classes.
    """
    assert by_model.probabilities is not None
    chance = by_model.probabilities[..., Label.POSITIVE]
    said = by_rules.classes == Label.POSITIVE
    positive = np.where(said, chance > WITH_RULES, chance > WITHOUT_RULES)
    rest = np.array(_NOT_POSITIVE, dtype=np.int8)[
        by_model.probabilities[..., _NOT_POSITIVE].argmax(axis=-1)
    ]
    classes = by_rules.classes
    made = np.where(classes == Label.POSITIVE, rest, classes)
    made = np.where(positive, np.int8(Label.POSITIVE), made)
    kept = [name in RULES_DECIDE for name in by_rules.schema.names]
    result: npt.NDArray[np.int8] = np.where(kept, classes, made).astype(np.int8)
    return result
