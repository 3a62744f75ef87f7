"""Counts: what every agreement figure is computed from.

Class indices are those of ``lingula.labels.Label``: 0 blank, 1 positive, 2 negative, 3 uncertain.
All functions are pure and vectorized; a leading axis of counts may hold bootstrap resamples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from lingula.labels import Label

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
#: Whole numbers: int64, or float64 when they are sums over bootstrap resamples.
CountArray = npt.NDArray[Any]


class Task(Enum):
    """One class, or several, against the rest: the tasks in which this field reports F1.

    Mention, negation and uncertainty are those of Irvin et al. (CheXpert, AAAI 2019); positive and
    blank are added by CheXbert's evaluation (Smit et al., EMNLP 2020). The value of a task is the
    set of classes that count as "yes".
    """

    POSITIVE = frozenset({Label.POSITIVE})
    NEGATION = frozenset({Label.NEGATIVE})
    UNCERTAINTY = frozenset({Label.UNCERTAIN})
    MENTION = frozenset({Label.POSITIVE, Label.NEGATIVE, Label.UNCERTAIN})
    BLANK = frozenset({Label.BLANK})

    @property
    def title(self) -> str:
        """The task's name in lower case, as tables and JSON show it."""
        return self.name.lower()


@dataclass(frozen=True, eq=False)
class BinaryCounts:
    """True and false positives and negatives; four arrays of one shape ``(..., k)``.

    The last axis holds the classes (observations). Numbers are whole; the dtype is int64, or
    float64 when they come from bootstrap resamples.
    """

    true_positive: CountArray
    false_positive: CountArray
    false_negative: CountArray
    true_negative: CountArray

    @property
    def support(self) -> CountArray:
        """How often each class is true, shape ``(..., k)``."""
        return self.true_positive + self.false_negative

    @property
    def predicted(self) -> CountArray:
        """How often each class is predicted, shape ``(..., k)``."""
        return self.true_positive + self.false_positive

    @property
    def total(self) -> CountArray:
        """How many cells were counted for each class, shape ``(..., k)``."""
        return self.support + self.false_positive + self.true_negative

    def pooled(self) -> BinaryCounts:
        """The sums over all classes, shape ``(..., 1)``: what micro averages are computed from."""
        return BinaryCounts(
            self.true_positive.sum(-1, keepdims=True),
            self.false_positive.sum(-1, keepdims=True),
            self.false_negative.sum(-1, keepdims=True),
            self.true_negative.sum(-1, keepdims=True),
        )

    def select(self, columns: Sequence[int] | npt.NDArray[np.intp]) -> BinaryCounts:
        """The counts of some classes, by position, in the order given."""
        index = np.asarray(columns, dtype=np.intp)
        return BinaryCounts(
            self.true_positive[..., index],
            self.false_positive[..., index],
            self.false_negative[..., index],
            self.true_negative[..., index],
        )

    def __add__(self, other: BinaryCounts) -> BinaryCounts:
        return BinaryCounts(
            self.true_positive + other.true_positive,
            self.false_positive + other.false_positive,
            self.false_negative + other.false_negative,
            self.true_negative + other.true_negative,
        )


def binary_counts(
    truth: npt.ArrayLike, predicted: npt.ArrayLike, counted: npt.ArrayLike | None = None
) -> BinaryCounts:
    """Counts of each column of two boolean tables.

    Args:
        truth: Bool (or 0 and 1), shape (n, k).
        predicted: The same shape.
        counted: Bool, shape (n, k): cells that take part; all of them if not given.

    Returns:
        int64 counts, shape (k,).

    Raises:
        ValueError: If the shapes differ, or are not (n, k).
    """
    true, guess = np.asarray(truth, np.bool_), np.asarray(predicted, np.bool_)
    _check_shapes(true, guess)
    both = true & guess
    if counted is None:
        n = np.full(true.shape[1], len(true), dtype=np.int64)
    else:
        mask = np.asarray(counted, np.bool_)
        _check_shapes(true, mask)
        both, true, guess = both & mask, true & mask, guess & mask
        n = np.count_nonzero(mask, axis=0).astype(np.int64)
    tp = np.count_nonzero(both, axis=0).astype(np.int64)
    fp = np.count_nonzero(guess, axis=0) - tp
    fn = np.count_nonzero(true, axis=0) - tp
    return BinaryCounts(tp, fp, fn, n - tp - fp - fn)


