"""Parents that a positive child implies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.labels import Label, Labels, Schema


@dataclass(frozen=True)
class Implication:
    """A positive ``child`` implies a positive ``ancestor``; both are columns."""

    child: int
    ancestor: int


def implications(schema: Schema) -> tuple[Implication, ...]:
    """Every pair of child and ancestor: parents, their parents, and so on."""
    found: list[Implication] = []
    for child, observation in enumerate(schema.observations):
        seen: set[int] = set()
        waiting = [schema.index(parent) for parent in observation.parents]
        while waiting:
            ancestor = waiting.pop()
            if ancestor in seen or ancestor == child:
                continue
            seen.add(ancestor)
            waiting += [schema.index(parent) for parent in schema.observations[ancestor].parents]
        found += [Implication(child, ancestor) for ancestor in sorted(seen)]
    return tuple(found)


def filled(labels: Labels) -> tuple[Labels, npt.NDArray[np.bool_]]:
    """Labels with every ancestor of a positive label positive, and which cells changed.

    Uncertain and negative children change nothing. Probabilities and evidence are dropped, for
    they say what the labeler said.

    Returns:
        The labels, and bool of shape (n, k).
    """
    classes = labels.classes.copy()
    for pair in implications(labels.schema):
        rows = labels.classes[:, pair.child] == Label.POSITIVE
        classes[rows, pair.ancestor] = Label.POSITIVE
    return Labels(labels.schema, classes), classes != labels.classes
