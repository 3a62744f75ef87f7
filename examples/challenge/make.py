"""Make an example challenge: invented studies, readers, models and films, of nobody.

python examples/challenge/make.py FOLDER

Writes truth.csv, the readers anna.csv, ben.csv and clara.csv, the scores of three models, the
folder films of 8 x 8 pixel images, and team/predict.sh, a program that reads such films.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

FIVE = ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")
SHARES = (0.30, 0.30, 0.12, 0.16, 0.22)
STUDIES = 200
HEADER = b"P5 8 8 255\n"
#: Share of a reader's labels that differ from the truth, and how far a model tells classes apart.
READERS = {"anna": 0.10, "ben": 0.15, "clara": 0.20}
MODELS = {"scores": 2.0, "other": 1.8, "weak": 0.5}
PREDICT = r"""#!/bin/sh
# A model in a line: the brightness of the first five pixels of a film is its score.
{
    head -n 1 "$LINGULA_FORM"
    for film in "$LINGULA_IMAGES"/*.pgm; do
        name=$(basename "$film" .pgm)
        od -An -tu1 -j 11 -N 5 "$film" | tr -s ' ' , | sed "s/^,*/$name,/"
    done
} > "$LINGULA_ANSWER"
"""


def write(path: Path, ids: list[str], columns: np.ndarray) -> None:
    """Write a table of studies and five columns."""
    rows = [",".join(("Study", *FIVE))]
    rows += [f"{name},{','.join(map(str, row))}" for name, row in zip(ids, columns, strict=True)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def make(folder: Path) -> None:
    """Write everything."""
    rng = np.random.default_rng(1)
    folder.mkdir(parents=True, exist_ok=True)
    ids = [f"patient{at:04d}/study1" for at in range(STUDIES)]
    truth = (rng.random((STUDIES, len(FIVE))) < SHARES).astype(int)
    write(folder / "truth.csv", ids, truth)
    for name, wrong in READERS.items():
        write(
            folder / f"{name}.csv", ids, np.where(rng.random(truth.shape) < wrong, 1 - truth, truth)
        )
    for name, skill in MODELS.items():
        write(folder / f"{name}.csv", ids, (skill * truth + rng.normal(size=truth.shape)).round(4))
    # Its form lists the observations in the order of the schema, and so do the pixels.
    order = [FIVE.index(x) for x in ("Cardiomegaly", "Edema", "Consolidation")] + [0, 4]
    for name, labels in zip(ids, truth, strict=True):
        pixels = rng.integers(60, 120, 64)
        pixels[: len(FIVE)] += 50 * labels[order]
        path = folder / "films" / f"{name}.pgm"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(HEADER + bytes(pixels.tolist()))
    (folder / "team").mkdir(exist_ok=True)
    (folder / "team" / "predict.sh").write_text(PREDICT, encoding="utf-8")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
