"""What a stage tells while it is trained, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass

from lingula.training.model.scoring import Figures


@dataclass(frozen=True)
class Progress:
    """Where a stage is.

    Attributes:
        stage: Its name.
        epoch: From 1.
        step: Steps done.
        steps: Steps in all.
        loss: Mean over the last steps.
        seconds_left: Estimate; NaN at the start.
        figures: Of the validation that was just done, or None.
    """

    stage: str
    epoch: int
    step: int
    steps: int
    loss: float
    seconds_left: float
    figures: Figures | None = None


@dataclass(frozen=True)
class StageResult:
    """What a stage came to.

    Attributes:
        best: Figures of the checkpoint that was kept; None without validation examples.
        best_step: Its step.
        steps: Steps done.
        stopped_early: Whether ``patience`` ran out.
        seconds: Time taken, without interruptions.
    """

    best: Figures | None
    best_step: int
    steps: int
    stopped_early: bool
    seconds: float
