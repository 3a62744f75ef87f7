"""Addenda: read after the report, and what they say wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lingula.labels import Evidence, Label, Labels
from lingula.observations import NO_FINDING, NO_PATHOLOGY
from lingula.text.reading import Reading
from lingula.text.sections import DEFAULT_SECTIONS, select_addendum


def find_addenda(
    texts: Sequence[str | None], sections: Sequence[str] | None, chosen: Sequence[str | None]
) -> dict[int, Reading]:
    """The addenda of n reports, by row.

    Args:
        texts: Whole reports.
        sections: The sections that are labeled; addenda are read where a reading is wanted and
            they are not asked for by name themselves.
        chosen: What is labeled of each report; a report without is passed over.
    """
    wanted = set(sections or ())
    if not wanted & set(DEFAULT_SECTIONS) or "addendum" in wanted:
        return {}
    found = {}
    for row, text in enumerate(texts):
        if text is not None and chosen[row] is not None:
            added = select_addendum(text)
            if added is not None:
                found[row] = added
    return found


def merge_addenda(
    labels: Labels, both: Labels, texts: Sequence[str | None], addenda: dict[int, Reading]
) -> Labels:
    """Labels of n reports with their addenda, which win.

    What an addendum says of an observation takes the place of what the report said. No Finding is
    withdrawn where something is now present; it is never given by an addendum to a report that
    had none, because findings outside the schema may stand in its way.

    Args:
        labels: Of n reports, offsets into ``texts``.
        both: Of the same, and after them of the addenda in order of their rows.
        texts: The n reports.
        addenda: Their addenda, by row.
    """
    count = len(texts)
    classes = labels.classes.copy()
    probabilities = None if labels.probabilities is None else labels.probabilities.copy()
    evidence = None if labels.evidence is None else list(labels.evidence)
    names = labels.schema.names
    pathology = np.array([name not in NO_PATHOLOGY for name in names])
    told = np.array([name != NO_FINDING for name in names])
    for position, (row, added) in enumerate(addenda.items(), start=count):
        wins = told & (both.classes[position] != Label.BLANK)
        classes[row, wins] = both.classes[position, wins]
        if probabilities is not None and both.probabilities is not None:
            probabilities[row, wins] = both.probabilities[position, wins]
        present = np.isin(classes[row], (Label.POSITIVE, Label.UNCERTAIN)) & pathology
        if NO_FINDING in labels.schema and present.any():
            classes[row, labels.schema.index(NO_FINDING)] = Label.BLANK
        if evidence is not None and both.evidence is not None:
            evidence[row] += _added(both.evidence[position], added, str(texts[row]))
    return Labels(
        labels.schema, classes, probabilities, None if evidence is None else tuple(evidence)
    )


def _added(found: tuple[Evidence, ...], reading: Reading, source: str) -> tuple[Evidence, ...]:
    moved = (item.in_source(reading.span, source) for item in found)
    return tuple(
        replace(item, rule=f"addendum / {item.rule}")
        for item in moved
        if item.observation != NO_FINDING
    )
