"""The work that is given to a labeler at a time: texts in, labels out. Needs no pyarrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lingula.labels import Evidence, Labeler, is_missing
from lingula.text.sections import select_sections


@dataclass(frozen=True, eq=False)
class TaskResult:
    """Labels of n texts.

    Attributes:
        classes: int8, shape (n, k).
        probabilities: float32, shape (n, k, 4), or None.
        evidence: One tuple a text with offsets into the whole text, or None.
        truncated: Texts that the labeler could not read to their end.
    """

    classes: npt.NDArray[np.int8]
    probabilities: npt.NDArray[np.float32] | None
    evidence: tuple[tuple[Evidence, ...], ...] | None
    truncated: int

    def __len__(self) -> int:
        return len(self.classes)

    def without_probabilities(self) -> TaskResult:
        """The same labels, less their probabilities."""
        return replace(self, probabilities=None)


def label_texts(
    labeler: Labeler,
    texts: Sequence[str | None],
    *,
    sections: Sequence[str] | None,
    evidence: bool,
) -> TaskResult:
    """Label texts, or the named sections of each.

    Args:
        labeler: Any labeler. One that cuts long texts counts them in an attribute ``truncated``.
        texts: Whole texts.
        sections: Canonical names of sections, or None for the texts as they are.
        evidence: Whether to give evidence; its offsets point into ``texts``.
    """
    before = int(getattr(labeler, "truncated", 0))
    if sections is None:
        labels = labeler.label(texts, evidence=evidence)
        found = labels.evidence
    else:
        selections = [
            None if text is None or is_missing(text) else select_sections(text, sections)
            for text in texts
        ]
        labels = labeler.label(
            [None if chosen is None else chosen.text for chosen in selections], evidence=evidence
        )
        found = labels.evidence
        if found is not None:
            found = tuple(
                items
                if chosen is None
                else tuple(item.in_source(chosen.span, str(text)) for item in items)
                for text, chosen, items in zip(texts, selections, found, strict=True)
            )
    return TaskResult(
        labels.classes,
        labels.probabilities,
        found,
        int(getattr(labeler, "truncated", 0)) - before,
    )
