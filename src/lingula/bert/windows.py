"""One answer from the overlapping windows of a long report."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lingula.labels import Label, Schema
from lingula.observations import NO_FINDING

Floats = npt.NDArray[np.float32]

#: Which label of several mentions a report gets: a positive one wins, then an uncertain, then a
#: negative one (CheXpert's aggregation, Irvin et al., AAAI 2019). Windows are read the same way.
PRIORITY = (Label.BLANK, Label.NEGATIVE, Label.UNCERTAIN, Label.POSITIVE)


def aggregate_windows(logits: Floats, schema: Schema) -> Floats:
    """The logits of a report from those of its windows.

    Each observation takes the whole row of the window that decides its label: the one with the
    label of highest priority and, among several, with the largest margin. "No Finding" is turned
    around: one window with a finding is enough to say no.

    Args:
        logits: (windows, k, 4).
        schema: The k observations.

    Returns:
        float32, (k, 4).
    """
    rank = np.empty(len(PRIORITY), dtype=np.float32)
    rank[list(PRIORITY)] = np.arange(len(PRIORITY))
    ordered = np.sort(logits, axis=-1)
    margin = ordered[..., -1] - ordered[..., -2]
    ranks = rank[logits.argmax(axis=-1)]
    # It holds of a report only where it holds of each of its windows.
    if NO_FINDING in schema:
        ranks[:, schema.index(NO_FINDING)] *= -1
    best = ranks == ranks.max(axis=0)
    winner = np.where(best, margin, -1).argmax(axis=0)
    decided: Floats = logits[winner, np.arange(len(schema))]
    return decided
