"""Figures of a model on validation examples, defined also where a class is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lingula.errors import RecipeError
from lingula.labels import Label, Schema
from lingula.metrics.counts import binary_counts, confusion_matrices
from lingula.metrics.f1 import averaged, per_class
from lingula.metrics.kappa import cohen_kappa, mean_of_defined
from lingula.training.data.examples import Classes, Examples


@dataclass(frozen=True)
class Figures:
    """Agreement of predicted and true labels.

    Of positive-only labels it is the agreement on positive against the rest, over coded reports.

    Attributes:
        reports: How many reports were counted.
        kappa: Cohen's kappa of each observation; NaN where both sides have one and the same class
            only.
        f1: F1 of positive of each observation; NaN where positive is neither true nor predicted.
        mean_kappa: Mean of the defined kappas; 1.0 if none is defined (nothing differs anywhere).
        macro_f1: Mean of the defined F1; 1.0 if none is defined.
        micro_f1: F1 of all observations' positives together; 1.0 if there are none on either side.
    """

    reports: int
    kappa: tuple[float, ...]
    f1: tuple[float, ...]
    mean_kappa: float
    macro_f1: float
    micro_f1: float

    def value(self, metric: str) -> float:
        """The figure of that name: "mean-kappa", "macro-f1" or "micro-f1"."""
        return {
            "mean-kappa": self.mean_kappa,
            "macro-f1": self.macro_f1,
            "micro-f1": self.micro_f1,
        }[metric]

    def __str__(self) -> str:
        return (
            f"mean kappa {self.mean_kappa:.3f}, macro F1 {self.macro_f1:.3f}, "
            f"micro F1 {self.micro_f1:.3f}"
        )


def score(
    truth: Examples, predicted: Classes, schema: Schema, observations: Sequence[str] = ()
) -> Figures:
    """Figures of predicted classes, int8, (n, k).

    Args:
        truth: n examples; if some are positive-only, the others are left out.
        predicted: The predicted classes.
        schema: Of both.
        observations: Those that the means are taken over; all of them if empty.

    Raises:
        RecipeError: If an observation is unknown.
    """
    if unknown := [name for name in observations if name not in schema]:
        raise RecipeError(f"metric_observations: the schema has no observation {unknown[0]!r}")
    said: npt.NDArray[np.bool_] = predicted == Label.POSITIVE
    if truth.coded.any():
        rows = truth.coded
        true, said = truth.positive[rows], said[rows]
        confusion = confusion_matrices(true.astype(np.int8), said.astype(np.int8), n_classes=2)
    else:
        true = truth.classes == Label.POSITIVE
        confusion = confusion_matrices(truth.classes, predicted)
    columns = [schema.index(name) for name in observations or schema.names]
    kappa = cohen_kappa(confusion)
    counts = binary_counts(true, said)
    f1 = per_class(counts, zero_division=float("nan")).f1
    chosen = binary_counts(true[:, columns], said[:, columns])
    micro = float(averaged(chosen, "micro", zero_division=1.0).f1)
    return Figures(
        reports=len(true),
        kappa=tuple(float(value) for value in kappa),
        f1=tuple(float(value) for value in f1),
        mean_kappa=_defined(kappa[columns]),
        macro_f1=_defined(f1[columns]),
        micro_f1=micro,
    )


def plain_figures(figures: Figures) -> dict[str, Any]:
    """Figures as JSON holds them: NaN as null."""
    return {
        name: [None if math.isnan(x) else x for x in value] if isinstance(value, tuple) else value
        for name, value in asdict(figures).items()
    }


def figures_of(plain: Mapping[str, Any]) -> Figures:
    """The inverse of ``plain_figures``."""
    made: dict[str, Any] = {
        name: tuple(math.nan if x is None else x for x in value)
        if isinstance(value, (list, tuple))
        else value
        for name, value in plain.items()
    }
    return Figures(**made)


def _defined(values: npt.NDArray[np.float64]) -> float:
    mean = mean_of_defined(values)
    return 1.0 if np.isnan(mean.value) else mean.value
