"""The audit as a document: a table of the checks at a glance, then each check in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lingula.audit.checks import CHECKS
from lingula.audit.result import Audit, CheckResult, Example
from lingula.documents import (
    Column,
    Document,
    Exhibit,
    Kind,
    Measures,
    Note,
    Notes,
    Section,
    Table,
)

_ABOUT = {check.name: check for check in CHECKS}


def audit_document(audit: Audit) -> Document:
    """Everything that the audit found; the ratings come first, most readers came for them."""
    checks = sorted(audit.checks, key=lambda result: result.name != "reliability")
    return Document(
        audit.name,
        (Section("At a glance", (glance(checks),), "glance"), *map(_section, checks)),
        form="Label audit",
        measures=audit.overview,
        footer=f"Schema {audit.schema}. Figures are unrounded in the JSON file beside this page.",
    )


def glance(checks: Sequence[CheckResult], title: str = "") -> Table:
    """One row a check."""
    rows = tuple((c.title, c.level.value, c.score, _summary(c)) for c in checks)
    columns = (
        Column("check", "Check", Kind.SECTION),
        Column("level", "Level", Kind.LEVEL),
        Column("score", "Score", Kind.SCORE),
        Column("summary", "Summary", Kind.PROSE),
    )
    note = (
        "Scores run from 0 to 1; higher is better, and each section says of what its score is a "
        "share. Good from 0.95, worth a look from 0.75, below that something should be done."
    )
    return Table("glance", title, columns, rows, "" if title else note)


def _summary(result: CheckResult) -> str:
    return (
        f"{result.missing[:1].upper()}{result.missing[1:]}." if result.missing else result.summary
    )


def _section(result: CheckResult) -> Section:
    about = _ABOUT.get(result.name)
    return Section(
        result.title,
        tuple(_exhibits(result, about.meaning if about else "")),
        result.name,
        result.level,
        about.question if about else "",
    )


def _exhibits(result: CheckResult, meaning: str) -> Iterator[Exhibit]:
    if result.missing:
        yield Note(f"Not checked: {result.missing}.")
    if result.score is not None:
        yield Note(result.summary, lead=True)
        yield Note(f"Score {result.score:.3f}{': ' * bool(meaning)}{meaning}.")
    if result.findings:
        yield Notes(tuple(Note(finding.text, finding.level) for finding in result.findings))
    if result.measures:
        yield Measures(result.measures)
    yield from result.exhibits
    if result.examples:
        yield _examples(result.examples)
    if result.advice:
        yield Notes(tuple(map(Note, result.advice)), "What to do", boxed=True)


def _examples(examples: Sequence[Example]) -> Table:
    columns = [Column("id", "Row"), Column("why", "Why", Kind.PROSE)]
    rows = [[item.id, item.why] for item in examples]
    if any(item.text is not None for item in examples):
        columns.append(Column("text", "Report", Kind.PROSE))
        rows = [[*row, item.text or ""] for row, item in zip(rows, examples, strict=True)]
    return Table("examples", "Examples", tuple(columns), tuple(map(tuple, rows)), detail=True)
