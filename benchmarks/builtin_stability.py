"""Whether the built-in labeler's labels depend on what is labeled with them, and on 8 bits.

    python benchmarks/builtin_stability.py torchxrayvision-*.whl --float run/model

"run" is the folder of ``lingula train builtin``; without it only the first figures are given. The
reports are the recipe's validation part.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from builtin_quality import part

import lingula
from lingula.builtin import BuiltinLabeler
from lingula.labels import Label
from lingula.training.data.openi import read_openi


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("openi", type=Path, help="torchxrayvision's wheel, or the archive")
    arguments.add_argument("--float", type=Path, metavar="FOLDER", help="the model in float32")
    chosen = arguments.parse_args()
    texts = [item.text for item in part(read_openi(chosen.openi), "validation")]
    labeler = BuiltinLabeler()
    together = labeler.label(texts).classes
    alone = np.concatenate([labeler.label([text]).classes for text in texts])
    reverse = labeler.label(texts[::-1]).classes[::-1]
    print(f"{len(texts)} reports, {together.size} labels")
    print(f"differ if labeled one by one: {int((together != alone).sum())}")
    print(f"differ in the opposite order: {int((together != reverse).sum())}")
    if chosen.float is None:
        return
    by_float = lingula.load(chosen.float, runtime="torch", device="cpu").label(texts).classes
    by_int8 = labeler.model.label(texts).classes
    changed = (by_float == Label.POSITIVE) != (by_int8 == Label.POSITIVE)
    print(
        f"the model alone, 8 bits against float32: {int((by_float != by_int8).sum())} differ, "
        f"{int(changed.sum())} of them in being positive"
    )


if __name__ == "__main__":
    main()
