"""Which disagreements to read first."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Disagreement:
    """One row on which two sets of labels differ.

    Attributes:
        row: Its position among the shared rows.
        bits: What reading it is worth when it comes to its turn.
        columns: The labels that differ, the rarest kind first.
    """

    row: int
    bits: float
    columns: tuple[int, ...]


def rank_disagreements(
    mine: npt.NDArray[np.int8],
    theirs: npt.NDArray[np.int8],
    columns: npt.NDArray[np.bool_],
    most: int,
    texts: npt.NDArray[np.intp] | None = None,
) -> tuple[Disagreement, ...]:
    """The most informative disagreements first.

    A differing cell is worth its surprise: -log2 of the share of rows with that same pair of
    labels of that observation. A row is worth the sum over its cells. Each row that is taken
    halves the worth of its kinds of cell for those after it, so that a frequent quarrel does not
    fill the list. A greedy choice; the worth of a row only falls, so a heap finds each next one
    without looking at all rows again.

    Args:
        mine: Class indices, shape (m, k).
        theirs: Class indices, shape (m, k).
        columns: Labels that both give, bool, shape (k,).
        most: Length of the list.
        texts: Number of each row's distinct text, shape (m,), -1 where it has none; of rows with
            equal texts one is listed.
    """
    m = len(mine)
    differs = (mine != theirs) & columns
    kinds = np.arange(mine.shape[1]) * 16 + mine.astype(np.intp) * 4 + theirs
    counts = np.bincount(kinds[differs], minlength=16 * mine.shape[1])
    with np.errstate(divide="ignore"):
        bits = -np.log2(counts / max(m, 1))
    weights = np.ones(len(counts))

    def worth(row: int) -> float:
        here = kinds[row][differs[row]]
        return float((bits[here] * weights[here]).sum())

    rows = np.flatnonzero(differs.any(axis=1))
    start = np.where(differs, bits[kinds], 0.0).sum(axis=1)[rows]
    heap = [(-float(value), int(row)) for value, row in zip(start, rows, strict=True)]
    heapq.heapify(heap)
    taken: list[Disagreement] = []
    seen: set[int] = set()
    while heap and len(taken) < most:
        _, row = heapq.heappop(heap)
        if texts is not None and texts[row] >= 0 and int(texts[row]) in seen:
            continue
        now = worth(row)
        if heap and (-now, row) > heap[0]:
            heapq.heappush(heap, (-now, row))
            continue
        places = np.flatnonzero(differs[row])
        places = places[np.argsort(-bits[kinds[row][places]], kind="stable")]
        taken.append(Disagreement(row, now, tuple(int(p) for p in places)))
        weights[kinds[row][places]] /= 2
        if texts is not None and texts[row] >= 0:
            seen.add(int(texts[row]))
    return tuple(taken)
