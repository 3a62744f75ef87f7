"""A new round: the next most informative reports of the pool, by a labeler that has learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lingula.errors import ReviewError
from lingula.labels import Labeler
from lingula.review.assignment import plan
from lingula.review.proposing import Tell, evidence_of, propose
from lingula.review.records import NewReport, Plan
from lingula.review.selection import Sampling, choose
from lingula.review.store import Store


def add_round(
    store: Store,
    labeler: Labeler,
    sampling: Sampling,
    second: Labeler | None = None,
    tell: Tell | None = None,
) -> Plan:
    """Choose from the reports that no round has taken, and give them to the readers.

    Readers see the new labeler's proposals; what earlier rounds proposed stays as it was.

    Raises:
        ReviewError: If no report is left, or a labeler has other observations than the review.
    """
    review = store.settings()
    for one in (labeler, second):
        if one is not None and one.schema.names != review.schema.names:
            raise ReviewError(
                f"the labeler's observations are not those of the review ({review.schema.name})"
            )
    numbers, texts = store.pool()
    if not numbers:
        raise ReviewError(f"{store.name}: every report was chosen already; none is left")
    mine = propose(labeler, texts, review.sections, tell)
    other = None
    if sampling.order == "disagreement" and second is not None:
        other = propose(second, texts, review.sections, tell)
    chosen = choose(np.array(numbers), mine, other, sampling)
    readers = [person for person in store.people() if person.role == "reader"]
    made = plan(chosen, readers, review.readers_per_report, sampling.seed)
    now = replace(
        review,
        order=sampling.order,
        labeler=str(getattr(labeler, "name", type(labeler).__name__)),
        labeler_sha256=str(getattr(labeler, "sha256", "")),
    )
    places = {number: row for row, number in enumerate(numbers)}
    rows = [places[item.report_id] for item in chosen]
    evidence = evidence_of(labeler, [texts[row] for row in rows], review.sections)
    proposed = {
        item.report_id: NewReport("", "", "", tuple(mine.classes[row].tolist()), spans)
        for item, row, spans in zip(chosen, rows, evidence, strict=True)
    }
    store.add_round(now, made, proposed, len(numbers))
    return made
