"""Whether a labeler's answers stay when a report's text is changed but not its meaning.

    python benchmarks/invariance.py WHEEL [--labeler NAME ...] [--show CHANGE]

Sixteen changes (`changes.py`) are made to 500 reports drawn from the development part of Open-i
(WHEEL, torchxrayvision's; the 771 reports kept for measuring are never read) and to the development
items of the style benchmark. For each change, the share of cells that stay the same:

- kept: of the cells that are mentioned (not blank) in the labels of the text as it was;
- both ways: of the cells that are mentioned before or after, so that what is added counts too.

Mean and worst are over the changes. Texts that a change leaves as they are count as well. --show
lists the texts whose labels one change alters, for those who mend it.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from changes import CHANGES, Change, changed
from style_items import read_items

import lingula
from lingula.labels import Label
from lingula.training.data.openi import measured_ids, read_openi

REPORTS = 500
SEED = 14


@dataclass(frozen=True)
class Kept:
    """How many cells stay the same under one change.

    Attributes:
        same: Mentioned cells that keep their label.
        before: Cells mentioned in the text as it was.
        either: Cells mentioned before or after.
    """

    same: int
    before: int
    either: int

    @property
    def kept(self) -> float:
        return self.same / self.before

    @property
    def both_ways(self) -> float:
        return self.same / self.either


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--labeler", action="append", metavar="NAME")
    parser.add_argument("--show", choices=[change.name for change in CHANGES])
    parser.add_argument("--seed", type=int, default=SEED)
    chosen = parser.parse_args()
    names = chosen.labeler or ["rules", "builtin"]
    labelers = {name: lingula.load(name) for name in names}
    sets = {
        "Open-i, development": openi_texts(chosen.wheel, chosen.seed),
        "style benchmark, development": [item.text for item in read_items("development")],
    }
    for title, texts in sets.items():
        if chosen.show:
            change = next(change for change in CHANGES if change.name == chosen.show)
            for name, labeler in labelers.items():
                show(name, labeler, change, texts, chosen.seed)
        else:
            table(title, texts, labelers, chosen.seed)


def openi_texts(wheel: Path, seed: int) -> list[str]:
    """Reports of the development part that hold text, drawn with the seed."""
    texts = [
        item.text
        for item in read_openi(wheel)
        if item.uid not in measured_ids() and item.text.strip()
    ]
    return random.Random(seed).sample(texts, min(REPORTS, len(texts)))


def table(title: str, texts: list[str], labelers: dict[str, lingula.Labeler], seed: int) -> None:
    print(f"{title}: {len(texts)} texts; cells that stay the same, %: kept / both ways")
    print("| change | texts changed |" + "".join(f" {name} |" for name in labelers))
    print("| :-- | --: |" + " --: |" * len(labelers))
    before = {name: labeler.label(texts).classes for name, labeler in labelers.items()}
    found: dict[str, list[Kept]] = {name: [] for name in labelers}
    for change in CHANGES:
        after = changed(change, texts, seed)
        for name, labeler in labelers.items():
            found[name].append(compare(before[name], labeler.label(after).classes))
        cells = "".join(f" {shares(kept[-1])} |" for kept in found.values())
        altered = sum(a != b for a, b in zip(texts, after, strict=True))
        print(f"| {change.name} | {altered} |{cells}")
    for word, pick in (("mean", np.mean), ("worst", np.min)):
        cells = "".join(
            f" {100 * pick([kept.kept for kept in all_kept]):.2f} / "
            f"{100 * pick([kept.both_ways for kept in all_kept]):.2f} |"
            for all_kept in found.values()
        )
        print(f"| {word} | |{cells}")


def shares(kept: Kept) -> str:
    return f"{100 * kept.kept:.2f} / {100 * kept.both_ways:.2f}"


def compare(before: npt.NDArray[np.int8], after: npt.NDArray[np.int8]) -> Kept:
    """Cells that stay, of class indices of shape (n, k) before and after a change."""
    mentioned = before != Label.BLANK
    same = mentioned & (before == after)
    either = mentioned | (after != Label.BLANK)
    return Kept(int(same.sum()), int(mentioned.sum()), int(either.sum()))


def show(name: str, labeler: lingula.Labeler, change: Change, texts: list[str], seed: int) -> None:
    after = changed(change, texts, seed)
    first, second = labeler.label(texts).classes, labeler.label(after).classes
    for row in np.flatnonzero((first != second).any(axis=1)):
        print(f"{name}: {texts[row]!r}\n    -> {after[row]!r}")
        for column in np.flatnonzero(first[row] != second[row]):
            was, now = (Label(part[row, column]).name.lower() for part in (first, second))
            print(f"    {labeler.schema.names[column]}: {was}, now {now}")


if __name__ == "__main__":
    main()
