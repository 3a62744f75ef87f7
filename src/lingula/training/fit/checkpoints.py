"""The files of a stage: what resumes it, the weights that are kept, and its log.

Each is written beside its place and renamed, so that an interruption leaves the last whole one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lingula.errors import CheckpointError
from lingula.training.fit.batches import Batch, Rows


@dataclass
class State:
    """What changes from step to step, apart from tensors; plain values, as files hold them.

    Attributes:
        step: Steps done.
        best_value: Of the best validation.
        best_step: Its step.
        best: Its figures.
        waited: Validations since then.
        seconds: Time taken, without interruptions.
        stopped: Whether ``patience`` ran out.
    """

    step: int = 0
    best_value: float = -math.inf
    best_step: int = 0
    best: dict[str, Any] | None = None
    waited: int = 0
    seconds: float = 0.0
    stopped: bool = False


class StageFolder:
    """``last.pt``, ``best.pt``, ``log.jsonl`` and ``bad_batch.pt`` of one stage.

    Args:
        path: The folder; ``clear`` makes it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last = path / "last.pt"
        self.best = path / "best.pt"
        self.bad_batch = path / "bad_batch.pt"
        self._log = path / "log.jsonl"

    def clear(self) -> None:
        """Begin anew: make the folder, and remove what an earlier run left in it."""
        self.path.mkdir(parents=True, exist_ok=True)
        for path in (self.last, self.best, self._log, self.bad_batch):
            path.unlink(missing_ok=True)

    def write_last(self, content: Mapping[str, Any]) -> None:
        """Keep what a resumed run needs."""
        _write(content, self.last)

    def write_best(self, weights: Mapping[str, Tensor]) -> None:
        """Keep weights as the best ones so far."""
        _write(weights, self.best)

    def write_bad_batch(self, batch: Batch, rows: Rows) -> None:
        """Keep a batch whose loss is no finite number."""
        content = {**batch.inputs, **batch.targets, "rows": torch.from_numpy(rows).long()}
        _write(content, self.bad_batch)

    def log(self, event: Mapping[str, Any]) -> None:
        """Add one line to the log."""
        with self._log.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(event) + "\n")

    def shorten_log(self, step: int) -> None:
        """Take out what was logged after a step, which a resumed run logs again."""
        if not self._log.is_file():
            return
        lines = self._log.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
        if len(kept) < len(lines):
            beside = self._log.with_name(f".{self._log.name}")
            beside.write_text("".join(kept), encoding="utf-8")
            beside.replace(self._log)


def read_checkpoint(path: Path, device: torch.device) -> dict[str, Any]:
    """What ``last.pt`` or ``best.pt`` holds, its tensors on a device.

    Raises:
        CheckpointError: If the file is damaged.
    """
    try:
        held: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # noqa: BLE001  (torch raises many kinds for a damaged file)
        raise CheckpointError(f"{path}: damaged: {error}; leave out --resume") from None
    return held


def _write(content: Mapping[str, Any], path: Path) -> None:
    beside = path.with_name(f".{path.name}")
    torch.save(content, beside)
    beside.replace(path)
