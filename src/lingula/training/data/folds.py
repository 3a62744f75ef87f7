"""Folds: each report is predicted by a model that was trained without it.

Where expert labels are few, a validation part is too small to measure on and is missed in training.
With folds every report is measured on, and the model that is kept has learned from all of them: its
figures are those of models that had a little less to learn from (Stone, 1974).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lingula.training.data.examples import Examples, draw_folds
from lingula.training.data.prepare import Part, report_groups, without_leakage
from lingula.training.recipe import Recipe


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """What models said of reports that they were not trained on.

    Attributes:
        examples: The reports, n of them, with their labels.
        logits: float32, (n, k, 4).
        folds: The fold of each, from 0: int, (n,).
        seconds: Of training those models.
    """

    examples: Examples
    logits: npt.NDArray[np.float32]
    folds: npt.NDArray[np.intp]
    seconds: float

    @classmethod
    def of(
        cls, parts: Sequence[tuple[Examples, npt.NDArray[np.float32]]], seconds: float
    ) -> OutOfFold:
        """The reports and logits of each fold, in order, and the seconds of all of them."""
        return cls(
            Examples.concatenate([examples for examples, _ in parts]),
            np.concatenate([logits for _, logits in parts]),
            np.repeat(np.arange(len(parts)), [len(logits) for _, logits in parts]),
            seconds,
        )

    def write(self, path: Path) -> None:
        """Keep logits, folds and the SHA-256 of each text (no text) as a NumPy archive."""
        texts = [
            hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
            for text in self.examples.texts
        ]
        np.savez(path, logits=self.logits, folds=self.folds, sha256=np.array(texts))


def fold_parts(parts: Sequence[Part], recipe: Recipe, folds: int, fold: int | None) -> list[Part]:
    """The sources with one fold as the validation part, or, if None, all of them to train on.

    Args:
        parts: The sources with the recipe's own split.
        recipe: Its split says what stays together, its seed how folds are drawn.
        folds: How many there are.
        fold: Which one, from 0.

    Raises:
        InputError: If the recipe splits by patient and a source has no patients.
    """
    out = []
    for part in parts:
        reports = part.reports
        usable = part.train | (part.validation & ~reports.never_train)
        held_out = np.zeros_like(usable)
        if fold is not None and reports.source.validation:
            drawn = draw_folds(report_groups(reports, recipe), folds, recipe.seed)
            held_out = usable & (drawn == fold)
        out.append(Part(reports, usable & ~held_out, held_out))
    return without_leakage(out)
