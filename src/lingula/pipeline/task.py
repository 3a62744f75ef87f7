"""The work that is given to a labeler at a time: texts in, labels out. Needs no pyarrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lingula.labels import Evidence, Labeler, is_missing
from lingula.pipeline.addenda import find_addenda, merge_addenda
from lingula.pipeline.remarks import Remark, remark_all
from lingula.text.content import reads_as_english
from lingula.text.reading import Reading
from lingula.text.sections import choose_sections


@dataclass(frozen=True)
class ReadingOptions:
    """What of a text is labeled.

    Attributes:
        sections: Canonical names of sections, or None for the texts as they are.
        language: What becomes of a text that is not English: "check" leaves its labels blank and
            counts it, "en" ends the run with an error, "any" labels it as English.
    """

    sections: tuple[str, ...] | None = None
    language: str = "check"


@dataclass(frozen=True, eq=False)
class TaskResult:
    """Labels of n texts.

    Attributes:
        classes: int8, shape (n, k).
        probabilities: float32, shape (n, k, 4), or None.
        evidence: One tuple a text with offsets into the whole text, or None.
        truncated: Texts that the labeler could not read to their end.
        remarks: What else is to be said of each text, as bits of ``Remark``: uint8, shape (n,).
    """

    classes: npt.NDArray[np.int8]
    probabilities: npt.NDArray[np.float32] | None
    evidence: tuple[tuple[Evidence, ...], ...] | None
    truncated: int
    remarks: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.classes)

    def without_probabilities(self) -> TaskResult:
        """The same labels, less their probabilities."""
        return replace(self, probabilities=None)


def label_texts(
    labeler: Labeler,
    texts: Sequence[str | None],
    options: ReadingOptions,
    *,
    evidence: bool,
) -> TaskResult:
    """Label texts, or the named sections of each.

    Args:
        labeler: Any labeler. One that cuts long texts counts them in an attribute ``truncated``.
        texts: Whole texts.
        options: Which part of them is read, and how.
        evidence: Whether to give evidence; its offsets point into ``texts``.
    """
    before = int(getattr(labeler, "truncated", 0))
    remarks = np.zeros(len(texts), dtype=np.uint8)
    chosen: list[str | None] = [None] * len(texts)
    readings: list[Reading | None] = [None] * len(texts)
    check = options.language != "any"
    for row, text in enumerate(texts):
        if text is None or is_missing(text):
            chosen[row] = text
            continue
        if check and not reads_as_english(text):
            remarks[row] = Remark.NOT_ENGLISH.value
        elif options.sections is None:
            chosen[row] = text
        else:
            reading, lacking = choose_sections(text, options.sections)
            readings[row], chosen[row] = reading, reading.text
            if lacking and reading.text:
                remarks[row] = Remark.NO_WANTED_SECTION.value
    addenda = find_addenda(texts, options.sections, chosen)
    remarks[list(addenda)] |= Remark.ADDENDUM.value
    with _language(labeler, options.language):
        all_labels = labeler.label(
            [*chosen, *(added.text for added in addenda.values())], evidence=evidence
        )
    labels = all_labels.take(np.arange(len(texts))) if addenda else all_labels
    found = labels.evidence
    if found is not None:
        found = tuple(
            items
            if reading is None or reading.whole
            else tuple(item.in_source(reading.span, str(text)) for item in items)
            for text, reading, items in zip(texts, readings, found, strict=True)
        )
        labels = replace(labels, evidence=found)
    remarks |= remark_all(chosen, labels)
    if addenda:
        labels = merge_addenda(labels, all_labels, texts, addenda)
    return TaskResult(
        labels.classes,
        labels.probabilities,
        labels.evidence,
        int(getattr(labeler, "truncated", 0)) - before,
        remarks,
    )


@contextmanager
def _language(labeler: Labeler, language: str) -> Iterator[None]:
    """Let a labeler that leaves other languages blank read them, if they are to be labeled."""
    before = getattr(labeler, "any_language", None)
    if before is None:
        yield
        return
    setattr(labeler, "any_language", language == "any")  # noqa: B010 - not of every labeler
    try:
        yield
    finally:
        setattr(labeler, "any_language", before)  # noqa: B010
