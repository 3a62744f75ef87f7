"""A comparison of two generators as documents."""

from __future__ import annotations

from collections.abc import Sequence

from lingula.documents import Cell, Column, Document, Estimate, Kind, Note, Notes, Section, Table
from lingula.score.comparing import FigureDifference, GenerationComparison
from lingula.score.document import MEASURES, UNCERTAIN_SHORT, caption
from lingula.score.document import to_paper as scores_to_paper
from lingula.score.result import SIMILARITY

SIMILARITY_TITLE = "CheXbert similarity"


def to_screen(comparison: GenerationComparison) -> Document:
    """For a terminal: differences of the averages and, of one convention, of each observation."""
    sections = [Section("", tuple(_tables(comparison)))]
    return Document("", (*sections, Section("", (_notes(comparison),))))


def to_page(comparison: GenerationComparison) -> Document:
    """Differences, and each generator's own figures."""
    first, second = comparison.names
    return Document(
        "Two generators of reports",
        (
            Section("Differences", tuple(_tables(comparison))),
            Section("What the figures rest on", (_notes(comparison),)),
            *_own(comparison),
        ),
        form="CheXbert F1",
        summary=f"{second} minus {first}; {comparison.first.reports:,} reports",
    )


def to_paper(comparison: GenerationComparison) -> Document:
    """For Markdown: as the page, without drawings."""
    sections = (
        Section("Differences", tuple(_tables(comparison))),
        Section("What the figures rest on", (_notes(comparison),)),
    )
    return Document("", (*sections, *_own(comparison)))


def _own(comparison: GenerationComparison) -> list[Section]:
    return [
        Section(f"{name}: {section.title}" if section.title else name, section.exhibits)
        for name, scores in zip(
            comparison.names, (comparison.first, comparison.second), strict=True
        )
        for section in scores_to_paper(scores).sections
    ]


def _tables(comparison: GenerationComparison) -> list[Table]:
    averages = [each for each in comparison.differences if not each.figure.observation]
    observed = [
        each
        for each in comparison.differences
        if each.figure.observation and each.figure.class_set == "14" and each.figure.measure == "f1"
    ]
    tables = [_table(comparison, "Differences of the averages", averages)]
    if observed and len(comparison.first.conventions) == 1:
        tables.append(_table(comparison, "Differences of F1 per observation", observed))
    return tables


def _table(
    comparison: GenerationComparison, title: str, found: Sequence[FigureDifference]
) -> Table:
    first, second = comparison.names
    columns = (
        Column("convention", "Convention"),
        Column("what", "Figure"),
        Column("uncertain", "Uncertain is"),
        Column("first", first, Kind.FIGURE),
        Column("second", second, Kind.FIGURE),
        Column("difference", "Difference", Kind.FIGURE),
        Column("p_value", "p", Kind.P_VALUE),
    )
    return Table(title, title, columns, tuple(_row(each) for each in found))


def _row(each: FigureDifference) -> tuple[Cell, ...]:
    figure, gap = each.figure, each.difference
    if each.convention == SIMILARITY:
        what = SIMILARITY_TITLE
    elif figure.observation:
        what = figure.observation
    else:
        what = f"{MEASURES[figure.measure]}, {figure.average} {figure.class_set}"
    return (
        "" if each.convention == SIMILARITY else each.convention,
        what,
        UNCERTAIN_SHORT.get(figure.uncertain, ""),
        Estimate(each.first),
        Estimate(each.second),
        Estimate(gap.estimate, gap.interval.low, gap.interval.high),
        gap.p_value,
    )


def _notes(comparison: GenerationComparison) -> Notes:
    first, second = comparison.names
    boot = comparison.bootstrap
    lines = [
        f"Difference: {second} minus {first}. Each of {boot.resamples} resamples (seed "
        f"{boot.seed}) draws the same references for both; {boot.confidence:.0%} percentile "
        "intervals, two-sided p values, not corrected for the number of figures."
    ]
    theirs = [caption(comparison.first), caption(comparison.second)]
    shared = [line for line in theirs[0] if line in theirs[1]]
    lines += shared
    for name, own in zip(comparison.names, theirs, strict=True):
        lines += [f"{name}: {line}" for line in own if line not in shared]
    return Notes(tuple(Note(line) for line in lines))
