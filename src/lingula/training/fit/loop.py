"""Train one stage: steps, validation, checkpoints, early stop, resume.

What a step does depends on the seed, the epoch and the step alone, and on the state that ``last``
holds (weights, optimizer, schedule, random state), so a resumed run gives the same weights as one
that was never interrupted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch

from lingula.bert.model import LabelModel
from lingula.bert.tokenizer import TextTokenizer
from lingula.errors import CheckpointError, RecipeError
from lingula.training.data.batches import encode, epoch_batches, fill_batch
from lingula.training.data.examples import Classes, Examples, Rows
from lingula.training.fit.checkpoints import (
    StageFolder,
    State,
    figures_of,
    plain_figures,
    read_checkpoint,
)
from lingula.training.fit.processes import run_processes
from lingula.training.fit.progress import Progress, StageResult
from lingula.training.fit.steps import Loss, LossNotFiniteError, Stepper
from lingula.training.fit.team import Team
from lingula.training.model.losses import balanced_chances
from lingula.training.model.prediction import predict
from lingula.training.model.scoring import Figures, score
from lingula.training.recipe import Stage

#: Seconds between checkpoints where validations are rare.
SAVE_SECONDS = 600.0

#: Steps between entries of the log.
LOG_STEPS = 50


@dataclass(frozen=True, eq=False)
class _Job:
    """What is trained; see ``train_stage``."""

    model: LabelModel
    tokenizer: TextTokenizer
    train: Examples
    validation: Examples | None
    stage: Stage
    folder: Path
    seed: int
    resume: bool
    stop_after: int | None


def train_stage(
    model: LabelModel,
    tokenizer: TextTokenizer,
    train: Examples,
    validation: Examples | None,
    *,
    stage: Stage,
    folder: Path,
    seed: int = 1,
    device: torch.device | Sequence[torch.device] | None = None,
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
    stop_after: int | None = None,
    loss: Loss | None = None,
) -> StageResult:
    """Train a model in place; it ends with the weights of the best validation.

    On several devices there is one process a device, each with a copy of the model, and every
    batch is shared out: without dropout the weights are those of one device up to rounding,
    whatever the number of devices. Dropout draws other masks. A stage may be resumed on another
    number of devices.

    Args:
        model: Is moved to the device, or to the first one.
        tokenizer: Of the model.
        train: Examples to train on.
        validation: Examples that choose the checkpoint; the last one is kept if None.
        stage: The choices.
        folder: For ``last.pt``, ``best.pt`` and ``log.jsonl``.
        seed: Of batches and dropout.
        device: Where to train: one device, or several of one kind (a script then needs
            ``if __name__ == "__main__":``); the CPU if not given.
        resume: Go on from ``last.pt`` if it is there.
        progress: Called after every step.
        stop_after: Save ``last.pt`` and return after this many steps, as an interruption would.
        loss: Takes the place of the recipe's loss: called with model, ids, mask and rows. It stays
            in this process, so only the first device is then used.

    Raises:
        RecipeError: If the loss is no finite number (the batch is saved), an option cannot be
            followed on this device, or one of several processes was ended from outside.
        CheckpointError: If ``last.pt`` is damaged or of another run.
    """
    if isinstance(device, torch.device):
        device = [device]
    devices = list(device or [torch.device("cpu")])
    if not len(train):
        raise RecipeError(f"stage {stage.name!r}: there is nothing to train on")
    if stage.precision == "fp16" and devices[0].type != "cuda":
        raise RecipeError(f'stage {stage.name!r}: precision "fp16" needs a GPU; use "bf16"')
    job = _Job(model, tokenizer, train, validation, stage, folder, seed, resume, stop_after)
    if len(devices) == 1 or loss is not None:
        return _Loop(job, Team(devices[0]), progress, loss).run()
    model.cpu()
    result, ended = run_processes(
        _train_together, job, devices, receive=progress or (lambda _: None)
    )
    files = StageFolder(folder)
    if ended:
        model.load_state_dict(read_checkpoint(files.best, devices[0]))
        model.eval()
    else:
        model.load_state_dict(read_checkpoint(files.last, devices[0])["model"])
    model.to(devices[0])
    return result


def _train_together(
    team: Team, job: _Job, report: Callable[[Progress], None]
) -> tuple[StageResult, bool]:
    """The work of one of several processes: the result, and whether the stage is at its end."""
    loop = _Loop(job, team, report)
    return loop.run(), loop.ended


class _Loop:
    def __init__(
        self,
        job: _Job,
        team: Team,
        report: Callable[[Progress], None] | None,
        loss: Loss | None = None,
    ) -> None:
        self.job, self.team, self.stage = job, team, job.stage
        self.report = report if team.leads else None
        self.files = StageFolder(job.folder)
        self.state = State()
        self.pad_id = job.tokenizer.pad_id
        self.sequences = encode(job.train.texts, job.tokenizer)
        self.lengths = np.array([len(ids) for ids in self.sequences], dtype=np.intp)
        self.validation = job.validation if job.validation else None
        self.held_out = encode(self.validation.texts, job.tokenizer) if self.validation else []
        balanced = self.stage.sampling == "balanced"
        self.chances = balanced_chances(job.train.targets()) if balanced else None
        counts = [len(self._epoch(epoch)) for epoch in range(self.stage.epochs)]
        self.ends = np.cumsum([-(-count // self.stage.accumulate) for count in counts])
        self.steps = int(self.ends[-1])
        self.stepper = Stepper(
            job.model, self.sequences, job.train, stage=self.stage, steps=self.steps,
            seed=job.seed, pad_id=self.pad_id, team=team, loss=loss,
        )  # fmt: skip

    @property
    def ended(self) -> bool:
        return self.state.step >= self.steps or self.state.stopped

    def run(self) -> StageResult:
        torch.manual_seed(self.job.seed)
        if self.job.resume and self.files.last.is_file():
            self._restore()
        elif self.team.leads:
            self.files.clear()
        done = 0
        begun = saved = time.monotonic()
        before = self.state.seconds
        recent: list[float] = []
        while not self.ended:
            epoch = int(np.searchsorted(self.ends, self.state.step, side="right"))
            batches = self._epoch(epoch)
            first = 0 if epoch == 0 else int(self.ends[epoch - 1])
            while self.state.step < self.ends[epoch] and not self.state.stopped:
                at = (self.state.step - first) * self.stage.accumulate
                recent = [*recent[-49:], self._step(batches[at : at + self.stage.accumulate])]
                self.state.step += 1
                self.state.seconds = before + time.monotonic() - begun
                figures = self._validate_if_due(recent)
                done += 1
                if self.report is not None:
                    rate = (time.monotonic() - begun) / done
                    self.report(
                        Progress(
                            self.stage.name, epoch + 1, self.state.step, self.steps,
                            float(np.mean(recent)), rate * (self.steps - self.state.step), figures,
                        )
                    )  # fmt: skip
                stopping = self.job.stop_after is not None and done >= self.job.stop_after
                late = time.monotonic() - saved > SAVE_SECONDS
                if stopping or late or figures is not None:
                    self._save()
                    saved = time.monotonic()
                if stopping:
                    return self._result()
        if self.validation is None:
            self.state.best_step = self.state.step
        self._save()
        if self.team.leads:
            self._keep_best()
        return self._result()

    def _epoch(self, epoch: int) -> list[Rows]:
        seed = (self.job.seed, epoch)
        return epoch_batches(self.lengths, self.stage.batch_tokens, seed, self.chances)

    def _step(self, batches: Sequence[Rows]) -> float:
        try:
            return self.stepper.step(batches, self.state.step)
        except LossNotFiniteError as error:
            self._refuse(error)

    def _refuse(self, error: LossNotFiniteError) -> NoReturn:
        if self.team.leads:
            self.files.write_bad_batch(fill_batch(self.sequences, error.rows, self.pad_id))
        # The first process that fails ends the others, so the batch must be written by then.
        self.team.wait()
        raise RecipeError(
            f"stage {self.stage.name!r}: {error} at step {self.state.step + 1}; the batch is in "
            f"{self.files.bad_batch}; lower learning_rate, or train in fp32, and go on with "
            "--resume"
        )

    def _validate_if_due(self, recent: Sequence[float]) -> Figures | None:
        every, step = self.stage.validate_every, self.state.step
        due = step == self.steps or (step % every == 0 if every else step in self.ends)
        if not due and step % LOG_STEPS:
            return None
        event: dict[str, Any] = {
            "step": step,
            "loss": float(np.mean(recent)),
            "learning_rate": self.stepper.learning_rate,
            "seconds": round(self.state.seconds, 1),
        }
        figures = None
        if due and self.validation is not None:
            figures = self._figures(self.validation)
            event["figures"] = plain_figures(figures)
            self._judge(figures)
        if self.team.leads:
            self.files.log(event)
        return figures

    def _judge(self, figures: Figures) -> None:
        """Keep the weights if they are the best so far; see whether patience has run out."""
        value, state = figures.value(self.stage.metric), self.state
        if value > state.best_value:
            state.best_value, state.best_step = value, state.step
            state.best, state.waited = plain_figures(figures), 0
            if self.team.leads:
                self.files.write_best(self.stepper.model.state_dict())
        else:
            state.waited += 1
            state.stopped = bool(self.stage.patience) and state.waited >= self.stage.patience

    def _figures(self, examples: Examples) -> Figures:
        """Every process predicts its share; all come to the same figures, and so go on alike."""
        model, team = self.stepper.model, self.team
        rows = np.arange(team.rank, len(self.held_out), team.size, dtype=np.intp)
        own = predict(model, [self.held_out[row] for row in rows], team.device, self.pad_id)
        logits = team.gather(rows, own, len(self.held_out))
        classes: Classes = logits.argmax(axis=-1).astype(np.int8)
        return score(examples, classes, model.schema, self.stage.metric_observations)

    def _save(self) -> None:
        if self.team.leads:
            self.files.write_last(
                {
                    **self.stepper.state(),
                    "state": asdict(self.state),
                    "data": self.job.train.digest(),
                    "steps": self.steps,
                }
            )

    def _restore(self) -> None:
        path = self.files.last
        held = read_checkpoint(path, self.team.device)
        if held.get("data") != self.job.train.digest() or held.get("steps") != self.steps:
            raise CheckpointError(
                f"{path}: is of other data or another recipe than this run's; leave out --resume, "
                "or name another run folder"
            )
        self.stepper.restore(held)
        self.state = State(**held["state"])

    def _keep_best(self) -> None:
        model = self.stepper.model
        if self.validation is None:
            self.files.write_best(model.state_dict())
        else:
            model.load_state_dict(read_checkpoint(self.files.best, self.team.device))
        model.eval()

    def _result(self) -> StageResult:
        state = self.state
        best = None if state.best is None else figures_of(state.best)
        return StageResult(best, state.best_step, state.step, state.stopped, state.seconds)
