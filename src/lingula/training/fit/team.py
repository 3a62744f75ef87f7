"""The processes that train one model together, one a device, as each of them sees the others.

Every process holds the whole model and draws the same batches. Of each batch it computes its share
of the rows; torch's DistributedDataParallel adds the gradients up, each weighed by its rows, so
that a step is the same step whatever the number of processes. What they decide (the best
checkpoint, when to stop) follows from sums and figures that are the same in all of them, so nothing
needs to be agreed on; the first process alone writes files and reports.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lingula.training.data.examples import Rows


@dataclass(frozen=True)
class Team:
    """One process and its place among those that train together; alone if nothing else is said.

    With ``size`` above 1, torch.distributed's default process group must be there.

    Attributes:
        device: Of this process.
        rank: From 0.
        size: How many there are.
    """

    device: torch.device
    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def share(self, rows: Rows) -> tuple[Rows, float]:
        """The rows of a batch that are this process's, and which part of the batch they are.

        Where a batch has fewer rows than there are processes, one that has none gets the first
        row, as a part of 0: all must take part in adding up the gradients.
        """
        own = rows[self.rank :: self.size]
        return (own, len(own) / len(rows)) if len(own) else (rows[:1], 0.0)

    def total(self, value: Tensor) -> float:
        """The sum over the processes of a scalar."""
        if self.size == 1:
            return float(value)
        summed = value.detach().to(torch.float64)
        torch.distributed.all_reduce(summed)
        return float(summed)

    def wait(self) -> None:
        """Return once every process has come here."""
        self.total(torch.zeros((), device=self.device))

    def gather(
        self, rows: Rows, own: npt.NDArray[np.float32], count: int
    ) -> npt.NDArray[np.float32]:
        """All rows from those that each process has.

        Args:
            rows: Places of this process's rows; every place is some process's, and one's only.
            own: Those rows.
            count: Rows in all.

        Returns:
            float32, (count, ...).
        """
        whole = np.zeros((count, *own.shape[1:]), dtype=np.float32)
        whole[rows] = own
        if self.size == 1:
            return whole
        summed = torch.from_numpy(whole).to(self.device)
        torch.distributed.all_reduce(summed)
        gathered: npt.NDArray[np.float32] = summed.cpu().numpy()
        return gathered

    def seed_step(self, seed: int, step: int) -> None:
        """Seed the dropout of a step where there are several processes.

        Each has its own masks, and they depend on nothing before this step: a run goes on from a
        checkpoint that holds no process's random state, and with another number of processes too.
        Alone, torch's random state is left as it is.
        """
        if self.size > 1:
            drawn = np.random.SeedSequence((seed, step, self.rank)).generate_state(1, np.uint64)
            torch.manual_seed(int(drawn[0]))

    def wrap(self, model: nn.Module, *, all_used: bool) -> nn.Module:
        """The model to call in training: itself, or one that adds up gradients over the processes.

        Args:
            model: On this process's device; the first process's weights are given to all.
            all_used: Whether every parameter has a part in the output.
        """
        if self.size == 1:
            return model
        return nn.parallel.DistributedDataParallel(
            model,
            device_ids=[self.device.index] if self.device.type == "cuda" else None,
            find_unused_parameters=not all_used,
        )

    def adding_up(self, wrapped: Any, wanted: bool) -> AbstractContextManager[object]:
        """For a forward and backward pass: whether gradients are added up over the processes now,
        or kept for a later pass of the same step."""
        return nullcontext() if wanted or self.size == 1 else wrapped.no_sync()
