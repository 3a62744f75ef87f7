"""Draw example films and invent their reports, of nobody.

python examples/films/make.py FOLDER

Writes the pictures of a schematic chest, 64 x 64 pixels, as PNG; films.csv and valid.csv, tables of
films in CheXpert's form (films.csv without labels: these come from the reports, valid.csv with the
truth); and reports.csv, one report a study of films.csv. Needs numpy and pillow
(`pip install 'lingula[images]'`).
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
from PIL import Image

FINDINGS = ("Cardiomegaly", "Lung Lesion", "Edema", "Pleural Effusion")
SHARES = (0.35, 0.25, 0.3, 0.35)
#: How a report says that a finding is there, may be there, and is not.
SAYS = {
    "Cardiomegaly": (
        "The heart is enlarged.",
        "Possible mild cardiomegaly.",
        "Heart size is normal.",
    ),
    "Lung Lesion": (
        "Nodule in the right lung.",
        "Possible nodule on the right.",
        "No nodule or mass.",
    ),
    "Edema": ("Pulmonary edema.", "Edema cannot be excluded.", "No pulmonary edema."),
    "Pleural Effusion": (
        "Left pleural effusion.",
        "Possible small left pleural effusion.",
        "No pleural effusion.",
    ),
}
SIZE = 64
UNCERTAIN, UNMENTIONED = 0.15, 0.15


def ellipse(across: float, down: float, wide: float, high: float) -> np.ndarray:
    """Where an ellipse lies, by middle and half axes in pixels: float (64, 64), soft at the rim."""
    y, x = np.mgrid[:SIZE, :SIZE]
    inside = 1 - ((x - across) / wide) ** 2 - ((y - down) / high) ** 2
    return np.clip(inside * 4, 0, 1)


def film(present: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """One film: uint8 (64, 64), bright where much is in the way; findings are drawn if present."""
    shift = draw.normal(0, 1.5, 2)
    lungs = [ellipse(side + shift[0], 32 + shift[1], 13, 25) for side in (19, 45)]
    light = 150 - 105 * np.maximum(*lungs)
    heart = 15 if present[0] else 9
    light = np.maximum(light, 140 * ellipse(36 + shift[0], 42 + shift[1], heart, 11))
    if present[1]:
        spot = ellipse(17 + draw.normal(0, 3), 22 + draw.normal(0, 4), 4, 4)
        light += 70 * spot
    if present[2]:
        light += 40 * np.maximum(*lungs) * ellipse(32, 32, 22, 18)
    if present[3]:
        level = 46 + draw.normal(0, 2)
        light[int(level) :, 34:] = np.maximum(light[int(level) :, 34:], 150)
    return np.clip(light + draw.normal(0, 12, light.shape), 0, 255).astype(np.uint8)


def report(present: np.ndarray, draw: np.random.Generator) -> str:
    """What a reader wrote: some findings uncertain, some not named."""
    said = []
    for name, there in zip(FINDINGS, present, strict=True):
        chance = draw.random()
        if chance < UNCERTAIN:
            said.append(SAYS[name][1])
        elif chance < 1 - UNMENTIONED or there:
            said.append(SAYS[name][0 if there else 2])
    return "FINDINGS: " + " ".join(draw.permutation(said)) if said else "FINDINGS: Chest film."


def write(path: Path, rows: list[list[str]]) -> None:
    """Write a table."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)


def make(folder: Path, train: int = 240, valid: int = 80) -> None:
    """Write everything."""
    draw = np.random.default_rng(1)
    head = ["Path", "study_id", "Sex", "Age", "Frontal/Lateral", "AP/PA"]
    tables: dict[str, list[list[str]]] = {"films": [head], "valid": [[*head, *FINDINGS]]}
    reports = [["study_id", "report"]]
    for patient in range(train + valid):
        name = "films" if patient < train else "valid"
        present = draw.random(len(FINDINGS)) < SHARES
        path = f"pictures/patient{patient:05d}/study1/view1_frontal.png"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(film(present, draw)).save(folder / path)
        study = f"s{patient:05d}"
        row = [path, study, "FM"[patient % 2], str(30 + patient % 50), "Frontal", "PA"]
        if name == "valid":
            row += [str(int(there)) for there in present]
        else:
            reports.append([study, report(present, draw)])
        tables[name].append(row)
    for name, rows in tables.items():
        write(folder / f"{name}.csv", rows)
    write(folder / "reports.csv", reports)


if __name__ == "__main__":
    make(Path(sys.argv[1] if len(sys.argv) > 1 else "films"))
