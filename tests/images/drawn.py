"""Pictures drawn by code, with a mark where a label is positive."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

RECIPE = """
name = "drawn"
policy = "{policy}"
threads = 1
{more}

[pictures]
size = 16

[network]
init_features = 4
growth_rate = 4
blocks = [1, 1]

[training]
epochs = {epochs}
batch = 8
learning_rate = 1e-2
precision = "fp32"
"""


def recipe(path: Path, policy: str = "ones", epochs: int = 2, more: str = "") -> Path:
    """A recipe of seconds."""
    path.write_text(RECIPE.format(policy=policy, epochs=epochs, more=more), encoding="utf-8")
    return path


def films(
    folder: Path, name: str, count: int, *, first: int = 0, seed: int = 0, views: int = 1
) -> Path:
    """A table in CheXpert's form, its columns in CheXpert's order, and its pictures.

    Edema is a bright square at the top, Lung Lesion one at the bottom; some labels are uncertain
    or blank.
    """
    draw = np.random.default_rng(seed)
    table = folder / f"{name}.csv"
    with table.open("w", newline="") as stream:
        writer = csv.writer(stream)
        head = "Path,Sex,Age,Frontal/Lateral,AP/PA,Lung Opacity,Lung Lesion,Edema"
        writer.writerow(head.split(","))
        for patient in range(first, first + count):
            marks = draw.random(2) < 0.5
            cells = ["1.0" if mark else "0.0" for mark in marks]
            if draw.random() < 0.2:
                cells[1] = "-1.0"
            for view in range(views):
                side = "frontal" if view == 0 else "lateral"
                path = f"{name}/patient{patient:05d}/study1/view{view + 1}_{side}.png"
                file = folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                pixels = draw.integers(0, 120, (20, 16)).astype(np.uint8)
                pixels[12:18, 4:12] += np.uint8(120 * marks[0])
                pixels[2:8, 4:12] += np.uint8(120 * marks[1])
                Image.fromarray(pixels).save(file)
                sex, age = "Male" if patient % 2 else "Female", 20 + patient % 60
                writer.writerow([path, sex, age, side.title(), "AP", "", cells[0], cells[1]])
    return table
