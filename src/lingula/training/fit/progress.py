"""What the loop tells while it runs, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Validation:
    """What a validation found.

    Attributes:
        value: The larger, the better: chooses the weights that are kept.
        figures: For the log; plain values that JSON can hold.
        summary: The same for a reader, in a few words.
    """

    value: float
    figures: Mapping[str, Any]
    summary: str = ""


@dataclass(frozen=True)
class Progress:
    """Where the loop is.

    Attributes:
        stage: Name of what is trained.
        epoch: From 1.
        step: Steps done.
        steps: Steps in all.
        loss: Mean over the last steps.
        seconds_left: Estimate.
        rows_per_second: Examples trained on a second, since the loop began or went on.
        waiting: Share of that time in which no batch was ready.
        validation: The one that was just done, or None.
    """

    stage: str
    epoch: int
    step: int
    steps: int
    loss: float
    seconds_left: float
    rows_per_second: float
    waiting: float
    validation: Validation | None = None


@dataclass(frozen=True)
class FitResult:
    """What the loop came to.

    Attributes:
        best: Figures of the weights that were kept; None without validation.
        best_step: Their step.
        steps: Steps done.
        stopped_early: Whether ``patience`` ran out.
        seconds: Time taken, without interruptions.
    """

    best: Mapping[str, Any] | None
    best_step: int
    steps: int
    stopped_early: bool
    seconds: float
