"""What ``test_fit`` kills: ``python -m tests.training.killed FOLDER``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import torch

from lingula.training.fit.loop import Where, fit
from lingula.training.fit.progress import Progress
from tests.training.test_fit import SETTINGS, network, state, task


def tell(at: Progress) -> None:
    """The step, to who waits for it."""
    sys.stdout.write(f"{at.step}\n")
    sys.stdout.flush()


def main(folder: Path) -> None:
    """Train, from where it was killed, and leave the weights at the end."""
    model = network()
    settings = replace(SETTINGS, epochs=40, validate_every=3)
    where = Where(folder, resume=True, progress=tell)
    fit(task(model), settings, where)
    torch.save(state(model), folder / "end.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
