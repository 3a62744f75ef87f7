"""From four labels to two: what becomes of "uncertain", always by name.

The policies are CheXpert's (Irvin et al., AAAI 2019, U-Ones, U-Zeros, U-Ignore, U-MultiClass),
applied to labels. Blank and negative always count as "not positive".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from lingula.labels import Label, Schema
from lingula.metrics.counts import (
    BinaryCounts,
    BoolArray,
    CountArray,
    FloatArray,
    divide,
    one_vs_rest,
)


class UncertainPolicy(Enum):
    """How uncertain labels become binary.

    ``ONES``: positive. ``ZEROS``: not positive. ``IGNORE``: a cell whose truth is uncertain is left
    out; a prediction of uncertain where the truth is certain stays, as not positive, so that
    hedging hides nothing. ``MULTICLASS``: uncertain stays a class of its own, so an observation
    gives two columns, positive and uncertain.
    """

    ONES = "ones"
    ZEROS = "zeros"
    IGNORE = "ignore"
    MULTICLASS = "multiclass"

    @property
    def meaning(self) -> str:
        """The policy in words, for notes and captions."""
        return {
            "ones": "uncertain counts as positive",
            "zeros": "uncertain counts as not positive",
            "ignore": "cells whose truth is uncertain are left out; "
            "a predicted uncertain counts as not positive",
            "multiclass": "uncertain is a class of its own",
        }[self.value]


@dataclass(frozen=True)
class BinaryColumn:
    """One column of a binary table.

    Attributes:
        name: Observation, with " (uncertain)" for the second column of ``MULTICLASS``.
        observation: Position of the observation in the schema.
        classes: The classes that count as "yes".
    """

    name: str
    observation: int
    classes: tuple[Label, ...]


def binary_columns(schema: Schema, policy: UncertainPolicy) -> tuple[BinaryColumn, ...]:
    """The binary columns of a schema: one an observation, more under ``MULTICLASS``.

    Observations that cannot be uncertain (No Finding) have one column under every policy.
    """
    yes: tuple[Label, ...] = (Label.POSITIVE,)
    if policy is UncertainPolicy.ONES:
        yes = (Label.POSITIVE, Label.UNCERTAIN)
    columns = []
    for position, item in enumerate(schema.observations):
        columns.append(BinaryColumn(item.name, position, yes))
        if policy is UncertainPolicy.MULTICLASS and Label.UNCERTAIN in item.labels:
            columns.append(BinaryColumn(f"{item.name} (uncertain)", position, (Label.UNCERTAIN,)))
    return tuple(columns)


def binarize(classes: npt.ArrayLike, columns: tuple[BinaryColumn, ...]) -> BoolArray:
    """Class indices (n, k) as a boolean table (n, m), one column a ``BinaryColumn``."""
    table = np.asarray(classes)
    out = np.empty((len(table), len(columns)), dtype=np.bool_)
    for position, column in enumerate(columns):
        cells = table[:, column.observation]
        out[:, position] = cells == column.classes[0]
        for label in column.classes[1:]:
            out[:, position] |= cells == label
    return out


def counted_cells(
    truth: npt.ArrayLike, columns: tuple[BinaryColumn, ...], policy: UncertainPolicy
) -> BoolArray | None:
    """Cells (n, m) that take part under a policy, or None if all of them do."""
    if policy is not UncertainPolicy.IGNORE:
        return None
    certain: BoolArray = np.asarray(truth) != Label.UNCERTAIN
    return certain[:, [column.observation for column in columns]]


def binary_counts_of(
    confusion: CountArray, columns: tuple[BinaryColumn, ...], policy: UncertainPolicy
) -> BinaryCounts:
    """Counts of each binary column, shape ``(..., m)``, from confusion matrices (..., k, 4, 4)."""
    if policy is UncertainPolicy.IGNORE:
        confusion = confusion.copy()
        confusion[..., Label.UNCERTAIN, :] = 0
    by_classes = {column.classes: one_vs_rest(confusion, column.classes) for column in columns}
    if len(by_classes) == 1 and len(columns) == confusion.shape[-3]:
        return by_classes[columns[0].classes]
    parts = [by_classes[column.classes].select([column.observation]) for column in columns]
    return BinaryCounts(
        np.concatenate([part.true_positive for part in parts], axis=-1),
        np.concatenate([part.false_positive for part in parts], axis=-1),
        np.concatenate([part.false_negative for part in parts], axis=-1),
        np.concatenate([part.true_negative for part in parts], axis=-1),
    )


@dataclass(frozen=True, eq=False)
class F1Bounds:
    """Lowest and highest F1 over every way to resolve the uncertain cells, shape (k,).

    Attributes:
        lower: Every uncertain cell resolved so that it is wrong.
        upper: Every uncertain cell resolved so that it is right.
        uncertain_cells: How many cells are uncertain in truth or prediction, shape (k,).
    """

    lower: FloatArray
    upper: FloatArray
    uncertain_cells: CountArray


def f1_bounds(confusion: CountArray, zero_division: float = 0.0) -> F1Bounds:
    """Bounds of the positive F1 when each uncertain label is "really" positive or not.

    Each cell that is uncertain in truth or prediction is resolved on its own. At best it agrees
    with the other table, and counts as a true positive where that is possible (the other table is
    positive or uncertain too); at worst it disagrees, and counts as one error.

    Args:
        confusion: int64, shape ``(..., k, 4, 4)``.
        zero_division: The value of 0 / 0.
    """
    positive, uncertain = Label.POSITIVE, Label.UNCERTAIN
    certain = [Label.BLANK, Label.NEGATIVE]
    tp = confusion[..., positive, positive]
    errors = confusion[..., positive, certain].sum(-1) + confusion[..., certain, positive].sum(-1)
    reach_tp = (
        confusion[..., uncertain, positive]
        + confusion[..., positive, uncertain]
        + confusion[..., uncertain, uncertain]
    )
    reach_tn = confusion[..., uncertain, certain].sum(-1) + confusion[..., certain, uncertain].sum(
        -1
    )
    open_cells = reach_tp + reach_tn
    lower = divide(2 * tp, 2 * tp + errors + open_cells, zero_division)
    best = tp + reach_tp
    return F1Bounds(lower, divide(2 * best, 2 * best + errors, zero_division), open_cells)