def confusion_matrices(
    truth: npt.ArrayLike, predicted: npt.ArrayLike, n_classes: int = len(Label)
) -> IntArray:
    """One confusion matrix an observation.

    Args:
        truth: Class indices, shape (n, k).
        predicted: The same shape.
        n_classes: Number of classes C; indices run from 0 to C - 1.

    Returns:
        int64, shape (k, C, C); axis 1 is the true class, axis 2 the predicted one.

    Raises:
        ValueError: If the shapes differ, are not (n, k), or an index is out of range.
    """
    true, guess = np.asarray(truth), np.asarray(predicted)
    _check_shapes(true, guess)
    for table in (true, guess):
        if table.size and (table.min() < 0 or table.max() >= n_classes):
            raise ValueError(f"class indices must be 0 to {n_classes - 1}")
    k = true.shape[1]
    cells = n_classes * n_classes
    counts = np.zeros((k, cells), dtype=np.int64)
    # Small unsigned codes keep a million rows in cache; bincount takes one column at a time.
    codes = (true.astype(np.uint16) * n_classes + guess.astype(np.uint16)).T
    for column in range(k):
        counts[column] = np.bincount(codes[column], minlength=cells)
    return counts.reshape(k, n_classes, n_classes)


def one_vs_rest(confusion: CountArray, classes: Task | Iterable[int]) -> BinaryCounts:
    """Counts of some classes against the rest, from confusion matrices.

    Args:
        confusion: Shape ``(..., k, C, C)``, as ``confusion_matrices`` gives them.
        classes: The class indices that count as "yes", or a ``Task``.

    Returns:
        Counts of shape ``(..., k)``.
    """
    members = classes.value if isinstance(classes, Task) else classes
    yes = np.zeros(confusion.shape[-1], dtype=np.bool_)
    yes[[int(member) for member in members]] = True
    cells = sum_cells(
        confusion,
        [
            yes[:, None] & yes,
            ~yes[:, None] & yes,
            yes[:, None] & ~yes,
            ~yes[:, None] & ~yes,
        ],
    )
    return BinaryCounts(cells[..., 0], cells[..., 1], cells[..., 2], cells[..., 3])


def sum_cells(confusion: CountArray, masks: Sequence[BoolArray]) -> CountArray:
    """Sums over some cells of each confusion matrix.

    Args:
        confusion: Shape ``(..., C, C)``.
        masks: s boolean tables, each of shape (C, C).

    Returns:
        Shape ``(..., s)``, of the dtype given.
    """
    # One matrix product: numpy's reductions over short axes are several times slower. Float64 is
    # exact for whole numbers below 2**53.
    n_classes = confusion.shape[-1]
    chosen = np.stack([np.asarray(mask).ravel() for mask in masks], axis=1).astype(np.float64)
    flat = confusion.reshape(*confusion.shape[:-2], n_classes * n_classes)
    sums: CountArray = (flat.astype(np.float64, copy=False) @ chosen).astype(confusion.dtype)
    return sums


@dataclass(frozen=True, eq=False)
class Margins:
    """Sums of confusion matrices of shape ``(..., C, C)``.

    Attributes:
        total: All cells, shape ``(...)``.
        agreed: The diagonal, shape ``(...)``.
        true: How often each class is true, shape ``(..., C)``.
        predicted: How often each class is predicted, shape ``(..., C)``.
    """

    total: CountArray
    agreed: CountArray
    true: CountArray
    predicted: CountArray


def margins(confusion: CountArray) -> Margins:
    """Total, diagonal, and row and column sums of each matrix."""
    c = confusion.shape[-1]
    rows, columns = np.indices((c, c))
    sums = sum_cells(
        confusion,
        [
            np.ones((c, c), np.bool_),
            rows == columns,
            *(rows == i for i in range(c)),
            *(columns == i for i in range(c)),
        ],
    )
    return Margins(sums[..., 0], sums[..., 1], sums[..., 2 : 2 + c], sums[..., 2 + c :])


def divide(
    numerator: npt.ArrayLike, denominator: npt.ArrayLike, zero_division: float = np.nan
) -> FloatArray:
    """Elementwise quotient in float64; ``zero_division`` where the denominator is 0."""
    top = np.asarray(numerator, dtype=np.float64)
    bottom = np.asarray(denominator, dtype=np.float64)
    out = np.full(np.broadcast_shapes(top.shape, bottom.shape), zero_division, dtype=np.float64)
    np.divide(top, bottom, out=out, where=bottom != 0)
    return out


def _check_shapes(truth: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> None:
    if truth.ndim != 2 or truth.shape != predicted.shape:
        raise ValueError(
            f"truth {truth.shape} and prediction {predicted.shape} must have one shape (n, k)"
        )
