"""What one of several processes does in ``test_launched``."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from pathlib import Path
from typing import Any

import torch

from lingula.errors import LingulaError
from lingula.training.fit.launch import leads
from lingula.training.fit.loop import Where
from lingula.training.fit.progress import Progress
from lingula.training.stage import StageTexts, train_stage


def main(folder: Path) -> int:
    """Train what ``job.pkl`` says; the first process leaves what came of it."""
    job: dict[str, Any] = pickle.loads((folder / "job.pkl").read_bytes())
    seen = []

    def hear(progress: Progress) -> None:
        seen.append(progress.step)
        if progress.step == job.get("kill_after"):
            os.kill(os.getpid(), signal.SIGKILL)

    where = Where(job["folder"], progress=hear, **job["where"])
    try:
        result = train_stage(
            job["model"], job["tokenizer"], StageTexts(*job["texts"]),
            stage=job["stage"], where=where,
        )  # fmt: skip
    except LingulaError as error:
        (folder / f"error-{int(not leads())}.txt").write_text(str(error))
        return 2
    if leads():
        found = {"result": result, "seen": seen, "model": job["model"].state_dict()}
        torch.save(found, folder / "found.pt")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
