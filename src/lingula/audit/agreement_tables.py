"""Tables of agreement between two sets of labels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from lingula.audit.inputs import AuditInput, OtherLabels
from lingula.audit.options import AuditOptions
from lingula.audit.resampling import (
    Classes,
    Interval,
    confusions_with,
    interval_of,
    positive_against_rest,
)
from lingula.audit.review import Disagreement, rank_disagreements
from lingula.documents import Column, Kind, Table
from lingula.labels import Label
from lingula.metrics.counts import confusion_matrices
from lingula.metrics.kappa import cohen_kappa
from lingula.metrics.reader_agreement import pairwise_kappa

CODES = {label: label.name.lower() for label in Label}


def review_table(
    data: AuditInput, other: OtherLabels, mine: Classes, options: AuditOptions
) -> tuple[Sequence[Disagreement], Table]:
    """Rows to review first, and their table."""
    theirs, texts = other.labels.classes, data.distinct_texts
    codes = None if texts is None else texts.codes[other.rows]
    ranked = rank_disagreements(mine, theirs, other.columns, options.review, codes)
    told = [
        "; ".join(
            f"{data.label_names[c]}: {CODES[Label(mine[item.row, c])]} here, "
            f"{CODES[Label(theirs[item.row, c])]} there"
            for c in item.columns
        )
        for item in ranked
    ]
    table = Table.of(
        f"review {other.name}",
        f"Rows to review first: here against {other.name}",
        ("place", "Place", Kind.COUNT, range(1, len(ranked) + 1)),
        ("id", "Row", Kind.TEXT, [str(data.ids[other.rows[item.row]]) for item in ranked]),
        ("bits", "Surprise (bits)", Kind.NUMBER, [item.bits for item in ranked]),
        ("labels", "Disagreements", Kind.TEXT, told),
        note="A disagreement is worth the more the rarer its kind is; each one listed "
        "halves what the next of its kind is worth. Equal reports are listed once.",
        detail=len(ranked) > 12,
    )
    return ranked, table


def mean_of(values: npt.NDArray[np.float64]) -> float | None:
    """The mean of what is not NaN; None if nothing is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def kappa_table(
    data: AuditInput, other: OtherLabels, mine: Classes, options: AuditOptions
) -> tuple[Table, Interval]:
    """Kappa over the four labels and of positive against the rest, with intervals."""
    tables = confusions_with(data, mine, other.labels.classes, other, options)
    given = other.columns
    four = interval_of(
        np.where(given, cohen_kappa(tables.counts), np.nan), cohen_kappa(tables.resampled)
    )
    two = interval_of(
        np.where(given, cohen_kappa(positive_against_rest(tables.counts)), np.nan),
        cohen_kappa(positive_against_rest(tables.resampled)),
    )
    different = (mine != other.labels.classes).sum(axis=0)
    table = Table.of(
        f"kappa {other.name}",
        f"Agreement with {other.name}",
        ("label", "Label", Kind.TEXT, data.label_names),
        ("kappa", "Kappa", Kind.NUMBER, four.value),
        ("low", "95% low", Kind.NUMBER, four.low),
        ("high", "95% high", Kind.NUMBER, four.high),
        ("kappa_positive", "Kappa of positive", Kind.NUMBER, two.value),
        ("low_positive", "95% low", Kind.NUMBER, two.low),
        ("high_positive", "95% high", Kind.NUMBER, two.high),
        ("same", "Equal", Kind.SHARE, 1 - different / len(mine)),
        ("different", "Different", Kind.COUNT, different),
        keep=given,
        note=f"{len(mine):,} shared rows. Cohen's kappa over the four labels, and of positive "
        "against everything else; a dash where labels do not vary. 95% intervals by bootstrap of "
        f"{tables.noun}.",
    )
    return table, four


def pair_tables(data: AuditInput) -> list[Table]:
    """Kappa of every pair of labelers and readers, on the rows and labels that all have."""
    rows = np.arange(len(data))
    given = np.ones(len(data.label_names), dtype=np.bool_)
    for other in data.compare:
        rows = np.intersect1d(rows, other.rows)
        given &= other.columns
    if not len(rows) or not given.any():
        return []
    # Rows of the others are sorted and without repeats, so positions can be looked up.
    tables = [data.labels.classes[rows]] + [
        other.labels.classes[np.searchsorted(other.rows, rows)] for other in data.compare
    ]
    kappas = pairwise_kappa(tables, len(Label))
    names = ["these labels", *(other.name for other in data.compare)]
    pairs = list(combinations(names, 2))
    means = [mean_of(column) for column in kappas.T]
    return [
        Table.of(
            "all pairs",
            "Kappa of every pair",
            ("label", "Label", Kind.TEXT, data.label_names),
            ("mean", "Mean", Kind.NUMBER, means),
            *(
                (f"{a} | {b}", f"{a} and {b}", Kind.NUMBER, kappa)
                for (a, b), kappa in zip(pairs, kappas, strict=True)
            ),
            keep=given,
            note=f"{len(rows):,} rows that all have. The mean over pairs is Light's kappa "
            "(Psychological Bulletin 1971).",
        )
    ]


def kinds_table(data: AuditInput, other: OtherLabels, mine: Classes) -> Table:
    """How often each pair of different labels occurs."""
    counts = confusion_matrices(mine, other.labels.classes)
    rows = [
        (
            data.label_names[i],
            CODES[here],
            CODES[there],
            int(counts[i, here, there]),
            float(counts[i, here, there] / len(mine)),
        )
        for i in np.flatnonzero(other.columns)
        for here in Label
        for there in Label
        if here is not there and counts[i, here, there]
    ]
    order = np.argsort([-row[3] for row in rows], kind="stable")
    return Table(
        f"disagreements {other.name}",
        f"Kinds of disagreement with {other.name}",
        (
            Column("label", "Label"),
            Column("here", "Here"),
            Column("there", "There"),
            Column("count", "Rows", Kind.COUNT),
            Column("share", "of shared rows", Kind.SHARE),
        ),
        tuple(rows[i] for i in order),
        detail=True,
    )
