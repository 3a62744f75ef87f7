"""torch: GPUs (all of them for one job), and CPUs where no ONNX model is at hand."""

from __future__ import annotations

import contextlib
import copy
import queue
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from torch import Tensor

from lingula.bert.batching import Batch
from lingula.bert.model import LabelModel, Output
from lingula.bert.runtimes import Answer
from lingula.bert.runtimes.first_position import first_position_only
from lingula.errors import InputError, RecipeError

AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}

#: Positions a batch. A CPU is at its best with few; a GPU needs many to be kept busy.
CPU_TOKENS = 512
GPU_TOKENS = 65536


def devices_of(name: str | None) -> list[torch.device]:
    """The devices that a name stands for: "cuda" is every GPU, "cuda:1" one; None is the best.

    Raises:
        RecipeError: If the name is unknown, or there is no such device here.
    """
    if name is None:
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise RecipeError(f"unknown device {name!r}; known are cpu, cuda, cuda:0, mps") from None
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if not count or (device.index or 0) >= count:
            raise RecipeError(
                f"device {name!r} is not there (GPUs that torch can use: {count}); "
                "leave out the device, or install a build of torch for your GPU"
            )
        if device.index is None:
            return [torch.device("cuda", index) for index in range(count)]
    elif device.type == "mps" and not torch.backends.mps.is_available():
        raise RecipeError(f"device {name!r} is not there; leave out the device")
    elif device.type not in ("cpu", "mps"):
        raise RecipeError(f"unknown device {name!r}; known are cpu, cuda, cuda:0, mps")
    return [device]


class TorchRuntime:
    """A replica of the model on each device.

    Args:
        model: The model; it is used in evaluation mode, and moved to the first device.
        devices: Where to run.
        precision: "fp32" or "exact", or "bf16" or "fp16" for autocast.
        threads: Threads of one forward pass on a CPU (torch's own number if not given).
    """

    #: Large batches of a GPU would be half padding otherwise.
    even = True

    def __init__(
        self,
        model: LabelModel,
        devices: Sequence[torch.device],
        precision: str = "fp32",
        threads: int | None = None,
    ) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        model.eval()
        self._replicas = [
            _Replica((model if not index else copy.deepcopy(model)).to(device), device, precision)
            for index, device in enumerate(devices)
        ]
        self.tokens = CPU_TOKENS if devices[0].type == "cpu" else GPU_TOKENS

    def run(self, batches: Sequence[Batch], *, embedding: bool) -> Iterator[Answer]:
        """Answers to batches, in any order; a batch that does not fit in memory is halved."""
        if len(self._replicas) == 1:
            yield from self._replicas[0].run(iter(batches), embedding)
        else:
            yield from self._run_on_all(batches, embedding)

    def _run_on_all(self, batches: Sequence[Batch], embedding: bool) -> Iterator[Answer]:
        waiting: queue.SimpleQueue[Batch] = queue.SimpleQueue()
        for batch in batches:
            waiting.put(batch)
        done: queue.SimpleQueue[Answer | BaseException | None] = queue.SimpleQueue()

        def feed() -> Iterator[Batch]:
            while True:
                try:
                    yield waiting.get_nowait()
                except queue.Empty:
                    return

        def work(replica: _Replica) -> None:
            try:
                for answer in replica.run(feed(), embedding):
                    done.put(answer)
            except BaseException as error:  # noqa: BLE001  (raised again in the caller's thread)
                done.put(error)
            finally:
                done.put(None)

        threads = [
            threading.Thread(target=work, args=(replica,), daemon=True)
            for replica in self._replicas
        ]
        for thread in threads:
            thread.start()
        running = len(threads)
        while running:
            item = done.get()
            if item is None:
                running -= 1
            elif isinstance(item, BaseException):
                raise item
            else:
                yield item


class _Replica:
    """One model on one device."""

    def __init__(self, model: LabelModel, device: torch.device, precision: str) -> None:
        self._model = model
        self._device = device
        self._dtype = AUTOCAST.get(precision)
        # Most positions a batch, known once the memory was too small for more.
        self._most: int | None = None

    def run(self, batches: Iterator[Batch], embedding: bool) -> Iterator[Answer]:
        # Two batches are under way, so that a GPU computes while answers are copied from it.
        under_way: deque[tuple[Batch, Tensor, Tensor | None]] = deque()
        for batch in batches:
            for part, output in self._fitting(batch):
                under_way.append((part, output.logits, output.embedding if embedding else None))
                if len(under_way) > 1:
                    yield _fetch(*under_way.popleft())
        while under_way:
            yield _fetch(*under_way.popleft())

    def _fitting(self, batch: Batch) -> Iterator[tuple[Batch, Output]]:
        single = len(batch.rows) == 1
        if single or self._most is None or batch.ids.size <= self._most:
            output = None
            with contextlib.suppress(torch.OutOfMemoryError):
                output = self._forward(batch)
            if output is not None:
                yield batch, output
                return
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
            if single:
                raise InputError(
                    f"out of memory on {self._device} with a single report of "
                    f"{batch.ids.shape[1]} tokens: free the device, or use --device cpu"
                )
            self._most = batch.ids.size // 2
        for half in batch.halves():
            yield from self._fitting(half)

    def _forward(self, batch: Batch) -> Output:
        ids = self._to_device(batch.ids)
        mask = None if batch.mask.all() else self._to_device(batch.mask)
        autocast: AbstractContextManager[object] = (
            nullcontext()
            if self._dtype is None
            else torch.autocast(self._device.type, dtype=self._dtype)
        )
        # The model may be in its owner's hands too, who trains through it.
        training = self._model.training
        self._model.eval()
        try:
            with torch.inference_mode(), autocast, first_position_only(self._model):
                logits, embedding = self._model.answer(ids, mask)
                return Output(logits.float(), embedding.float())
        finally:
            self._model.train(training)

    def _to_device(self, array: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Tensor:
        tensor = torch.from_numpy(array)
        if self._device.type == "cuda":
            return tensor.pin_memory().to(self._device, non_blocking=True)
        return tensor.to(self._device)


def _fetch(batch: Batch, logits: Tensor, embedding: Tensor | None) -> Answer:
    return Answer(
        batch.rows,
        logits.cpu().numpy(),
        None if embedding is None else embedding.cpu().numpy(),
    )
