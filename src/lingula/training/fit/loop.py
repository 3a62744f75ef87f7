"""The loop: steps, validation, checkpoints, early stop, resume. It knows nothing of what it trains.

What a step does depends on the seed, the epoch and the step alone, and on the state that ``last``
holds (weights, optimizer, schedule, random state), so a resumed run gives the same weights as one
that was never interrupted.

Devices, mixed precision and the adding up of gradients are accelerate's; steps, order of batches
and checkpoints are ours, since accelerate's own resume reads every skipped batch, writes a folder
that an interruption can leave half written, and has no place for the best weights.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch

from lingula.errors import CheckpointError, RecipeError
from lingula.training.fit.batches import Batch, Rows, read_batches
from lingula.training.fit.checkpoints import StageFolder, State, read_checkpoint
from lingula.training.fit.progress import FitResult, Progress, Validation
from lingula.training.fit.settings import FitSettings
from lingula.training.fit.steps import LossNotFiniteError, Stepper, Task
from lingula.training.fit.worker import Worker, wait_for_all

#: Seconds between checkpoints where validations are rare.
SAVE_SECONDS = 600.0

#: Steps between entries of the log.
LOG_STEPS = 50

#: The loss that is told is a mean over so many steps.
RECENT_STEPS = 50


@dataclass(frozen=True)
class Where:
    """Where the loop runs, and who hears of it.

    Attributes:
        folder: For ``last.pt``, ``best.pt`` and ``log.jsonl``; one that all processes see.
        device: Where to train; where several processes were launched, each has its own of this
            kind.
        resume: Go on from ``last.pt`` if it is there.
        progress: Called after every step, in the first process.
        stop_after: Save ``last.pt`` and return after this many steps, as an interruption would.
    """

    folder: Path
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    resume: bool = False
    progress: Callable[[Progress], None] | None = None
    stop_after: int | None = None


def fit(task: Task, settings: FitSettings, where: Where) -> FitResult:
    """Train a module in place; it ends with the weights of the best validation, or the last ones.

    If several processes were launched, every batch is shared out: without dropout and batch norms
    the weights are those of one process up to rounding. Dropout draws other masks. A run may be
    resumed by another number of processes.

    Raises:
        RecipeError: If there is nothing to train on, the loss is no finite number (the batch is
            saved), or the precision cannot be had on this device.
        CheckpointError: If ``last.pt`` is damaged or of another run.
    """
    try:
        worker = Worker(where.device, settings.precision)
    except RecipeError as error:
        raise RecipeError(f"stage {task.name!r}: {error}") from None
    return _Loop(task, settings, where, worker).run()


@dataclass
class _Clock:
    """What the steps of this process took."""

    begun: float = field(default_factory=time.monotonic)
    saved: float = field(default_factory=time.monotonic)
    waited: float = 0.0
    steps: int = 0
    rows: int = 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begun

    def timed(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """The batches, while the wait for each is counted."""
        while True:
            begun = time.monotonic()
            batch = next(batches, None)
            self.waited += time.monotonic() - begun
            if batch is None:
                return
            yield batch


class _Loop:
    def __init__(self, task: Task, settings: FitSettings, where: Where, worker: Worker) -> None:
        self.task, self.settings, self.where, self.worker = task, settings, where, worker
        self.files = StageFolder(where.folder)
        self.state = State()
        self.clock = _Clock()
        self.recent: deque[float] = deque(maxlen=RECENT_STEPS)
        self.validation: Validation | None = None
        counts = [len(task.source.epoch(epoch)) for epoch in range(settings.epochs)]
        self.ends = np.cumsum([-(-count // settings.accumulate) for count in counts])
        self.steps = int(self.ends[-1])
        if not self.steps:
            raise RecipeError(f"stage {task.name!r}: there is nothing to train on")
        self.digest = task.source.digest()
        self.stepper = Stepper(task, settings, self.steps, worker)

    @property
    def ended(self) -> bool:
        return self.state.step >= self.steps or self.state.stopped

    @property
    def interrupted(self) -> bool:
        return self.where.stop_after is not None and self.clock.steps >= self.where.stop_after

    def run(self) -> FitResult:
        torch.manual_seed(self.settings.seed)
        resumed = self.where.resume and self.files.last.is_file()
        wait_for_all()  # before the first process changes what the others look for
        if resumed:
            self._restore()
        elif self.worker.leads:
            self.files.clear()
        before = self.state.seconds
        self.clock = _Clock()
        while not self.ended and not self.interrupted:
            self._epoch(int(np.searchsorted(self.ends, self.state.step, side="right")), before)
        if self.ended:
            self._end()
        return self._result()

    def _epoch(self, epoch: int, before: float) -> None:
        """What is left of an epoch."""
        accumulate = self.settings.accumulate
        first = 0 if epoch == 0 else int(self.ends[epoch - 1])
        chosen = self.task.source.epoch(epoch)[(self.state.step - first) * accumulate :]
        batches = self.clock.timed(
            read_batches(
                self.task.source,
                [self.worker.share(rows)[0] for rows in chosen],
                epoch,
                workers=self.settings.workers,
                pinned=self.worker.device.type == "cuda",
            )
        )
        for at in range(0, len(chosen), accumulate):
            self._step(chosen[at : at + accumulate], batches, epoch)
            self.state.seconds = before + self.clock.seconds
            self._validate_if_due()
            self._report(epoch)
            if self.ended:
                return
            late = time.monotonic() - self.clock.saved > SAVE_SECONDS
            if self.interrupted or late or self.validation is not None:
                self._save()
            if self.interrupted:
                return

    def _step(self, chosen: Sequence[Rows], batches: Iterator[Batch], epoch: int) -> None:
        try:
            self.recent.append(self.stepper.step(chosen, batches, self.state.step))
        except LossNotFiniteError as error:
            self._refuse(error, epoch)
        self.state.step += 1
        self.clock.steps += 1
        self.clock.rows += sum(len(rows) for rows in chosen)

    def _refuse(self, error: LossNotFiniteError, epoch: int) -> NoReturn:
        if self.worker.leads:
            self.files.write_bad_batch(self.task.source.batch(error.rows, epoch), error.rows)
        # The first process that fails ends the others, so the batch must be written by then.
        wait_for_all()
        raise RecipeError(
            f"stage {self.task.name!r}: {error} at step {self.state.step + 1}; the batch is in "
            f"{self.files.bad_batch}; lower learning_rate, or train in fp32, and go on with "
            "--resume"
        )

    def _validate_if_due(self) -> None:
        self.validation = None
        every, step = self.settings.validate_every, self.state.step
        due = step == self.steps or (step % every == 0 if every else step in self.ends)
        if not due and step % LOG_STEPS:
            return
        event: dict[str, Any] = {
            "step": step,
            "loss": float(np.mean(self.recent)),
            "learning_rate": self.stepper.learning_rate,
            "seconds": round(self.state.seconds, 1),
        }
        if due and self.task.validate is not None:
            self.validation = self.task.validate(self.worker)
            if math.isnan(self.validation.value):
                raise RecipeError(
                    f"stage {self.task.name!r}: the validation at step {step} has no figure to "
                    "choose by; take another metric or validation part"
                )
            event["figures"] = dict(self.validation.figures)
            self._judge(self.validation)
        if self.worker.leads:
            self.files.log(event)

    def _judge(self, found: Validation) -> None:
        """Keep the weights if they are the best so far; see whether patience has run out."""
        state = self.state
        if found.value > state.best_value:
            state.best_value, state.best_step = found.value, state.step
            state.best, state.waited = dict(found.figures), 0
            if self.worker.leads:
                self.files.write_best(self.task.module.state_dict())
        else:
            state.waited += 1
            patience = self.settings.patience
            state.stopped = bool(patience) and state.waited >= patience

    def _report(self, epoch: int) -> None:
        if self.where.progress is None or not self.worker.leads:
            return
        clock, seconds = self.clock, max(self.clock.seconds, 1e-9)
        self.where.progress(
            Progress(
                stage=self.task.name,
                epoch=epoch + 1,
                step=self.state.step,
                steps=self.steps,
                loss=float(np.mean(self.recent)),
                seconds_left=seconds / clock.steps * (self.steps - self.state.step),
                rows_per_second=clock.rows / seconds,
                waiting=clock.waited / seconds,
                validation=self.validation,
            )
        )

    def _save(self) -> None:
        self._write_last(self.stepper.state() if self.worker.leads else {})
        self.clock.saved = time.monotonic()

    def _write_last(self, held: dict[str, Any]) -> None:
        if self.worker.leads:
            facts = {"state": asdict(self.state), "data": self.digest, "steps": self.steps}
            self.files.write_last({**held, **facts})

    def _restore(self) -> None:
        path = self.files.last
        held = read_checkpoint(path, self.worker.device)
        if held.get("data") != self.digest or held.get("steps") != self.steps:
            raise CheckpointError(
                f"{path}: is of other data or another recipe than this run's; leave out --resume, "
                "or name another run folder"
            )
        self.state = State(**held["state"])
        if "model" in held:
            self.stepper.restore(held)
        if self.worker.leads:
            self.files.shorten_log(self.state.step)

    def _end(self) -> None:
        """Take up the weights that are kept; nothing is left to resume but the knowledge of that.

        ``best`` is written before ``last`` loses its weights and the optimizer's state, which are
        several times as large.
        """
        module = self.task.module
        if self.task.validate is None and self.clock.steps:
            self.state.best_step = self.state.step
            if self.worker.leads:
                self.files.write_best(module.state_dict())
        self._write_last({})
        wait_for_all()
        module.load_state_dict(read_checkpoint(self.files.best, self.worker.device))
        module.eval()

    def _result(self) -> FitResult:
        state = self.state
        return FitResult(state.best, state.best_step, state.step, state.stopped, state.seconds)
