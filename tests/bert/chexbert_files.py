"""The small model of CheXbert's format, written in any form it may come in."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch

DATA = Path(__file__).parent / "data"
WORDS = "bert.embeddings.word_embeddings.weight"


def write_checkpoint(
    path: Path, state: dict[str, torch.Tensor], *, prefix: str = "module.", legacy: bool = False
) -> Path:
    """A checkpoint as CheXbert's training code saves it, with the tiny configuration beside it."""
    shutil.copy(DATA / "config.json", path.parent / "config.json")
    content = {
        "epoch": 3,
        "model_state_dict": {prefix + key: value for key, value in state.items()},
        "optimizer_state_dict": {"state": {0: {"step": 7}}, "param_groups": [{"lr": 2e-5}]},
    }
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    return path
