"""What is trained on, as the loop sees it: rows drawn into batches, and tensors made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Batch:
    """Some examples as tensors.

    Attributes:
        inputs: What the module is called with, by position, in this order; the names are those
            under which a batch is saved.
        targets: What the loss needs besides the module's outputs.
    """

    inputs: Mapping[str, Tensor]
    targets: Mapping[str, Tensor] = field(default_factory=dict)

    def to(self, device: torch.device) -> Batch:
        """The batch on a device; copied beside other work where its memory is pinned."""
        if device.type == "cpu":
            return self
        return Batch(*(_each(held, device) for held in (self.inputs, self.targets)))

    def pin_memory(self) -> Batch:
        """The batch in memory from which a GPU can copy by itself."""
        pinned = (
            {name: tensor.pin_memory() for name, tensor in held.items()}
            for held in (self.inputs, self.targets)
        )
        return Batch(*pinned)


class BatchSource(Protocol):
    """Examples, numbered from 0. Where worker processes read it, it must be picklable."""

    def epoch(self, number: int) -> Sequence[Rows]:
        """The rows of each batch of an epoch; the same epoch always gives the same batches."""
        ...

    def batch(self, rows: Rows, epoch: int) -> Batch:
        """Some rows on the CPU.

        What is drawn for a row (a crop, say) may depend on row and epoch only, not on an earlier
        call: a resumed run skips batches, and several processes share them.
        """
        ...

    def digest(self) -> str:
        """Identifies the examples: a checkpoint of others is refused."""
        ...


class _Reader(torch.utils.data.Dataset[Batch]):
    """A source's batches, by their rows."""

    def __init__(self, source: BatchSource, epoch: int) -> None:
        self._source = source
        self._epoch = epoch

    def __getitem__(self, rows: Any) -> Batch:
        return self._source.batch(rows, self._epoch)


def read_batches(
    source: BatchSource,
    chosen: Sequence[Rows],
    epoch: int,
    *,
    workers: int = 0,
    pinned: bool = False,
) -> Iterator[Batch]:
    """The batches of some rows, in order.

    Args:
        source: Has the rows.
        chosen: Rows of each batch.
        epoch: From 0.
        workers: Processes that read ahead; 0 to read in this one, when a batch is asked for.
        pinned: Whether the batches are copied to a GPU.
    """
    made: Any = torch.utils.data.DataLoader  # typed for lists of examples only
    loader = made(
        _Reader(source, epoch),
        batch_size=None,
        sampler=chosen,  # keys of the reader
        collate_fn=_as_it_is,
        num_workers=workers,
        pin_memory=pinned,
        # Its own: torch's, which dropout draws from, must be left as it is.
        generator=torch.Generator(),
    )
    batches: Iterator[Batch] = iter(loader)
    return batches


def _as_it_is(batch: Batch) -> Batch:
    return batch


def _each(held: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    return {name: tensor.to(device, non_blocking=True) for name, tensor in held.items()}
