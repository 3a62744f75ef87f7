"""Policies for uncertain labels told apart on real films with planted truth.

    python benchmarks/policies.py ../shared/data/images --seeds 5 --processes 2

The 1,000 films of ChestX-ray14 at 64 pixels, patients apart. Five marks are drawn into them (shape,
place and brightness by chance), so the truth is known; then labels are made uncertain in five ways,
and each policy trains the same small network on the same labels (``self-trained`` is the second
part of ``ignore``). Figures are mean AUC over the
marks on films of other patients, against the planted truth; orderings are paired over seeds, in
which everything but the policy is the same. ``--json FILE`` keeps every figure and goes on from it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lingula.training.fit.settings import FitSettings
    from lingula.training.fit.steps import Task

POLICIES = ("ignore", "zeros", "ones", "ones-lsr", "multiclass", "self-trained")
MARKS = ("square", "ring", "cross", "bars", "disc")


@dataclass(frozen=True)
class Case:
    """How labels are made uncertain: shares among films with the mark, and among those without.

    Attributes:
        present: Shares of (uncertain, blank) where the mark is there; the rest is positive.
        absent: The same where it is not; the rest is negative.
        own_look: Whether it is there or not, bright stripes in its outline stand in the place of an
            uncertain mark. They show that there is doubt, and nothing else; they are no step
            between a mark and none.
    """

    present: tuple[float, float]
    absent: tuple[float, float]
    own_look: bool = False


CASES = {
    "mostly present": Case((0.6, 0.0), (0.06, 0.0)),
    "mostly absent": Case((0.06, 0.0), (0.6, 0.0)),
    "at random": Case((0.35, 0.0), (0.35, 0.0)),
    "a look of its own": Case((0.35, 0.0), (0.35, 0.0), own_look=True),
    # As CheXpert's Atelectasis: hardly any certain negatives; most films blank, that is negative.
    "few certain negatives": Case((0.5, 0.1), (0.07, 0.924)),
}
#: What is expected to come out (first above second), by case.
ORDERINGS = (
    ("mostly present", "ones", "zeros"),
    ("mostly absent", "zeros", "ones"),
    ("at random", "ignore", "ones"),
    ("at random", "ignore", "zeros"),
    ("at random", "self-trained", "ones"),
    ("at random", "self-trained", "zeros"),
    ("a look of its own", "multiclass", "ignore"),
    ("few certain negatives", "ones", "ignore"),
    ("few certain negatives", "ones", "zeros"),
)


def stamp(name: str, size: int) -> np.ndarray:
    """A mark, float32 (size, size), 0 to 1."""
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    far = np.hypot(rows, columns)
    shapes = {
        "square": np.maximum(np.abs(rows), np.abs(columns)) < size * 0.4,
        "ring": (far < size * 0.5) & (far > size * 0.3),
        "cross": (np.abs(rows) < size * 0.12) | (np.abs(columns) < size * 0.12),
        "bars": (np.arange(size)[:, None] // 2 % 2 == 0) & (columns < size),
        "disc": far < size * 0.35,
    }
    return shapes[name].astype(np.float32)


def plant(films: np.ndarray, case: Case, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Films with marks, the truth (n, 5), and labels as class indices (n, 5).

    Args:
        films: float32, shape (n, size, size), 0 to 1.
        case: How labels are made uncertain.
        seed: Of all that is drawn.
    """
    draw = np.random.default_rng(seed)
    out = 0.3 + 0.4 * films  # room for the marks
    side = films.shape[1]
    shape = (len(films), len(MARKS))
    truth = draw.random(shape) < 0.4
    classes = np.where(truth, 1, 2).astype(np.int8)
    chance = draw.random(shape)
    for there, (unsure, blank) in ((True, case.present), (False, case.absent)):
        classes[(truth == there) & (chance < unsure)] = 3
        classes[(truth == there) & (chance >= 1 - blank)] = 0
    strength = draw.uniform(0.3, 0.5, shape)
    place = draw.integers(0, side - 17, (*shape, 2))
    size = draw.integers(12, 17, shape)
    for row, column in np.ndindex(*shape):
        unsure = case.own_look and classes[row, column] == 3
        if not (truth[row, column] or unsure):
            continue
        mark = stamp(MARKS[column], int(size[row, column])) * strength[row, column]
        if unsure:
            mark *= 2.0 * (np.arange(len(mark))[:, None] // 2 % 2)
        at, beside = place[row, column]
        out[row, at : at + len(mark), beside : beside + len(mark)] += mark
    return np.clip(out, 0, 1), truth, classes


class Held:
    """Images in memory, as the room's sources are read."""

    def __init__(self, films: np.ndarray) -> None:
        self._pixels = np.rint(films * 65535).astype(np.uint16)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Some images."""
        return self._pixels[rows]


def to_train(policy: str, films: np.ndarray, classes: np.ndarray, seed: int, key: str) -> Task:
    """A small network and its films; batches of 64, blank as negative."""
    import torch

    from lingula.images.networks import FilmNetwork, Normalization
    from lingula.images.policies import POLICIES as LOSSES
    from lingula.images.policies import counted_cells
    from lingula.images.recipe import NetworkSettings
    from lingula.images.source import FilmSource, targets_of
    from lingula.training.fit.steps import Task

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    loss = LOSSES[policy]
    size = NetworkSettings(init_features=8, growth_rate=8, blocks=(2, 2, 2, 2))
    moments = Normalization(float(films.mean()), float(films.std()))
    network = FilmNetwork(size, len(MARKS), loss.outputs, moments, channels_last=True)
    counted = counted_cells(classes, blank="negative")
    source = FilmSource(Held(films), classes, counted, 64, seed, key)
    return Task(policy, network, source, lambda x, batch: loss.loss(x, targets_of(batch)))


def settings_of(epochs: int, seed: int) -> FitSettings:
    """How every such network is trained."""
    from lingula.training.fit.settings import FitSettings, Optimization

    moves = Optimization(learning_rate=8e-3, weight_decay=1e-4, warmup=0.1)
    return FitSettings(epochs=epochs, optimization=moves, seed=seed)


@dataclass(frozen=True)
class Trial:
    """A case, planted with a seed, and the films to learn and to be measured on."""

    case: str
    seed: int
    films: list[np.ndarray]
    epochs: int

    def aucs(self, policy: str) -> dict[str, float]:
        """Mean AUC of one model against the planted truth of other patients' films.

        ``ignore`` is the first part of ``self-trained`` too, so one call gives both: the second
        part goes on from those weights for half as many epochs.
        """
        from sklearn.metrics import roc_auc_score

        from lingula.images.policies import POLICIES as LOSSES
        from lingula.images.scoring import score_films
        from lingula.training.fit.loop import Where, fit

        chosen, loss = CASES[self.case], LOSSES[policy]
        number = 1000 * self.seed + list(CASES).index(self.case)
        seen, _, classes = plant(self.films[0], chosen, number)
        hidden, truth, _ = plant(self.films[1], chosen, number + 500)
        made = to_train(policy, seen, classes, self.seed, f"{self.case} {self.seed}")
        network, pixels = made.module, Held(seen)

        def learn(task: Task, epochs: int) -> float:
            with tempfile.TemporaryDirectory() as folder:
                fit(task, settings_of(epochs, self.seed), Where(Path(folder)))
            scores = score_films(network, loss, Held(hidden), np.arange(len(hidden)))
            each = [roc_auc_score(truth[:, k], scores[:, k]) for k in range(len(MARKS))]
            return float(np.mean(each))

        found = {policy: learn(made, self.epochs)}
        if policy == "ignore":
            relabeled = score_films(network, loss, pixels, np.arange(len(seen)))
            again = replace(made.source, relabeled=relabeled)
            found["self-trained"] = learn(replace(made, source=again), self.epochs // 2)
        return found


def timed_aucs(trial: Trial, policy: str) -> tuple[dict[str, float], float]:
    """As ``Trial.aucs``, and the seconds of processor time that it took."""
    begun = time.process_time()
    return trial.aucs(policy), time.process_time() - begun


def read_films(folder: Path, pixels: int) -> list[np.ndarray]:
    """Training and held-out films, float32 (n, pixels, pixels); patients apart."""
    from lingula.images.films import FilmTable, read_films, refuse_shared_patients
    from lingula.images.pictures import read_pixels
    from lingula.images.recipe import PictureSettings

    tables = [
        read_films(FilmTable(folder / f"nih1000_{part}.csv"), None) for part in ("train", "valid")
    ]
    refuse_shared_patients(*tables)
    settings = PictureSettings(pixels)
    return [
        np.stack([read_pixels(path, settings) for path in table.files]).astype(np.float32) / 65535
        for table in tables
    ]


def show(results: dict[str, float], seeds: list[int]) -> None:
    """A table of mean and spread, and the orderings."""

    def of(case: str, policy: str) -> np.ndarray:
        return np.array([results.get(f"{case}|{policy}|{seed}", np.nan) for seed in seeds])

    print(f"\n| uncertain labels | {' | '.join(POLICIES)} |")
    print(f"|---|{'--:|' * len(POLICIES)}")
    for case in CASES:
        cells = []
        for policy in POLICIES:
            found = of(case, policy)
            known = found[~np.isnan(found)]
            spread = f" ± {known.std(ddof=1):.3f}" if len(known) > 1 else ""
            cells.append(f"{known.mean():.3f}{spread}" if len(known) else "-")
        print(f"| {case} | {' | '.join(cells)} |")
    print("\nPaired over seeds (mean difference, smallest, and how many of the seeds agree):")
    for case, first, second in ORDERINGS:
        gap = of(case, first) - of(case, second)
        gap = gap[~np.isnan(gap)]
        if len(gap):
            agree = int((gap > 0).sum())
            print(
                f"{case}: {first} - {second} = {gap.mean():+.3f}, "
                f"smallest {gap.min():+.3f}, {agree} of {len(gap)}"
            )


def main() -> None:
    """Train what is asked for and is not in the file of results yet; show all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("films", type=Path, help="folder with nih1000_train.csv")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--policies", default=",".join(POLICIES))
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--pixels", type=int, default=64)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    results: dict[str, float] = {}
    if given.json is not None and given.json.is_file():
        results = json.loads(given.json.read_text())
    films = read_films(given.films, given.pixels)
    seeds = list(range(1, given.seeds + 1))
    asked = set(given.policies.split(","))
    # What the orderings need comes first, so that an interrupted run has these of every seed.
    needed = {(case, name) for case, *both in ORDERINGS for name in both}
    jobs = [
        (seed, case, policy)
        for seed in seeds
        for case in given.cases.split(",")
        for policy in POLICIES
        if policy != "self-trained" and f"{case}|{policy}|{seed}" not in results
        if policy in asked or (policy == "ignore" and "self-trained" in asked)
    ]
    jobs.sort(key=lambda job: (job[1:] not in needed, job[0]))
    busy = 0.0
    with ProcessPoolExecutor(given.processes, get_context("spawn")) as pool:
        waiting = {
            pool.submit(timed_aucs, Trial(case, seed, films, given.epochs), policy): (case, seed)
            for seed, case, policy in jobs
        }
        for done in as_completed(waiting):
            case, seed = waiting[done]
            found, seconds = done.result()
            busy += seconds
            for policy, value in found.items():
                results[f"{case}|{policy}|{seed}"] = value
                print(f"{case}, {policy}, seed {seed}: {value:.3f}", file=sys.stderr)
            if given.json is not None:
                given.json.write_text(json.dumps(results))
    if jobs:
        print(f"{len(jobs)} trainings, {busy / 60:.1f} minutes of processor time")
    show(results, seeds)


if __name__ == "__main__":
    main()
