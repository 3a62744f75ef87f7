"""A run that is killed and goes on ends with the same weights, to the bit."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.images.drawn import films, recipe

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_weights(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(item for item in sys.path if item))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    films(tmp_path, "train", 48)
    films(tmp_path, "valid", 24, first=100, seed=1)
    path = recipe(tmp_path / "long.toml", "self-trained", epochs=6)
    # what is drawn for images is part of what must come again
    more = "validate_every = 4\nkeep = 2\n[training.augmentation]\nrotation = 9.0\nshift = 0.1\n"
    path.write_text(path.read_text() + more, encoding="utf-8")
    program = [sys.executable, "-m", "tests.images.killed", str(tmp_path)]
    subprocess.run([*program, str(tmp_path / "whole")], check=True, capture_output=True)
    draw = random.Random(1)
    for _ in range(2):
        child = subprocess.Popen([*program, str(tmp_path / "cut")], stdout=subprocess.PIPE)
        assert child.stdout is not None
        for _ in range(draw.randrange(1, 20)):
            child.stdout.readline()
        time.sleep(draw.uniform(0.0, 0.02))
        child.kill()
        child.communicate()
    subprocess.run([*program, str(tmp_path / "cut")], check=True, capture_output=True)
    ends = [sorted((tmp_path / name / "model").glob("*.safetensors")) for name in ("whole", "cut")]
    assert len(ends[0]) == len(ends[1]) == 2
    for whole, cut in zip(*ends, strict=True):
        assert whole.read_bytes() == cut.read_bytes()
