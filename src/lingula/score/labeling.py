"""Label references and generated reports, each different text once, or some sections of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.labels import Labeler, Labels, is_missing
from lingula.text.sections import SECTION_NAMES, find_sections, select_sections

#: Called with the number of different texts done and their total.
Progress = Callable[[int, int], None]

#: Different texts handed to the labeler in one call; bounds memory and sets how often progress
#: is told. The labeler makes its own, smaller batches.
TEXTS_PER_CALL = 2048


def distinct(texts: Sequence[str | None]) -> tuple[list[str | None], npt.NDArray[np.intp]]:
    """Different texts in order of first appearance, and each text's place among them."""
    places: dict[str | None, int] = {}
    index = np.fromiter(
        (places.setdefault(text, len(places)) for text in texts), dtype=np.intp, count=len(texts)
    )
    return list(places), index


def label_pairs(
    labeler: Labeler,
    references: Sequence[str | None],
    generated: Sequence[str | None],
    progress: Progress | None = None,
    known: Labels | None = None,
) -> tuple[Labels, Labels]:
    """Labels of references and of generated reports, row by row.

    Normal reports repeat often, within and between the two sides; a text that occurs several
    times is labeled once.

    Args:
        labeler: Any labeler.
        references: n texts; None is a missing report.
        generated: n texts, in the same order.
        progress: Told after each call of the labeler.
        known: Labels that this labeler gave to these references, if it has read them already.

    Raises:
        InputError: If the two differ in length, or there is no pair.
    """
    check_lengths(references, generated)
    texts, index = distinct([*references, *generated] if known is None else generated)
    parts = []
    for start in range(0, len(texts), TEXTS_PER_CALL):
        chunk = texts[start : start + TEXTS_PER_CALL]
        parts.append(labeler.label(chunk))
        if progress is not None:
            progress(start + len(chunk), len(texts))
    labels = Labels.concatenate(parts)
    if known is not None:
        return known, labels.take(index)
    n = len(references)
    return labels.take(index[:n]), labels.take(index[n:])


def check_lengths(references: Sized, generated: Sized) -> None:
    """Refuse pairs that are none.

    Raises:
        InputError: If the two differ in length, are empty, or are texts instead of lists of them.
    """
    if isinstance(references, str) or isinstance(generated, str):
        raise InputError("references and generated reports must be lists of texts, not one text")
    if len(references) != len(generated):
        raise InputError(
            f"there are {len(references)} references and {len(generated)} generated reports; "
            "row by row they must be as many. Match them by id, or remove the extra rows"
        )
    if not len(references):
        raise InputError("there is no report to score: references and generated reports are empty")


def select_all(texts: Sequence[str | None], names: Sequence[str]) -> list[str | None]:
    """The named sections of each report; see ``lingula.text.sections.select_sections``.

    Raises:
        InputError: If a name is unknown.
    """
    return [text if is_missing(text) else select_sections(str(text), names).text for text in texts]


def count_unsectioned(texts: Sequence[str | None], names: Sequence[str]) -> int:
    """How many reports have headers, but none of the named sections.

    Another part of them is labeled in their place. Without headers (as most generated reports are)
    a report is its own body, and is not counted.
    """
    wanted = {name.strip().casefold() for name in names}
    if not wanted <= set(SECTION_NAMES):
        return 0
    count = 0
    for text in texts:
        found = {section.name for section in find_sections(str(text))} if text else set()
        parts = {part for name in found for part in name.split("+") if part}
        count += bool(parts) and not parts & wanted
    return count
