"""Everything that a figure depends on besides the labels, so that each can say it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lingula.errors import InputError
from lingula.metrics.uncertain import UncertainPolicy


@dataclass(frozen=True)
class Settings:
    """How labels are evaluated.

    Attributes:
        uncertain: What becomes of uncertain labels in the binary figures.
        zero_division: The value of 0 / 0 in precision, recall and F1: 0.0, 1.0, or NaN.
        positive_only: Only positive against the rest: for truth that says nothing else.
        bootstrap: Number of resamples; 0 for no intervals.
        level: Of the intervals.
        seed: Of the bootstrap.
        bins: Of the reliability curve, of equal width.
        readers_majority: Place the majority of the readers too, beside each of them.

    Raises:
        InputError: If a number is out of range.
    """

    uncertain: UncertainPolicy = UncertainPolicy.ONES
    zero_division: float = 0.0
    positive_only: bool = False
    bootstrap: int = 0
    level: float = 0.95
    seed: int = 0
    bins: int = 10
    readers_majority: bool = False

    def __post_init__(self) -> None:
        if not (self.zero_division in (0.0, 1.0) or math.isnan(self.zero_division)):
            raise InputError(f"zero division must be 0, 1 or nan, not {self.zero_division}")
        if self.bootstrap < 0:
            raise InputError(f"the number of resamples must not be negative: {self.bootstrap}")
        if not 0 < self.level < 1:
            raise InputError(f"the level must be between 0 and 1, not {self.level}")
        if self.bins < 1:
            raise InputError(f"there must be at least one bin, not {self.bins}")

    @property
    def zero_division_text(self) -> str:
        """The zero-division rule, as tables show it."""
        return "nan" if math.isnan(self.zero_division) else f"{self.zero_division:g}"
