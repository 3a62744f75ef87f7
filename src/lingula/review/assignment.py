"""Who reads which report: every reader the practice set, each other report so many readers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingula.errors import ReviewError
from lingula.review.records import Chosen, Person, Plan


def plan(chosen: Sequence[Chosen], people: Sequence[Person], readers_each: int, seed: int) -> Plan:
    """Assign chosen reports to readers, in their order, with equal loads and mixed pairs.

    Each report goes to those who have the fewest so far, drawn where several have: loads differ
    by one at most, and over many reports every pair of readers shares about as many.

    Raises:
        ReviewError: If there are fewer readers than each report needs.
    """
    readers = [person for person in people if person.role == "reader"]
    if not 1 <= readers_each <= len(readers):
        raise ReviewError(
            f"each report needs {readers_each} readers, and there are {len(readers)}: name more "
            "with --readers, or fewer with --readers-per-report"
        )
    rng = np.random.default_rng([seed, 1])
    load = np.zeros(len(readers), dtype=np.int64)
    assigned: list[list[int]] = [[] for _ in readers]
    for item in chosen:
        if item.why == "practice":
            for each in assigned:
                each.append(item.report_id)
            continue
        order = np.lexsort((rng.random(len(readers)), load))[:readers_each]
        load[order] += 1
        for place in order:
            assigned[int(place)].append(item.report_id)
    return Plan(
        tuple(chosen),
        {reader.id: tuple(ids) for reader, ids in zip(readers, assigned, strict=True)},
    )
