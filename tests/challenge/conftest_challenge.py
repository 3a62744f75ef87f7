from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from lingula.challenge.creation import Sources, create
from lingula.challenge.terms import Terms
from lingula.schemas import load_schema

NAMES = ("Edema", "Pleural Effusion")
NOON = datetime(2027, 3, 1, 12, tzinfo=timezone.utc)


def write_csv(
    path: Path, ids: list[str], columns: dict[str, np.ndarray], id_name: str = "Study"
) -> Path:
    rows = [",".join([id_name, *columns])]
    rows += [",".join([ids[i], *(str(c[i]) for c in columns.values())]) for i in range(len(ids))]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


class World:
    """A small challenge of made-up studies, and what is needed to hold it."""

    def __init__(self, folder: Path, n: int = 60, seed: int = 0) -> None:
        self.folder = folder
        self.rng = np.random.default_rng(seed)
        self.ids = [f"patient{i:05d}/study1" for i in range(n)]
        self.truth = {name: (self.rng.random(n) < 0.4).astype(int) for name in NAMES}
        self.table = write_csv(folder / "truth.csv", self.ids, self.truth)

    def reader(self, name: str, wrong: float) -> Path:
        flip = {
            k: np.where(self.rng.random(len(v)) < wrong, 1 - v, v) for k, v in self.truth.items()
        }
        return write_csv(self.folder / f"{name}.csv", self.ids, flip)

    def scores(self, name: str, skill: float = 1.0, columns: tuple[str, ...] = NAMES) -> Path:
        made = {k: skill * self.truth[k] + self.rng.normal(size=len(self.ids)) for k in columns}
        return write_csv(self.folder / f"{name}.csv", self.ids, made)

    def create(self, name: str = "challenge", **terms):
        readers = terms.pop("readers", ())
        seed = terms.pop("seed", 1)
        sources = Sources(self.table, (), tuple(readers), load_schema("chexpert14").restrict(NAMES))
        found = Terms("A challenge", NAMES, **{"limit": 1000, **terms})
        return create(self.folder / name, sources, found, seed=seed, now=NOON)
