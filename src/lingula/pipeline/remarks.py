"""What a run remarks about a text besides its labels, so that a user sees what was not read."""

from __future__ import annotations

from enum import IntFlag

import numpy as np
import numpy.typing as npt

from lingula.labels import Label, Labels, Schema
from lingula.observations import NO_FINDING
from lingula.text.content import reads_as_report, states_normality

#: How a run treats text that is not English: blanks and a count, an error, or as English.
LANGUAGES = ("check", "en", "any")


class Remark(IntFlag):
    """One thing worth counting about a text; a text can have several."""

    #: Not English; all labels are blank.
    NOT_ENGLISH = 1
    #: Holds no word of chest reports; all labels are blank.
    NO_REPORT = 2
    #: Nothing in it was recognized, nor does it say that anything is normal.
    NOT_RECOGNIZED = 4
    #: Has headers, but none of the wanted sections: the rest of it was labeled.
    NO_WANTED_SECTION = 8
    #: Has an addendum, which was read last.
    ADDENDUM = 16


def remark_counts(remarks: npt.NDArray[np.uint8]) -> dict[Remark, int]:
    """How many texts have each remark; remarks that none has are left out."""
    found = {remark: int((remarks & remark.value != 0).sum()) for remark in Remark}
    return {remark: count for remark, count in found.items() if count}


def remark_labels(text: str, classes: npt.NDArray[np.int8], schema: Schema) -> Remark:
    """The remarks that the labels of a text give rise to.

    Args:
        text: What was labeled.
        classes: Its labels: int8, shape (k,).
        schema: Their observations.
    """
    if NO_FINDING not in schema:
        return Remark(0)
    column = schema.index(NO_FINDING)
    if classes.any() and (np.flatnonzero(classes) != column).any():
        return Remark(0)
    normal = states_normality(text)
    if classes[column] == Label.POSITIVE:
        return Remark(0) if normal else Remark.NOT_RECOGNIZED
    return Remark(0) if normal or reads_as_report(text) else Remark.NO_REPORT


def remark_all(texts: list[str | None], labels: Labels) -> npt.NDArray[np.uint8]:
    """The remarks of ``remark_labels`` for n texts: uint8, shape (n,)."""
    found = np.zeros(len(texts), dtype=np.uint8)
    if NO_FINDING not in labels.schema:
        return found
    rest = np.delete(labels.classes, labels.schema.index(NO_FINDING), axis=1)
    for row in np.flatnonzero(~rest.any(axis=1)):
        text = texts[row]
        if text is not None and text.strip():
            found[row] = remark_labels(text, labels.classes[row], labels.schema)
    return found
