"""Trainings of an image model that are killed at random moments and go on: the same weights.

    OMP_NUM_THREADS=1 python benchmarks/images_kills.py --kills 10

``lingula images train`` trains a small network with the policy ``self-trained`` (two parts), with
augmentation, several validations an epoch and two checkpoints kept, on films drawn by code. Each
killed run is resumed, and may be killed again, until it ends; its model is then compared with the
unbroken run's, byte for byte. Ends with an error if any differs.
"""

from __future__ import annotations

import argparse
import csv
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

RECIPE = """
name = "killed"
policy = "self-trained"
threads = 1
[pictures]
size = 32
[network]
init_features = 4
growth_rate = 4
blocks = [2, 2]
[training]
epochs = 10
batch = 8
learning_rate = 1e-2
precision = "fp32"
validate_every = 5
keep = 2
[training.augmentation]
rotation = 9.0
shift = 0.1
"""


def draw(folder: Path, part: str, count: int, first: int) -> None:
    """A table in CheXpert's form and its films: noise, with a bright square for Edema."""
    generator = np.random.default_rng(first)
    (folder / part).mkdir()
    with (folder / f"{part}.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["Path", "Frontal/Lateral", "Edema"])
        for patient in range(first, first + count):
            path = f"{part}/patient{patient:05d}/study1/view1_frontal.png"
            pixels = generator.integers(0, 120, (40, 32)).astype(np.uint8)
            there = generator.random() < 0.5
            pixels[8:20, 8:24] += np.uint8(100 * there)
            (folder / path).parent.mkdir(parents=True)
            Image.fromarray(pixels).save(folder / path)
            label = "-1.0" if generator.random() < 0.2 else str(float(there))
            writer.writerow([path, "Frontal", label])


class Training:
    """The command, over the same films each time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "recipe.toml").write_text(RECIPE)
        draw(folder, "train", 200, 0)
        draw(folder, "valid", 40, 1000)

    def start(self, run: Path) -> subprocess.Popen[bytes]:
        """Begin, or go on."""
        recipe = ["--recipe", str(self.folder / "recipe.toml")]
        more = ["--resume"] if run.is_dir() else recipe
        return subprocess.Popen(
            [sys.executable, "-m", "lingula", "images", "train", str(self.folder / "train.csv"),
             "--valid", str(self.folder / "valid.csv"), "--cache", str(self.folder / "cache"),
             "--quiet", "-o", str(run), *more],
        )  # fmt: skip

    def model(self, run: Path) -> dict[str, bytes]:
        """Name -> content of the weights."""
        return {path.name: path.read_bytes() for path in (run / "model").glob("*.safetensors")}


def begun(run: Path, child: subprocess.Popen[bytes]) -> None:
    """Wait until it trains, or ends."""
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*.jsonl")}
    while child.poll() is None:
        if any(path.stat().st_mtime_ns != before.get(path) for path in run.rglob("*.jsonl")):
            return
        time.sleep(0.01)


def main() -> None:
    """Train once whole, then kill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as name:
        training = Training(Path(name))
        whole, cut = Path(name) / "whole", Path(name) / "cut"
        child = training.start(whole)
        begun(whole, child)
        started = time.monotonic()
        if child.wait():
            sys.exit("the unbroken run failed")
        seconds = time.monotonic() - started
        expected = training.model(whole)
        kills = ends = 0
        while kills < given.kills or cut.is_dir():
            child = training.start(cut)
            if kills < given.kills:
                begun(cut, child)
                try:
                    status = child.wait(chance.uniform(0, seconds))
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
                    kills += 1
                    continue
            else:
                status = child.wait()
            if status:
                sys.exit(f"a resumed run failed after {kills} kills")
            if training.model(cut) != expected:
                sys.exit(f"other weights after {kills} kills")
            ends += 1
            shutil.rmtree(cut)
        print(
            f"{kills} kills in trainings of {seconds:.1f} s; {ends} resumed runs, all with the "
            f"unbroken run's weights ({len(expected)} files)"
        )


if __name__ == "__main__":
    main()
