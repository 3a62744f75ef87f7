"""Scores and labels of studies from those of their views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.images.recipe import Joined

#: A study's label is the strongest of its views': positive, uncertain, negative, blank.
_STRENGTH = np.array([0, 3, 1, 2], dtype=np.int8)
_OF_STRENGTH = np.argsort(_STRENGTH).astype(np.int8)


@dataclass(frozen=True, eq=False)
class Studies:
    """Which views belong to which study, studies in the order in which they appear.

    Attributes:
        first: Position of each study's first view, shape (m,).
        of_view: Position of each view's study, shape (n,).
    """

    first: npt.NDArray[np.intp]
    of_view: npt.NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.first)

    @property
    def views(self) -> npt.NDArray[np.intp]:
        """How many views each study has."""
        return np.bincount(self.of_view, minlength=len(self))

    def scores(self, values: npt.NDArray[np.float64], how: Joined) -> npt.NDArray[np.float64]:
        """The maximum (Irvin et al., AAAI 2019) or mean of the views' scores.

        Views without a score are left out; a study without any has none.

        Args:
            values: Shape (n, k); NaN where there is no score.
            how: "maximum" or "mean".

        Returns:
            Shape (m, k).
        """
        known = ~np.isnan(values)
        count = np.zeros((len(self), values.shape[1]))
        np.add.at(count, self.of_view, known)
        if how == "maximum":
            out = np.full(count.shape, -np.inf)
            np.maximum.at(out, self.of_view, np.where(known, values, -np.inf))
        else:
            out = np.zeros(count.shape)
            np.add.at(out, self.of_view, np.where(known, values, 0.0))
            out /= np.maximum(count, 1)
        return np.where(count > 0, out, np.nan)

    def classes(self, classes: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """Labels of the studies: the strongest of their views'."""
        out = np.zeros((len(self), classes.shape[1]), dtype=np.int8)
        np.maximum.at(out, self.of_view, _STRENGTH[classes])
        found: npt.NDArray[np.int8] = _OF_STRENGTH[out]
        return found


def studies_of(names: Sequence[str]) -> Studies:
    """Studies of n views, by the name of each view's study."""
    places: dict[str, int] = {}
    first: list[int] = []
    of_view = np.empty(len(names), dtype=np.intp)
    for row, name in enumerate(names):
        if name not in places:
            places[name] = len(first)
            first.append(row)
        of_view[row] = places[name]
    return Studies(np.array(first, dtype=np.intp), of_view)
