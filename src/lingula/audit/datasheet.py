"""A data sheet that a data set's maintainers complete and publish.

In the spirit of "Datasheets for Datasets" (Gebru et al., Communications of the ACM 2021): what the
audit can measure is filled in, and what only people know is asked. The questions are ours.
"""

from __future__ import annotations

from collections.abc import Iterator

import lingula
from lingula.audit.result import Audit, CheckResult
from lingula.documents import Document, Exhibit, Level, Measures, Note, Notes, Section, Table

ASK = "To be written"


def datasheet(audit: Audit) -> Document:
    """The data sheet; it carries no report text and no row ids."""
    sections = tuple(
        Section(title, tuple(exhibits)) for title, exhibits in _sections(audit) if exhibits
    )
    return Document(
        f"Data sheet: {audit.name}",
        sections,
        summary=f"The figures were measured by `lingula audit` {lingula.__version__}. "
        f'Lines that begin with "{ASK}" are for the maintainers.',
    )


def _sections(audit: Audit) -> Iterator[tuple[str, list[Exhibit]]]:
    results = {result.name: result for result in audit.checks}
    yield "Why it exists", [_ask("who made the data set, for which purpose, and who paid for it.")]
    yield (
        "What it holds",
        [
            Measures(audit.overview),
            Note(
                f"Labels follow the schema `{audit.schema}`: positive, negative, uncertain or "
                "blank."
            ),
            *_figures(
                results,
                "prevalence",
                "labels",
                *("label", "positive", "uncertain", "negative", "blank"),
                *("prevalence", "low", "high"),
            ),
            *_sentences(results, "grays"),
            _ask("what a row is, what is missing from the data and why, and what was left out."),
        ],
    )
    yield (
        "Where it comes from",
        [
            _ask(
                "hospitals and years, how studies were chosen, which devices, how patients were "
                "de-identified, and which ethics board approved it."
            )
        ],
    )
    more = _figures(results, "repeats", "more_than_studies") or [
        *_figures(results, "repeats", "more_than_images"),
        *_figures(results, "repeats", "more_than_reports"),
    ]
    lacks = _ask("age, sex and origin of the patients, and which of them the data lacks.")
    yield "Who the patients are", [*_sentences(results, "repeats"), *more, lacks]
    yield (
        "How the labels were made",
        [
            _ask(
                "the labeler and its version, the sections of the report that it read, what it "
                "does with uncertain mentions, and who checked its labels."
            ),
            *_sentences(results, "truth", "agreement", "uncertainty", "logic"),
            *_figures(
                results,
                "truth",
                "labels",
                *("label", "positive", "precision", "recall", "f1", "low", "high"),
            ),
        ],
    )
    yield (
        "How far each label can be trusted",
        [
            *_sentences(results, "reliability"),
            *_figures(results, "reliability", "ratings"),
            Note("One to five stars; a dash is a part that nobody has measured."),
            *_sentences(results, "strata"),
        ],
    )
    yield (
        "Splits and repeated reports",
        [
            *_sentences(results, "leakage", "duplicates", "references"),
            _ask("how splits were drawn."),
        ],
    )
    advice = tuple(Note(line) for result in audit.checks for line in result.advice)
    yield (
        "What to mind when using it",
        [*([Notes(advice)] if advice else []), _ask("what the data set must not be used for.")],
    )
    yield (
        "Terms and upkeep",
        [_ask("the licence, how to get the data, whom to write to, and how errors are corrected.")],
    )


def _ask(text: str) -> Note:
    return Note(text, word=ASK)


def _sentences(results: dict[str, CheckResult], *names: str) -> Iterator[Exhibit]:
    for name in names:
        result = results.get(name)
        if result is None:
            continue
        if result.missing and not result.findings:
            yield Note(f"Not checked: {result.missing}.", word=result.title)
            continue
        yield Note(result.summary, word=result.title)
        if result.findings:
            yield Notes(
                tuple(
                    Note(finding.text, word="Fault" if finding.level is Level.ACT else "")
                    for finding in result.findings
                )
            )


def _figures(
    results: dict[str, CheckResult], check: str, table: str, *columns: str
) -> list[Exhibit]:
    """A table of a check, all columns or some, if it is there."""
    exhibits = results[check].exhibits if check in results else ()
    return [
        item.select(*(columns or (column.name for column in item.columns)))
        for item in exhibits
        if isinstance(item, Table) and item.name == table
    ]
