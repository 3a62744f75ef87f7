"""Labelers against the style benchmark: reports and sentences of our own in 23 styles.

    python benchmarks/style_quality.py development [--labeler NAME ...] [--errors]
    python benchmarks/style_quality.py left_out [--labeler NAME ...]

NAME is "rules", "builtin", or a path that `lingula.load` takes; the first two if none is given.

A decision is a cell (an item's observation, No Finding among them) that the item names and for
which blank is not one of several accepted answers; and every other cell that the labeler answers
wrongly, such as a mention where there is none. So false mentions lower the share, and cells that
are rightly blank and not named do not raise it. Shares have 95% bootstrap intervals over items
(10,000 resamples). An item is right as a whole if none of its cells is wrong.

--errors lists what is wrong, on the development half only: the other is for measuring.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from style_items import HALVES, Item, Key, key_of, read_items

import lingula
from lingula.labels import Label
from lingula.metrics.bootstrap import (
    paired_difference,
    percentile_interval,
    resample_sums,
    units_of,
)

RESAMPLES = 10_000
SEED = 14
NAMES = {
    Label.BLANK: "blank",
    Label.POSITIVE: "1",
    Label.NEGATIVE: "0",
    Label.UNCERTAIN: "-1",
}


@dataclass(frozen=True, eq=False)
class Result:
    """One labeler's answers, judged.

    Attributes:
        name: The labeler.
        classes: int8, shape (n, k).
        decided: int64, shape (n,): decisions of each item.
        right: int64, shape (n,): those that are right.
        whole: bool, shape (n,): items without a wrong cell.
    """

    name: str
    classes: npt.NDArray[np.int8]
    decided: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    whole: npt.NDArray[np.bool_]

    @property
    def sums(self) -> npt.NDArray[np.float32]:
        """Right, decided and whole of each item: float32, shape (n, 3)."""
        return np.stack([self.right, self.decided, self.whole], axis=1).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("half", choices=HALVES)
    parser.add_argument("--labeler", action="append", metavar="NAME")
    parser.add_argument("--errors", action="store_true")
    chosen = parser.parse_args()
    if chosen.errors and chosen.half != "development":
        parser.error("--errors shows texts, and the left-out half is for measuring only")
    items = read_items(chosen.half)
    results = []
    for name in chosen.labeler or ["rules", "builtin"]:
        labeler = lingula.load(name)
        key = key_of(items, labeler.schema)
        classes = labeler.label([item.text for item in items]).classes
        results.append(judged(name, key, classes))
        if chosen.errors:
            print(f"wrong, {name}:")
            list_errors(items, key, classes, labeler.schema.names)
    by_style(items, results)
    in_all(results)


def judged(name: str, key: Key, classes: npt.NDArray[np.int8]) -> Result:
    decided, right = key.judge(classes)
    return Result(name, classes, decided.sum(axis=1), right.sum(axis=1), key.whole(classes))


def by_style(items: list[Item], results: list[Result]) -> None:
    styles = np.array([item.style for item in items])
    print("| style | items |" + "".join(f" {result.name} |" for result in results))
    print("| :-- | --: |" + " --: |" * len(results))
    for style in dict.fromkeys(styles.tolist()):
        rows = styles == style
        cells = [
            f" {result.right[rows].sum()} of {result.decided[rows].sum()}, "
            f"{100 * result.right[rows].sum() / result.decided[rows].sum():.0f}% |"
            for result in results
        ]
        print(f"| {style} | {rows.sum()} |" + "".join(cells))


def in_all(results: list[Result]) -> None:
    table = np.concatenate([result.sums for result in results], axis=1)
    sums, _ = resample_sums(
        lambda rows: (table[rows], np.zeros((len(rows), 0))), units_of(len(table)), RESAMPLES, SEED
    )
    shares, wholes = [], []
    for at, result in enumerate(results):
        right, decided, whole = np.moveaxis(sums.reshape(RESAMPLES, -1, 3)[:, at], -1, 0)
        shares.append(right / decided)
        wholes.append(whole / len(table))
        interval = percentile_interval(shares[-1])
        share = result.right.sum() / result.decided.sum()
        part = percentile_interval(wholes[-1])
        print(
            f"{result.name}: {result.right.sum()} of {result.decided.sum()} decisions right, "
            f"{100 * share:.1f}% ({100 * interval.low:.1f} to {100 * interval.high:.1f}); "
            f"whole items {100 * result.whole.mean():.1f}% "
            f"({100 * part.low:.1f} to {100 * part.high:.1f})"
        )
    first = results[0]
    for result, drawn in zip(results[1:], shares[1:], strict=True):
        gap = paired_difference(
            float(first.right.sum() / first.decided.sum()),
            float(result.right.sum() / result.decided.sum()),
            drawn - shares[0],
        )
        print(
            f"{result.name} minus {first.name}: {100 * gap.estimate:+.1f} points "
            f"({100 * gap.interval.low:+.1f} to {100 * gap.interval.high:+.1f}), "
            f"p {gap.p_value:.4f}"
        )


def list_errors(
    items: list[Item], key: Key, classes: npt.NDArray[np.int8], names: tuple[str, ...]
) -> None:
    decided, right = key.judge(classes)
    for row, item in enumerate(items):
        wrong = np.flatnonzero(decided[row] & ~right[row])
        if not len(wrong):
            continue
        print(f"{item.id}: {item.text!r}")
        for column in wrong:
            accepted = " or ".join(NAMES[x] for x in Label if key.accepted[row, column, x])
            print(f"    {names[column]}: {NAMES[Label(classes[row, column])]}, not {accepted}")


if __name__ == "__main__":
    main()
