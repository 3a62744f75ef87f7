"""A small model of CheXbert's format with the original's answers, in every form it may come in."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from lingula.labels import Label

DATA = Path(__file__).parent / "data"
WORDS = "bert.embeddings.word_embeddings.weight"


@dataclass(frozen=True, eq=False)
class Reference:
    """What CheXbert's own code answers: names in head order, labels, logits by name, vectors."""

    texts: list[str]
    names: list[str]
    values: np.ndarray
    logits: dict[tuple[str, int], np.ndarray]
    embedding: np.ndarray


@pytest.fixture(scope="session")
def reference() -> Reference:
    with (DATA / "labeled_reports.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    with (DATA / "logits.csv").open(newline="", encoding="utf-8") as stream:
        header, *numbers = list(csv.reader(stream))
    array = np.array(numbers, dtype=np.float64)
    logits = {}
    for column, title in enumerate(header):
        name, label = title.split(":")
        logits[name, int(Label[label.upper()])] = array[:, column]
    return Reference(
        texts=[row[0] for row in rows[1:]],
        names=rows[0][1:],
        values=np.array([[float(x or "nan") for x in row[1:]] for row in rows[1:]]),
        logits=logits,
        embedding=np.load(DATA / "cls_embeddings.npy"),
    )


@pytest.fixture(scope="session")
def tiny_state() -> dict[str, torch.Tensor]:
    """``model_state_dict`` without the wrapper's prefix."""
    stored = dict(np.load(DATA / "chexbert_tiny.npz"))
    rows, values = stored.pop("word_rows"), stored.pop("word_values")
    words = np.random.default_rng(0).normal(size=(30522, 32)).astype(np.float32)
    words[rows] = values
    return {WORDS: torch.from_numpy(words)} | {k: torch.from_numpy(v) for k, v in stored.items()}


def _write_checkpoint(
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


@pytest.fixture(scope="session")
def write_checkpoint():
    """The function above, for tests that change the state."""
    return _write_checkpoint


@pytest.fixture(scope="session")
def chexbert_pth(tmp_path_factory, tiny_state) -> Path:
    """Prefix, zip container."""
    return _write_checkpoint(tmp_path_factory.mktemp("zip") / "chexbert.pth", tiny_state)


@pytest.fixture(scope="session")
def legacy_pth(tmp_path_factory, tiny_state) -> Path:
    """No prefix, ``position_ids``, legacy pickle."""
    state = tiny_state | {"bert.embeddings.position_ids": torch.arange(512)[None]}
    path = tmp_path_factory.mktemp("legacy") / "chexbert.pth"
    return _write_checkpoint(path, state, prefix="", legacy=True)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory, chexbert_pth) -> Path:
    """The model folder with both graphs."""
    from lingula.bert.convert import convert

    target = tmp_path_factory.mktemp("folder") / "tiny"
    convert(chexbert_pth, target, onnx=True, int8=True)
    return target
