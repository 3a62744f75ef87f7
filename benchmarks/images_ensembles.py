"""What averaging networks gains, and how a study's score is made of its views', on planted truth.

    OMP_NUM_THREADS=1 python benchmarks/images_ensembles.py ../shared/data/images --processes 2

Marks are drawn into the 1,000 films of ChestX-ray14 at 64 pixels as ``policies.py`` draws them, all
labels certain. On each planting several seeds train the same small network; what is compared, by
mean AUC over the marks on films of other patients: one network, the mean of its last four epochs'
scores, and the mean of all seeds' scores. Then pairs of those films stand for studies of two views
of which one shows the mark, by chance the first or the second, against pairs without it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from policies import MARKS, Case, Held, plant, read_films, settings_of, to_train

CERTAIN = Case((0.0, 0.0), (0.0, 0.0))
LAST = 4


def scores(films: list[np.ndarray], planting: int, seed: int, epochs: int) -> np.ndarray:
    """Scores of held-out films after each of the last epochs, shape (LAST, n, marks)."""
    from lingula.images.policies import POLICIES
    from lingula.images.scoring import score_films
    from lingula.training.fit.loop import Where, fit
    from lingula.training.fit.progress import Validation
    from lingula.training.fit.worker import Worker

    seen, _, classes = plant(films[0], CERTAIN, planting)
    hidden, _, _ = plant(films[1], CERTAIN, planting + 500)
    task = to_train("zeros", seen, classes, seed, f"{planting} {seed}")
    found: list[np.ndarray] = []

    def validate(_: Worker) -> Validation:
        rows = np.arange(len(hidden))
        found.append(score_films(task.module, POLICIES["zeros"], Held(hidden), rows))
        return Validation(float(len(found)), {})

    with tempfile.TemporaryDirectory() as folder:
        judged = replace(task, validate=validate)
        fit(judged, settings_of(epochs, seed), Where(Path(folder)))
    return np.stack(found[-LAST:])


def mean_auc(truth: np.ndarray, values: np.ndarray) -> float:
    """Mean over the marks."""
    from sklearn.metrics import roc_auc_score

    return float(np.mean([roc_auc_score(truth[:, k], values[:, k]) for k in range(len(MARKS))]))


def study_aucs(truth: np.ndarray, values: np.ndarray, draw: np.random.Generator) -> list[float]:
    """Mean AUC over the marks of pairs of films: by the first view, the mean and the maximum."""
    from sklearn.metrics import roc_auc_score

    from lingula.images.studies import studies_of

    each = []
    for mark in range(len(MARKS)):
        shown = draw.permutation(np.flatnonzero(truth[:, mark]))
        bare = draw.permutation(np.flatnonzero(~truth[:, mark]))
        count = min(len(shown), len(bare) // 3)
        pairs = np.column_stack((shown[:count], bare[:count]))
        pairs = draw.permuted(pairs, axis=1)
        pairs = np.concatenate((pairs, bare[count : 3 * count].reshape(count, 2)))
        studies = studies_of([str(number) for number in np.arange(len(pairs)).repeat(2)])
        views = values[pairs.ravel(), mark][:, None]
        truly = np.arange(len(pairs)) < count
        joined = [
            views[studies.first],
            studies.scores(views, "mean"),
            studies.scores(views, "maximum"),
        ]
        each.append([roc_auc_score(truly, score[:, 0]) for score in joined])
    return list(np.mean(each, axis=0))


def tell(name: str, values: list[float], against: list[float]) -> None:
    """One line: the mean, and the gain over what it is compared with, paired over plantings."""
    gain = np.array(values) - np.array(against)
    print(
        f"{name}: {np.mean(values):.3f}, {gain.mean():+.3f} ({gain.min():+.3f} to "
        f"{gain.max():+.3f}), above in {(gain > 0).sum()} of {len(gain)}"
    )


def main() -> None:
    """Train, average, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("films", type=Path, help="folder with nih1000_train.csv")
    parser.add_argument("--plantings", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    films = read_films(given.films, 64)
    numbers = [1000 * (at + 1) for at in range(given.plantings)]
    with ProcessPoolExecutor(given.processes, get_context("spawn")) as pool:
        waiting = {
            (number, seed): pool.submit(scores, films, number, seed, given.epochs)
            for number in numbers
            for seed in range(1, given.seeds + 1)
        }
        made = {key: future.result() for key, future in waiting.items()}
    one, epochs, all_seeds, studies = [], [], [], []
    for number in numbers:
        truth = plant(films[1], CERTAIN, number + 500)[1]
        each = [made[number, seed] for seed in range(1, given.seeds + 1)]
        one.append(float(np.mean([mean_auc(truth, values[-1]) for values in each])))
        epochs.append(float(np.mean([mean_auc(truth, values.mean(axis=0)) for values in each])))
        joined = np.mean([values[-1] for values in each], axis=0)
        all_seeds.append(mean_auc(truth, joined))
        draw = np.random.default_rng(number)
        studies.append(np.mean([study_aucs(truth, values[-1], draw) for values in each], axis=0))
    print(f"{given.plantings} plantings, {given.seeds} seeds each, {given.epochs} epochs")
    tell("one network", one, one)
    tell(f"mean of its last {LAST} epochs", epochs, one)
    tell(f"mean of {given.seeds} seeds", all_seeds, one)
    first, mean, most = (list(column) for column in np.array(studies).T)
    tell("study by its first view", first, first)
    tell("study by the mean", mean, first)
    tell("study by the maximum", most, mean)


if __name__ == "__main__":
    main()
