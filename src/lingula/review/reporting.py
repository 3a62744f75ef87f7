"""Agreement and progress as exhibits: what a terminal shows of them."""

from __future__ import annotations

from collections.abc import Sequence

from lingula.documents import Column, Exhibit, Kind, Note, Notes, Section, Table
from lingula.review.agreement import Agreement
from lingula.review.prevalence import PrevalenceRow
from lingula.review.records import Person
from lingula.review.store import Store


def progress_table(store: Store) -> Section:
    """How far everybody is."""
    rows = store.progress(Person(0, "", "manager"))
    columns = (
        Column("name", "Name"),
        Column("role", "Role"),
        Column("done", "Done", Kind.COUNT),
        Column("assigned", "Of", Kind.COUNT),
        Column("flagged", "Flagged", Kind.COUNT),
        Column("hours", "Hours", Kind.NUMBER),
        Column("median_seconds", "Median s a report", Kind.NUMBER),
        Column("last", "Last seen (UTC)"),
    )
    cells = tuple(
        (
            row.person.name,
            row.person.role,
            row.done,
            row.assigned if row.person.role == "reader" else None,
            row.flagged,
            row.seconds / 3600,
            row.median_seconds,
            None if row.last is None else f"{row.last:%Y-%m-%d %H:%M}",
        )
        for row in rows
    )
    return Section("Progress", (Table("progress", "Progress", columns, cells),))


def agreement_section(found: Agreement) -> Section:
    """All figures of agreement, and what to talk about."""
    if len(found.readers) < 2 or not found.shared:
        text = "No report has been labeled by two readers yet."
        return Section("Agreement", (Note(text),))
    pairs = Table.of(
        "pairs",
        "Pairs of readers",
        ("observation", "Observation", Kind.TEXT, [row.observation for row in found.pairs]),
        ("first", "Reader", Kind.TEXT, [row.first for row in found.pairs]),
        ("second", "Reader", Kind.TEXT, [row.second for row in found.pairs]),
        ("n", "Reports", Kind.COUNT, [row.n for row in found.pairs]),
        ("agree", "Same label", Kind.SHARE, [row.agree for row in found.pairs]),
        ("kappa", "Kappa", Kind.FIGURE, [row.kappa for row in found.pairs]),
        ("ac1", "AC1", Kind.FIGURE, [row.ac1 for row in found.pairs]),
        note="Cohen's kappa and Gwet's AC1 over the labels that an observation can take, with 95% "
        "intervals over reports. Kappa is low for a rare label even where readers agree; AC1 is "
        "not.",
    )
    overall = Table.of(
        "overall",
        "All readers",
        ("observation", "Observation", Kind.TEXT, [row.observation for row in found.overall]),
        ("n", "Reports", Kind.COUNT, [row.n for row in found.overall]),
        ("fleiss", "Fleiss' kappa", Kind.FIGURE, [row.fleiss for row in found.overall]),
        ("alpha", "Krippendorff's alpha", Kind.FIGURE, [row.krippendorff for row in found.overall]),
        ("ac1", "AC1", Kind.FIGURE, [row.ac1 for row in found.overall]),
    )
    exhibits: tuple[Exhibit, ...] = (overall, pairs)
    if found.suggestions:
        exhibits += (Notes(tuple(map(Note, found.suggestions)), "To talk about"),)
    return Section("Agreement", exhibits)


def prevalence_section(rows: Sequence[PrevalenceRow]) -> Section:
    """How frequent each finding is in the whole table."""
    table = Table.of(
        "prevalence",
        "Prevalence in the whole table",
        ("observation", "Observation", Kind.TEXT, [row.observation for row in rows]),
        ("positive", "Positive", Kind.FIGURE, [row.positive for row in rows]),
        ("uncertain", "Uncertain", Kind.FIGURE, [row.uncertain for row in rows]),
        ("read", "Positive among those read", Kind.BOUND, [row.read for row in rows]),
        note="Weighted by the chance with which each report was chosen, with 95% intervals. The "
        "last column is the share among the reports read: what a selection raises shows there.",
    )
    return Section("Prevalence", (table,))
