"""How rules and model are joined, cell by cell."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lingula.labels import Label, Labels
from lingula.rules.aggregation import NO_FINDING, NOT_PATHOLOGY

#: The model alone says positive above this chance.
THRESHOLD = 0.5

#: A positive of the rules stands if the model gives it more than the first chance; an uncertain one
#: becomes positive above the second. The two lie equally far from ``THRESHOLD``; how far was chosen
#: on what models said of Open-i's development reports that they were not trained on
#: (benchmarks/builtin_quality.py --out-of-fold RUN --distances).
DOUBTED, AFFIRMED = 0.4, 0.6

#: Observations in which the rules alone decide: in the human coding that the model learned from
#: they are too rare to be learned (21 of 3,109 coded development reports).
RULES_DECIDE: frozenset[str] = frozenset({"Enlarged Cardiomediastinum"})


def model_positive(by_model: Labels) -> npt.NDArray[np.bool_]:
    """Where the model says positive: bool, (n, k)."""
    assert by_model.probabilities is not None
    said: npt.NDArray[np.bool_] = by_model.probabilities[..., Label.POSITIVE] > THRESHOLD
    return said


def rivals(by_rules: Labels, by_model: Labels) -> npt.NDArray[np.bool_]:
    """Where one says positive and the other does not: bool, (n, k)."""
    differ: npt.NDArray[np.bool_] = (by_rules.classes == Label.POSITIVE) != model_positive(by_model)
    return differ


def combine(
    by_rules: Labels, by_model: Labels, *, doubted: float = DOUBTED, affirmed: float = AFFIRMED
) -> npt.NDArray[np.int8]:
    """Classes of the two together: int8, (n, k).

    The rules say what is mentioned and what is denied: where they find no mention, or a denial,
    their label stands, since a small model is easily misled there by texts unlike those that it
    learned from. The model says how sure a mention is: an uncertain one that it affirms is
    positive, as people code it; a positive one that it doubts is uncertain. No Finding, which
    rests on the whole report, is positive where both say so or one against mild doubt of the other.

    Args:
        by_rules: The rules' labels of n texts under k observations.
        by_model: The model's, with probabilities.
        doubted: A chance that is no higher makes a positive of the rules uncertain.
        affirmed: A higher one makes an uncertain label positive.
    """
    assert by_model.probabilities is not None
    classes = by_rules.classes
    chance = by_model.probabilities[..., Label.POSITIVE]
    made = classes.copy()
    made[(classes == Label.UNCERTAIN) & (chance > affirmed)] = Label.POSITIVE
    made[(classes == Label.POSITIVE) & (chance <= doubted)] = Label.UNCERTAIN
    names = by_rules.schema.names
    if NO_FINDING in names:
        own = names.index(NO_FINDING)
        needed = np.where(classes[:, own] == Label.POSITIVE, doubted, affirmed)
        made[:, own] = np.where(chance[:, own] > needed, Label.POSITIVE, Label.BLANK)
    kept = [name in RULES_DECIDE for name in names]
    result: npt.NDArray[np.int8] = np.where(kept, classes, made).astype(np.int8)
    if NO_FINDING in names:
        # Never beside a positive or uncertain finding; devices are none.
        others = [at for at, name in enumerate(names) if name not in {NO_FINDING, *NOT_PATHOLOGY}]
        found = np.isin(result[:, others], (Label.POSITIVE, Label.UNCERTAIN)).any(axis=1)
        result[found, own] = Label.BLANK
    return result


def in_order(by_model: Labels, classes: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """The model's probabilities with each label's as the largest of its cell: float32, (n, k, 4).

    Where the label is not the model's likeliest, the two chances are exchanged.
    """
    assert by_model.probabilities is not None
    chances = by_model.probabilities.copy()
    rows, columns = np.indices(classes.shape)
    top = chances.argmax(axis=-1)
    best, own = chances[rows, columns, top], chances[rows, columns, classes]
    chances[rows, columns, top] = own
    chances[rows, columns, classes] = best
    return chances
