"""What a labeler proposes for reports, and how sure it is of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.errors import LingulaError
from lingula.labels import Evidence, Label, Labeler
from lingula.pipeline.task import ReadingOptions, label_texts
from lingula.review.records import Span

#: Reports that are labeled at once: progress is told after each such piece.
_ROWS = 2_048
_SAMPLE = "No pneumothorax."
#: Told of reports done, and of all.
Tell = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Proposals:
    """Labels of n reports.

    Attributes:
        classes: int8, shape (n, k).
        probabilities: float32, shape (n, k, 4), or None from a labeler without.
    """

    classes: npt.NDArray[np.int8]
    probabilities: npt.NDArray[np.float32] | None


def propose(
    labeler: Labeler,
    texts: Sequence[str],
    sections: tuple[str, ...] | None,
    tell: Tell | None = None,
) -> Proposals:
    """Labels of whole texts, as ``lingula label`` would give them.

    Args:
        labeler: Any.
        texts: The reports.
        sections: Sections that are labeled, or None for the texts as they are.
        tell: Told how far it is.
    """
    options = ReadingOptions(sections)
    classes, chances = [], []
    for start in range(0, len(texts), _ROWS):
        piece = label_texts(labeler, texts[start : start + _ROWS], options, evidence=False)
        classes.append(piece.classes)
        if piece.probabilities is not None:
            chances.append(piece.probabilities)
        if tell is not None:
            tell(min(start + _ROWS, len(texts)), len(texts))
    k = len(labeler.schema)
    return Proposals(
        np.concatenate(classes) if classes else np.zeros((0, k), dtype=np.int8),
        np.concatenate(chances) if chances and len(chances) == len(classes) else None,
    )


def gives_evidence(labeler: Labeler) -> bool:
    """Whether a labeler can say why; found by asking it of one sentence."""
    try:
        labeler.label([_SAMPLE], evidence=True)
    except LingulaError:
        return False
    return True


def evidence_of(
    labeler: Labeler, texts: Sequence[str], sections: tuple[str, ...] | None
) -> list[tuple[Span, ...]]:
    """The mentions of each text, with offsets into it; none from a labeler without evidence."""
    if not texts or not gives_evidence(labeler):
        return [()] * len(texts)
    found: list[tuple[Span, ...]] = []
    options = ReadingOptions(sections)
    for start in range(0, len(texts), _ROWS):
        piece = label_texts(labeler, texts[start : start + _ROWS], options, evidence=True)
        found += [_spans(items) for items in piece.evidence or ()]
    return found


def _spans(items: Sequence[Evidence]) -> tuple[Span, ...]:
    """Those that point at words: what keeps No Finding blank is another observation's mention."""
    return tuple(
        Span(
            item.observation,
            int(item.label),
            item.start,
            item.end,
            item.cue_start,
            item.cue_end,
            item.rule,
        )
        for item in items
        if item.end > item.start and item.label is not Label.BLANK
    )
