"""A data sheet in Markdown that a data set's maintainers complete and publish.

In the spirit of "Datasheets for Datasets" (Gebru et al., Communications of the ACM 2021): what the
audit can measure is filled in, and what only people know is asked. The questions are ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import lingula
from lingula.audit.render.figures import show
from lingula.audit.result import Audit, Cell, CheckResult, Finding, Kind, Level, Table

ASK = "*To be written:*"
#: Characters that Markdown would read as markup, inside a line.
MARKUP = re.compile(r"([\\`*_\[\]<>|#])")


def to_datasheet(audit: Audit) -> str:
    """The data sheet; it carries no report text and no row ids."""
    results = {result.name: result for result in audit.checks}
    return "\n\n".join(_blocks(audit, results)) + "\n"


def _blocks(audit: Audit, results: dict[str, CheckResult]) -> Iterator[str]:
    yield f"# Data sheet: {_plain(audit.name)}"
    yield (
        f"The figures were measured by `lingula audit` {lingula.__version__}. "
        f"Lines that begin with {ASK} are for the maintainers."
    )
    yield "## Why it exists"
    yield f"{ASK} who made the data set, for which purpose, and who paid for it."
    yield "## What it holds"
    yield _table(
        ("What", "Count"), [(m.title, show(m.value, m.kind)) for m in audit.overview], numbers={1}
    )
    yield f"Labels follow the schema `{audit.schema}`: positive, negative, uncertain or blank."
    yield from _figures(
        results,
        "prevalence",
        "labels",
        ("label", "positive", "uncertain", "negative", "blank", "prevalence", "low", "high"),
    )
    yield f"{ASK} what a row is, what is missing from the data and why, and what was left out."
    yield "## Where it comes from"
    yield (
        f"{ASK} hospitals and years, how studies were chosen, which devices, how patients were "
        "de-identified, and which ethics board approved it."
    )
    yield "## Who the patients are"
    yield from _sentences(results, "repeats")
    yield from _figures(results, "repeats", "more_than_studies", None)
    if not _has(results, "repeats", "more_than_studies"):
        yield from _figures(results, "repeats", "more_than_images", None)
        yield from _figures(results, "repeats", "more_than_reports", None)
    yield f"{ASK} age, sex and origin of the patients, and which of them the data lacks."
    yield "## How the labels were made"
    yield (
        f"{ASK} the labeler and its version, the sections of the report that it read, what it does "
        "with uncertain mentions, and who checked its labels."
    )
    for name in ("truth", "agreement", "uncertainty", "logic"):
        yield from _sentences(results, name)
    yield from _figures(
        results,
        "truth",
        "labels",
        ("label", "positive", "precision", "recall", "f1", "low", "high"),
    )
    yield "## How far each label can be trusted"
    yield from _sentences(results, "reliability")
    yield from _figures(results, "reliability", "ratings", None)
    yield "One to five stars; a dash is a part that nobody has measured."
    yield from _sentences(results, "strata")
    yield "## Splits and repeated reports"
    for name in ("leakage", "duplicates", "references"):
        yield from _sentences(results, name)
    yield f"{ASK} how the splits were drawn."
    yield "## What to mind when using it"
    advice = [line for result in audit.checks for line in result.advice]
    if advice:
        yield "\n".join(f"- {line}" for line in advice)
    yield f"{ASK} what the data set must not be used for."
    yield "## Terms and upkeep"
    yield f"{ASK} the licence, how to get the data, whom to write to, and how errors are corrected."


def _sentences(results: dict[str, CheckResult], name: str) -> Iterator[str]:
    result = results.get(name)
    if result is None:
        return
    if result.missing and not result.findings:
        yield f"**{result.title}.** Not checked: {result.missing}."
        return
    lines = [f"**{result.title}.** {_plain(result.summary)}"]
    lines += [f"- {_mark(finding)}{_plain(finding.text)}" for finding in result.findings]
    yield lines[0]
    if len(lines) > 1:
        yield "\n".join(lines[1:])


def _mark(finding: Finding) -> str:
    return "**Fault.** " if finding.level is Level.ACT else ""


def _has(results: dict[str, CheckResult], check: str, table: str) -> bool:
    return check in results and any(
        isinstance(item, Table) and item.name == table for item in results[check].exhibits
    )


def _figures(
    results: dict[str, CheckResult], check: str, table: str, columns: Sequence[str] | None
) -> Iterator[str]:
    """A table of a check as Markdown, all columns or some."""
    if not _has(results, check, table):
        return
    found = results[check].table(table)
    chosen = [
        position
        for position, column in enumerate(found.columns)
        if columns is None or column.name in columns
    ]
    kinds = [found.columns[position].kind for position in chosen]
    rows: list[tuple[Cell, ...]] = [
        tuple(show(row[p], kind) for p, kind in zip(chosen, kinds, strict=True))
        for row in found.rows
    ]
    titles = [found.columns[position].title for position in chosen]
    numbers = {place for place, kind in enumerate(kinds) if kind not in (Kind.TEXT, Kind.STARS)}
    yield _table(titles, rows, numbers)


def _table(titles: Sequence[str], rows: Sequence[Sequence[Cell]], numbers: set[int]) -> str:
    lines = [
        "| " + " | ".join(_plain(title) for title in titles) + " |",
        "|" + "|".join("---:" if place in numbers else "---" for place in range(len(titles))) + "|",
    ]
    lines += ["| " + " | ".join(_plain(str(cell)) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """One line of text in which no character is markup."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))
