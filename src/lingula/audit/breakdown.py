"""Labels by groups of a metadata column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from lingula.audit.grouping import Grouping
from lingula.audit.inputs import AuditInput
from lingula.audit.intervals import effective_size, wilson
from lingula.audit.result import Finding
from lingula.documents import Grid, Kind, Level, Table, percent
from lingula.labels import Label

#: The order in which bars show the four labels.
PARTS = (Label.POSITIVE, Label.UNCERTAIN, Label.NEGATIVE, Label.BLANK)
#: Groups smaller than this are not compared with each other.
SMALLEST_GROUP = 50
#: Differences between groups that are named, and the least ratio of two shares that counts as one.
MOST_DIFFERENCES = 6
NAMED_FROM = 1.25


def breakdown(data: AuditInput, grouping: Grouping) -> tuple[Grid, Table]:
    """The positive share of each label in each group, and the counts behind it."""
    groups, labels = grouping.names, data.label_names
    sizes = np.bincount(grouping.codes, minlength=len(groups))
    member = (grouping.codes[:, None] == np.arange(len(groups))).astype(np.float64)
    # Of each part, shape (labels, groups).
    counts = [(data.is_label(label).T.astype(np.float64) @ member).astype(int) for label in PARTS]
    shares = counts[0] / sizes
    low, high = wilson(counts[0], sizes)
    grid = Grid(
        f"by {grouping.name}",
        f"Positive share by {grouping.name}",
        data.label_names,
        tuple(f"{name} ({size:,})" for name, size in zip(grouping.names, sizes, strict=True)),
        tuple(map(tuple, shares.tolist())),
        tuple(bool(size < SMALLEST_GROUP) for size in sizes),
        note="Number of rows in brackets. A darker cell is a higher share within its row; groups "
        f"of fewer than {SMALLEST_GROUP} rows are not tinted.",
    )
    table = Table.of(
        f"counts by {grouping.name}",
        f"Counts by {grouping.name}",
        ("label", "Label", Kind.TEXT, np.repeat(labels, len(groups))),
        ("group", grouping.name, Kind.TEXT, np.tile(groups, len(labels))),
        *count_columns([part.ravel() for part in counts]),
        ("prevalence", "Positive share", Kind.SHARE, shares.ravel()),
        ("low", "95% low", Kind.BOUND, low.ravel()),
        ("high", "95% high", Kind.BOUND, high.ravel()),
        note="Wilson intervals, each row counted singly.",
        detail=True,
    )
    return grid, table


def count_columns(
    counts: Iterable[npt.NDArray[np.int64]],
) -> list[tuple[str, str, Kind, npt.NDArray[np.int64]]]:
    """Counts of ``PARTS``, in that order, as columns for ``Table.of``."""
    return [
        (part.name.lower(), part.name.capitalize(), Kind.COUNT, values)
        for part, values in zip(PARTS, counts, strict=True)
    ]


def differences(data: AuditInput, groupings: Sequence[Grouping]) -> list[Finding]:
    """The largest ratios between groups whose intervals do not meet, one a label and column."""
    positive = data.is_label(Label.POSITIVE)
    found: list[tuple[float, str]] = []
    for grouping in groupings:
        members = [grouping.codes == g for g in range(len(grouping.names))]
        large = [
            g
            for g, member in enumerate(members)
            if member.sum() >= SMALLEST_GROUP and grouping.names[g] not in ("blank", "unreadable")
        ]
        if len(large) < 2:
            continue
        totals = np.array([members[g].sum() for g in large])
        sizes = np.stack(
            [
                totals[j] * np.ones(positive.shape[1])
                if data.patients is None
                else effective_size(positive[members[g]], data.patients.codes[members[g]])
                for j, g in enumerate(large)
            ]
        )
        shares = np.stack([positive[members[g]].mean(axis=0) for g in large])
        low, high = wilson(shares * sizes, sizes)
        for i, label in enumerate(data.label_names):
            most, least = int(shares[:, i].argmax()), int(shares[:, i].argmin())
            if low[most, i] <= high[least, i]:
                continue
            # Ranked by the ratio that the intervals vouch for, so that small groups do not lead.
            vouched = float(low[most, i] / max(high[least, i], 1e-9))
            text = (
                f"{label} is positive in {percent(shares[most, i])} where {grouping.name} is "
                f"{grouping.names[large[most]]}, and in {percent(shares[least, i])} where it is "
                f"{grouping.names[large[least]]}."
            )
            found.append((vouched, text))
    found.sort(key=lambda item: -item[0])
    return [
        Finding(text, Level.LOOK)
        for vouched, text in found[:MOST_DIFFERENCES]
        if vouched > NAMED_FROM
    ]
