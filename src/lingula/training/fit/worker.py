"""The processes that train one module together, as each of them sees the others.

They are started from outside (``accelerate launch``, or ``launch``), one a device, on one or
several machines; without that there is one. Every process holds the whole module and draws the same
batches. Of each batch it computes its share of the rows; the gradients are added up, each weighed
by its rows, so that a step is the same step whatever the number of processes. (accelerate's own
way, a batch for each process, makes a step larger with each device.) What they decide follows from
sums and values that are the same in all of them; the first process alone writes files and reports.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lingula.errors import RecipeError
from lingula.network import silence
from lingula.training.fit.batches import Rows
from lingula.training.fit.launch import launched
from lingula.training.fit.settings import Precision

silence()  # before accelerate and, with it, huggingface_hub are imported, which read it once
from accelerate import (  # noqa: E402
    Accelerator,
    DistributedDataParallelKwargs,
    InitProcessGroupKwargs,
)
from accelerate.state import AcceleratorState, PartialState  # noqa: E402

#: How long a process waits for the others: one may label many reports, or write a checkpoint.
PATIENCE = timedelta(hours=3)


@contextmanager
def leader_first() -> Iterator[None]:
    """The first process does the work alone, then the others, who find what it kept.

    Where it fails, its error is the only one.
    """
    if launched():
        with PartialState().main_process_first():
            yield
    else:
        yield


def wait_for_all() -> None:
    """Return once every process has come here."""
    if launched():
        PartialState().wait_for_everyone()


class Worker:
    """One process, with its device.

    Args:
        device: Where to train. If several processes were launched, only its kind counts: each has
            the GPU that its place says.
        precision: Of mixed precision.

    Attributes:
        accelerator: accelerate's.
        device: Of this process.
        rank: From 0.
        size: How many processes there are.

    Raises:
        RecipeError: If the precision needs another device.
    """

    def __init__(self, device: torch.device, precision: Precision = "fp32") -> None:
        if precision == "fp16" and device.type != "cuda":
            raise RecipeError('precision "fp16" needs a GPU; use "bf16"')
        # accelerate keeps device and precision for the whole process; another stage has others.
        AcceleratorState._reset_state(reset_partial_state=not launched())
        if device.type == "cuda" and device.index is not None and not launched():
            torch.cuda.set_device(device)
        self._unused = DistributedDataParallelKwargs()
        self.accelerator = Accelerator(
            cpu=device.type == "cpu",
            mixed_precision="no" if precision == "fp32" else precision,
            kwargs_handlers=[self._unused, InitProcessGroupKwargs(timeout=PATIENCE)],
        )
        # A launcher's settings must not divide the loss: it is weighed by rows.
        self.accelerator.gradient_accumulation_steps = 1
        own = self.accelerator.device
        # accelerate numbers the processes of one CPU as devices; checkpoints know only one.
        self.device = torch.device("cpu") if own.type == "cpu" else own
        self.rank: int = self.accelerator.process_index
        self.size: int = self.accelerator.num_processes

    @property
    def leads(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    @property
    def name(self) -> str:
        """Where the training goes on, for a record: the device, or how many of its kind."""
        return str(self.device) if self.size == 1 else f"{self.size} x {self.device.type}"

    def share(self, rows: Rows) -> tuple[Rows, float]:
        """The rows of a batch that are this process's, and which part of the batch they are.

        Where a batch has fewer rows than there are processes, one that has none gets the first
        row, as a part of 0: all must take part in adding up the gradients.
        """
        return share(rows, self.rank, self.size)

    def total(self, value: Tensor) -> float:
        """The sum over the processes of a scalar."""
        if self.size == 1:
            return float(value)
        wide = torch.float32 if self.device.type == "mps" else torch.float64
        return float(self.accelerator.reduce(value.detach().to(wide), reduction="sum"))

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
        summed = self.accelerator.reduce(torch.from_numpy(whole).to(self.device), reduction="sum")
        gathered: npt.NDArray[np.float32] = summed.cpu().numpy()
        return gathered

    def seed_step(self, seed: int, step: int) -> None:
        """Seed the dropout of a step where there are several processes.

        Each has its own masks, and they depend on nothing before this step: a run goes on from a
        checkpoint that holds no process's random state, and with another number of processes too.
        Alone, torch's random state is left as it is.
        """
        if self.size > 1:
            torch.manual_seed(step_seed(seed, step, self.rank))

    def wrap(self, module: nn.Module, *, all_used: bool) -> Any:
        """The module on this process's device, to be called in training.

        Args:
            module: The first process's weights are given to all.
            all_used: Whether every parameter has a part in the loss.
        """
        self._unused.find_unused_parameters = not all_used
        wrapped = self.accelerator.prepare_model(module)
        # Mixed precision is for ``autocast`` to say: a validation may want none.
        self.accelerator.unwrap_model(wrapped, keep_fp32_wrapper=False)
        return wrapped

    def autocast(self) -> AbstractContextManager[None]:
        """Mixed precision, if it was asked for."""
        context: AbstractContextManager[None] = self.accelerator.autocast()
        return context


def share(rows: Rows, rank: int, size: int) -> tuple[Rows, float]:
    """See ``Worker.share``."""
    own = rows[rank::size]
    return (own, len(own) / len(rows)) if len(own) else (rows[:1], 0.0)


def step_seed(seed: int, step: int, rank: int) -> int:
    """Seed of one process in one step."""
    return int(np.random.SeedSequence((seed, step, rank)).generate_state(1, np.uint64)[0])
