"""Where the forward pass runs: ONNX Runtime for CPUs, torch for GPUs and for gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lingula.bert.batching import Batch

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Answer:
    """What the model says of one batch.

    Attributes:
        rows: int, (n,): the rows of the batch.
        logits: float32, (n, k, 4).
        embedding: float32, (n, hidden), or None when it was not asked for.
    """

    rows: npt.NDArray[np.intp]
    logits: Floats
    embedding: Floats | None


class Runtime(Protocol):
    """The one thing that the labeler asks of a runtime."""

    @property
    def tokens(self) -> int:
        """Positions a batch at which this runtime is at its best."""
        ...

    @property
    def even(self) -> bool:
        """Whether batches should rather be small than hold sequences of unlike length."""
        ...

    def run(self, batches: Sequence[Batch], *, embedding: bool) -> Iterator[Answer]:
        """Answers to batches, in any order.

        Raises:
            InputError: If a single report does not fit in memory.
        """
        ...
