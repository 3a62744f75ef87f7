"""Time the metrics: run ``OMP_NUM_THREADS=1 python benchmarks/metrics_speed.py``.

Made-up labels. Prints wall and processor seconds of each step, one core if the environment says so,
and of scikit-learn (if installed) on the same tables in the same run.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pc

from lingula.evaluation import Candidate, Settings, evaluate
from lingula.labels import Label, Labels
from lingula.schemas import load_schema
from lingula.tables.label_match import match_label_tables
from lingula.tables.label_table import read_label_table

SCHEMA = load_schema("chexpert14")
#: Blank, positive, negative, uncertain: about as sparse as labels of chest radiographs.
SHARES = (0.72, 0.14, 0.11, 0.03)


def made_up(n: int, generator: np.random.Generator, like: Labels | None = None) -> Labels:
    classes = generator.choice(4, (n, len(SCHEMA)), p=SHARES).astype(np.int8)
    if like is not None:
        same = generator.random(classes.shape) < 0.85
        classes = np.where(same, like.classes, classes).astype(np.int8)
    permitted = SCHEMA.permits()[np.arange(len(SCHEMA)), classes]
    return Labels(SCHEMA, np.where(permitted, classes, Label.BLANK).astype(np.int8))


@contextmanager
def timed(name: str) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    print(
        f"{name:68} {time.perf_counter() - wall:7.2f} s wall "
        f"{time.process_time() - cpu:7.2f} s processor"
    )


def paired_bootstrap(reports: int, resamples: int) -> None:
    generator = np.random.default_rng(0)
    truth = made_up(reports, generator)
    candidates = [Candidate(name, made_up(reports, generator, truth)) for name in ("a", "b")]
    with timed(f"paired bootstrap, {resamples:,} resamples, {reports:,} reports, every figure"):
        result = evaluate(truth, candidates, Settings(bootstrap=resamples))
    print(
        f"{'':4}{len(result.candidates[0].figures)} figures a labeler, "
        f"{len(result.differences)} differences with p values"
    )


def large_table(reports: int) -> None:
    generator = np.random.default_rng(1)
    truth = made_up(reports, generator)
    predicted = made_up(reports, generator, truth)
    with timed(f"evaluate {reports:,} reports, every figure, no bootstrap"):
        evaluate(truth, [Candidate("a", predicted)])
    chances = generator.dirichlet(np.ones(4), (reports, len(SCHEMA))).astype(np.float32)
    with timed("the same with probabilities (areas, calibration)"):
        evaluate(truth, [Candidate("a", predicted, chances)])
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}.csv" for name in ("truth", "predicted")]
        for path, labels in zip(paths, (truth, predicted), strict=True):
            table = labels.to_arrow().add_column(0, "study_id", pa.array(np.arange(reports)))
            pc.write_csv(table, path)
        with timed(f"read two CSV tables of {reports:,} x {len(SCHEMA)} labels"):
            tables = [read_label_table(path) for path in paths]
        with timed("match them by id"):
            match_label_tables(tables)
    compare_with_scikit_learn(truth, predicted)


def compare_with_scikit_learn(truth: Labels, predicted: Labels) -> None:
    try:
        from sklearn.metrics import cohen_kappa_score, precision_recall_fscore_support
    except ImportError:
        print("scikit-learn is not installed: no comparison")
        return
    with timed("scikit-learn: four averages of positive F1, and kappa"):
        sides = [np.isin(side.classes, [1, 3]) for side in (truth, predicted)]
        for average in ("micro", "macro", "weighted", "samples"):
            precision_recall_fscore_support(*sides, average=average, zero_division=0)
        for column in range(len(SCHEMA)):
            cohen_kappa_score(truth.classes[:, column], predicted.classes[:, column])


def naive_bootstrap(reports: int, resamples: int) -> None:
    """Ratio to the obvious loop, per resample, on the same figure."""
    generator = np.random.default_rng(2)
    truth = made_up(reports, generator)
    predicted = made_up(reports, generator, truth)

    def seconds(run: Callable[[], object]) -> float:
        start = time.process_time()
        run()
        return time.process_time() - start

    def loop() -> None:
        for _ in range(20):
            rows: npt.NDArray[np.int64] = generator.integers(0, reports, reports)
            evaluate(truth.take(rows), [Candidate("a", predicted.take(rows))])

    ours = seconds(
        lambda: evaluate(truth, [Candidate("a", predicted)], Settings(bootstrap=resamples))
    )
    print(
        f"re-evaluating each resample takes {seconds(loop) / 20 / (ours / resamples):.0f} times "
        "as long as the bootstrap over counts"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=3000)
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    arguments = parser.parse_args()
    paired_bootstrap(arguments.reports, arguments.resamples)
    naive_bootstrap(arguments.reports, arguments.resamples)
    large_table(arguments.large)


if __name__ == "__main__":
    main()
