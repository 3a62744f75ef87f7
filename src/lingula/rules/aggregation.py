"""Stage three, aggregation: from the mentions of a report to one label an observation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lingula.errors import SchemaError
from lingula.labels import Label, Schema
from lingula.observations import NO_FINDING, SUPPORT_DEVICES

#: Observations beside which No Finding still stands (CheXpert: support devices are no pathology).
NOT_PATHOLOGY = frozenset({SUPPORT_DEVICES})

#: Bits of one observation in a report's mask.
POSITIVE_BIT, NEGATIVE_BIT, UNCERTAIN_BIT = 1, 2, 4
BITS = {
    Label.POSITIVE: POSITIVE_BIT,
    Label.NEGATIVE: NEGATIVE_BIT,
    Label.UNCERTAIN: UNCERTAIN_BIT,
}

# The label of each set of bits. "chexpert": the rule of the paper (Irvin et al., AAAI 2019):
# positive if any mention is, else uncertain if any is, else negative. "chexpert-code": what the
# published program does, which asks first for negative beside uncertain and answers uncertain.
_B, _P, _N, _U = Label.BLANK, Label.POSITIVE, Label.NEGATIVE, Label.UNCERTAIN
AGGREGATIONS: dict[str, tuple[Label, ...]] = {
    #                 -   p   n   pn  u   pu  nu  pnu
    "chexpert": (_B, _P, _N, _P, _U, _P, _U, _P),
    "chexpert-code": (_B, _P, _N, _P, _U, _P, _U, _U),
}
_WORD = 20  # observations a 64-bit word of the masks


def label_table(aggregation: str) -> npt.NDArray[np.int8]:
    """The label of each of the 8 sets of mentions: int8, shape (8,).

    Raises:
        SchemaError: If there is no aggregation of that name.
    """
    try:
        return np.array(AGGREGATIONS[aggregation], dtype=np.int8)
    except KeyError:
        raise SchemaError(
            f"there is no aggregation {aggregation!r}; there are {', '.join(AGGREGATIONS)}"
        ) from None


def aggregate(
    masks: Sequence[int], empty: Sequence[bool], schema: Schema, table: npt.NDArray[np.int8]
) -> npt.NDArray[np.int8]:
    """Classes of n reports: int8, shape (n, k).

    Args:
        masks: One integer a report: three bits an observation in schema order, lowest first, and
            after them one bit for a finding outside the schema.
        empty: Which reports hold no text; they stay blank.
        schema: The k observations.
        table: The label of each set of mentions, from ``label_table``.
    """
    k = len(schema)
    classes = np.empty((len(masks), k), dtype=np.int8)
    words = _words(masks, 3 * k + 1)
    for first in range(0, k, _WORD):
        width = min(_WORD, k - first)
        shifts = np.arange(width, dtype=np.int64) * 3
        word = words[first // _WORD]
        classes[:, first : first + width] = table[(word[:, None] >> shifts) & 7]
    if NO_FINDING in schema:
        own = schema.index(NO_FINDING)
        other = ((words[k // _WORD] >> (3 * (k % _WORD))) & 1).astype(np.bool_)
        pathology = [
            column
            for column, name in enumerate(schema.names)
            if column != own and name not in NOT_PATHOLOGY
        ]
        found = classes[:, pathology]
        present = ((found == Label.POSITIVE) | (found == Label.UNCERTAIN)).any(axis=1)
        clear = ~present & ~other & ~np.asarray(empty, dtype=np.bool_)
        classes[:, own] = np.where(clear, Label.POSITIVE, Label.BLANK)
    # A class that the schema does not know (nih14: positive only) is left blank.
    rows = np.arange(k)
    classes[~schema.permits()[rows, classes]] = Label.BLANK
    return classes


def _words(masks: Sequence[int], bits: int) -> list[npt.NDArray[np.int64]]:
    """The masks cut into words of 20 observations, lowest first: int64, shape (n,) each."""
    size = 3 * _WORD
    if bits <= size:
        return [np.array(masks, dtype=np.int64)]
    cut = (1 << size) - 1
    return [
        np.fromiter(((mask >> low) & cut for mask in masks), np.int64, len(masks))
        for low in range(0, bits, size)
    ]
