"""The other type that passes between Lingula's rooms: scores of image models and leaderboards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.errors import SchemaError
from lingula.labels import Schema


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of n studies (images, reports) under one schema of k observations.

    A score is any finite number; the higher, the more likely the observation is there. Only its
    order counts, unless all lie between 0 and 1 and are meant as probabilities.

    Attributes:
        schema: Names and order of the columns.
        values: float64, shape (n, k), read-only; NaN where there is no score.

    Raises:
        SchemaError: If the shape does not fit the schema, or a score is infinite; the message
            says where.
    """

    schema: Schema
    values: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != len(self.schema):
            raise SchemaError(
                f"scores have shape {values.shape}; (n, {len(self.schema)}) is needed"
            )
        wrong = np.argwhere(np.isinf(values))
        if len(wrong):
            row, column = wrong[0]
            raise SchemaError(
                f"row {row + 1}, {self.schema.names[column]}: {values[row, column]} is no score; "
                "scores are finite numbers"
            )
        values.setflags(write=False)
        object.__setattr__(self, "values", values)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def in_unit_interval(self) -> bool:
        """Whether all scores lie between 0 and 1, so that they can be read as probabilities."""
        known = self.values[~np.isnan(self.values)]
        return bool(((known >= 0) & (known <= 1)).all())

    def take(self, rows: npt.ArrayLike) -> Scores:
        """The scores of some rows, by position, in the order given; repeats are allowed."""
        return Scores(self.schema, self.values[np.asarray(rows, dtype=np.intp)])

    def select(self, observations: Sequence[str]) -> Scores:
        """The scores of some observations, in the schema's order.

        Raises:
            SchemaError: If an observation is unknown.
        """
        schema = self.schema.restrict(observations)
        return Scores(schema, self.values[:, [self.schema.index(name) for name in schema.names]])
