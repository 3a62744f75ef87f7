"""CheXbert similarity (SembScore): how close two reports' CheXbert vectors are.

The cosine of the two vectors at position 0 of the last hidden state (CheXbert vector similarity:
Yu et al., Patterns 2023, doi:10.1016/j.patter.2023.100802).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.labels import Labeler
from lingula.metrics.counts import divide
from lingula.score.labeling import Progress, check_lengths, distinct

#: Pairs whose vectors are held at once: 2 x 1024 x 768 float32 are 6 MiB.
PAIRS_PER_CALL = 1024


def cosine(left: npt.ArrayLike, right: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Cosine of each pair of rows: float64, shape (n,); 0 where a norm is 0.

    Args:
        left: Shape (n, hidden), any float type; summed in float64. A row of NaN stands for a
            report that has no vector, and has cosine 0.
        right: Shape (n, hidden).
    """
    a = np.nan_to_num(np.asarray(left, dtype=np.float64))
    b = np.nan_to_num(np.asarray(right, dtype=np.float64))
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    products = np.einsum("nh,nh->n", a, b)
    return divide(products, norms, zero_division=0.0)


def chexbert_similarity(
    labeler: Labeler,
    references: Sequence[str | None],
    generated: Sequence[str | None],
    progress: Progress | None = None,
) -> npt.NDArray[np.float64]:
    """Cosine of each pair's CheXbert vectors: float64, shape (n,).

    Args:
        labeler: A BERT labeler (one with ``embed``).
        references: n texts.
        generated: n texts, in the same order.
        progress: Told how many different pairs are done, and of how many.

    Raises:
        InputError: If the labeler has no text vectors, or the two differ in length.
    """
    embed: Any = getattr(labeler, "embed", None)
    if not callable(embed):
        raise InputError(
            "CheXbert similarity needs a BERT labeler, as the rules have no text vectors: "
            "give a CheXbert .pth file or a model folder"
        )
    check_lengths(references, generated)
    places: dict[tuple[str | None, str | None], int] = {}
    index = np.fromiter(
        (places.setdefault(pair, len(places)) for pair in zip(references, generated, strict=True)),
        dtype=np.intp,
        count=len(references),
    )
    pairs = list(places)
    values = np.empty(len(pairs))
    for start in range(0, len(pairs), PAIRS_PER_CALL):
        chunk = pairs[start : start + PAIRS_PER_CALL]
        texts, rows = distinct([pair[0] for pair in chunk] + [pair[1] for pair in chunk])
        vectors = np.asarray(embed(texts))
        values[start : start + len(chunk)] = cosine(
            vectors[rows[: len(chunk)]], vectors[rows[len(chunk) :]]
        )
        if progress is not None:
            progress(start + len(chunk), len(pairs))
    return values[index]
