"""Scores as documents: tables as people read them and, on a page, bars of F1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from lingula.documents import (
    Bars,
    Cell,
    Column,
    Document,
    Estimate,
    Kind,
    Note,
    Notes,
    Section,
    Table,
    show,
)
from lingula.score.conventions import AVERAGES, CLASS_SETS, CONVENTIONS, FOURTEEN, PRF
from lingula.score.result import SIMILARITY, GenerationScores, Score

#: Measures in the order of a table's columns, and their headings.
MEASURES = {
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "accuracy": "Accuracy",
    "exact_match": "Exact match",
    "auroc": "AUROC (hard labels)",
}
#: Uncertain policy -> a few words for a table's cell.
UNCERTAIN_SHORT = {"ones": "positive", "zeros": "negative", "multiclass": "own class"}
#: Marks a value that is a 0/0 itself, not an average over some.
STAR = "*"

#: Scores by row and column of a table.
Cells = dict[tuple[str, ...], dict[str, Score]]


def to_page(scores: GenerationScores) -> Document:
    """Everything, with drawings."""
    sections = _paper_sections(scores)
    sections[0] = Section("Averages", sections[0].exhibits)
    if len(scores.conventions) > 1:
        bars = [_average_bars(scores, class_set) for class_set in CLASS_SETS]
        drawn = [each for each in bars if each.rows]
        sections.insert(0, Section("F1 side by side", (*drawn, _side_by_side(scores))))
    by_observation = _observation_bars(scores)
    if by_observation.rows:
        sections.insert(-1, Section("F1 of each observation", (by_observation,)))
    # The digests of label tables stand with the rest of what the figures rest on.
    labeler = scores.provenance.labeler.partition(" (sha256")[0]
    names = ", ".join(scores.conventions)
    return Document(
        "Scores of generated reports",
        tuple(sections),
        form="CheXbert F1",
        summary=f"{names}; labeler: {labeler}; {scores.reports:,} reports",
    )


def to_paper(scores: GenerationScores) -> Document:
    """For Markdown: one table of averages, one of observations a convention, the provenance."""
    return Document("", tuple(_paper_sections(scores)))


def to_screen(scores: GenerationScores) -> Document:
    """For a terminal: one convention in full, or the F1 of several side by side.

    Precision and recall of several conventions are in the files, not here.
    """
    others = [measure for measure in MEASURES if measure not in PRF]
    if len(scores.conventions) > 1:
        tables = [_side_by_side(scores)]
    else:
        tables = [_averages(scores, PRF, f"Convention {''.join(scores.conventions)}")]
    tables.append(_averages(scores, others, "Other figures"))
    if len(scores.conventions) == 1:
        tables += [_observations(scores, name, "Per observation") for name in scores.conventions]
    shown = tuple(table for table in tables if table.rows)
    return Document("", (Section("", shown), Section("", (_notes(scores),))))


def _side_by_side(scores: GenerationScores) -> Table:
    """F1: one row a convention and uncertain policy, one column an average."""
    cells = _cells(_f1_averages(scores), _policy, _average)
    headings = {
        f"{average} {class_set}": f"{average} {class_set}"
        for average in AVERAGES
        for class_set in CLASS_SETS
    }
    zeros = {
        s.zero_division
        for own in cells.values()
        for s in own.values()
        if s.zero_division is not None
    }
    rule = " or ".join(f"{zero:g}" for zero in sorted(zeros))
    return _table(
        f"F1 side by side; 0/0 is {rule}", ("Convention", "Uncertain is"), cells, headings
    )


def caption(scores: GenerationScores) -> list[str]:
    """What the figures rest on, one line a fact."""
    provenance, boot = scores.provenance, scores.bootstrap
    similarity = next(scores.of(SIMILARITY), None)
    lines = [
        f"Reports: {scores.reports}. Labeled: {provenance.section}.",
        f"Labeler: {provenance.labeler}, sha256 {provenance.sha256}; schema {provenance.schema}.",
        f"Versions: {provenance.versions_line}.",
    ]
    if boot is not None:
        lines.append(
            f"Intervals: {boot.confidence:.0%} percentile bootstrap over reports, "
            f"{boot.resamples} resamples, seed {boot.seed}."
        )
    if similarity is not None:
        shown = show(_estimate(similarity))
        lines.insert(0, f"CheXbert similarity: {shown}, the mean over reports.")
    for name in scores.conventions:
        convention = CONVENTIONS[name]
        lines.append(f"{name}: {convention.source}. " + " ".join(convention.peculiarities))
    if any(score.is_zero_by_zero for score in scores.scores):
        lines.append(f"{STAR} is 0/0: there is nothing to divide by.")
    return [*lines, *_footnotes(scores), *scores.notes]


def _footnotes(scores: GenerationScores) -> list[str]:
    """What to know of the averaged F1 and AUROC: zero divisions and undefined values.

    Notes of precision, recall and single observations stay with their figures in JSON and CSV.
    """
    where: dict[str, dict[str, None]] = {}
    for score in scores.scores:
        figure = score.figure
        if score.note and not figure.observation and figure.measure in ("f1", "auroc"):
            name = f"{score.convention} {figure.average} {figure.class_set}"
            note = f"AUROC {score.note}" if figure.measure == "auroc" else score.note
            where.setdefault(note, {})[name] = None
    return [f"{note} ({', '.join(names)})." for note, names in where.items()]


def _notes(scores: GenerationScores) -> Notes:
    return Notes(tuple(Note(line) for line in caption(scores)))


def _paper_sections(scores: GenerationScores) -> list[Section]:
    sections = [Section("", (_averages(scores, MEASURES, ""),))]
    for name in scores.conventions:
        table = _observations(scores, name, "")
        if table.rows:
            sections.append(Section(f"Per observation, {name}", (table,)))
    return [*sections, Section("What the figures rest on", (_notes(scores),))]


def _averages(scores: GenerationScores, measures: Iterable[str], title: str) -> Table:
    """One row an average of a convention."""
    found = (s for s in scores.scores if s.convention != SIMILARITY and not s.figure.observation)

    def row(score: Score) -> tuple[str, ...]:
        return (*_policy(score), score.figure.class_set, score.figure.average)

    heads = ("Convention", "Uncertain is", "Observations", "Average")
    headings = {measure: MEASURES[measure] for measure in measures}
    ruled = not set(headings).isdisjoint(PRF)
    return _table(title, heads, _cells(found, row, _measure), headings, zero_division=ruled)


def _observations(scores: GenerationScores, convention: str, title: str) -> Table:
    """One row an observation of the 14, the five among them."""
    found = [
        s for s in scores.of(convention) if s.figure.observation and s.figure.class_set == "14"
    ]

    def row(score: Score) -> tuple[str, ...]:
        return score.figure.observation, _policy(score)[1]

    cells = _cells(found, row, _measure)
    table = _table(title, ("Observation", "Uncertain is"), cells, MEASURES, zero_division=True)
    return Table(
        convention,
        title,
        (*table.columns, Column("support", "In references", Kind.COUNT)),
        tuple(
            (*shown, next(iter(own.values())).support)
            for shown, own in zip(table.rows, cells.values(), strict=True)
        ),
    )


def _average_bars(scores: GenerationScores, class_set: str) -> Bars:
    """F1 of each convention over one class set, a series an average."""
    found = [s for s in _f1_averages(scores) if s.figure.class_set == class_set]
    series = [average for average in AVERAGES if any(s.figure.average == average for s in found)]
    rows = _cells(
        found, lambda s: (", uncertain is ".join(_policy(s)),), lambda s: s.figure.average
    )
    return Bars(
        f"f1 {class_set}",
        f"F1 over {class_set} observations",
        tuple(series),
        tuple((name, _estimates(own, series)) for (name,), own in rows.items()),
    )


def _observation_bars(scores: GenerationScores) -> Bars:
    """F1 of the 14 observations, a series an uncertain policy; conventions share these figures."""
    found = [s for s in scores.scores if s.figure.measure == "f1" and s.figure.class_set == "14"]
    rows = _cells(
        (s for s in found if s.figure.observation),
        lambda score: (score.figure.observation,),
        lambda score: f"uncertain is {UNCERTAIN_SHORT[score.figure.uncertain]}",
    )
    series = tuple(dict.fromkeys(name for own in rows.values() for name in own))
    names = [(name,) for name in FOURTEEN if (name,) in rows]
    return Bars("f1", "", series, tuple((key[0], _estimates(rows[key], series)) for key in names))


def _f1_averages(scores: GenerationScores) -> list[Score]:
    return [s for s in scores.scores if s.figure.measure == "f1" and not s.figure.observation]


def _policy(score: Score) -> tuple[str, ...]:
    return score.convention, UNCERTAIN_SHORT[score.figure.uncertain]


def _average(score: Score) -> str:
    return f"{score.figure.average} {score.figure.class_set}"


def _measure(score: Score) -> str:
    return score.figure.measure


def _cells(
    scores: Iterable[Score],
    row: Callable[[Score], tuple[str, ...]],
    column: Callable[[Score], str],
) -> Cells:
    cells: Cells = {}
    for score in scores:
        cells.setdefault(row(score), {}).setdefault(column(score), score)
    return cells


def _table(
    title: str,
    heads: tuple[str, ...],
    cells: Cells,
    headings: Mapping[str, str],
    *,
    zero_division: bool = False,
) -> Table:
    """Rows that have one of the headings' figures; columns that a row has a figure for."""
    present = [name for name in headings if any(name in own for own in cells.values())]
    columns = [Column(name.casefold(), name) for name in heads]
    if zero_division:
        columns.append(Column("zero_division", "0/0 is"))
    columns += [Column(name, headings[name], Kind.FIGURE) for name in present]
    rows: list[tuple[Cell, ...]] = []
    for key, own in cells.items():
        if any(name in own for name in present):
            known = [s.zero_division for s in own.values() if s.zero_division is not None]
            rule = [f"{known[0]:g}" if known else None] if zero_division else []
            rows.append((*key, *rule, *_estimates(own, present)))
    return Table(title or "scores", title, tuple(columns), tuple(rows))


def _estimates(own: Mapping[str, Score], names: Iterable[str]) -> tuple[Estimate | None, ...]:
    return tuple(_estimate(own[name]) if name in own else None for name in names)


def _estimate(score: Score) -> Estimate:
    mark = STAR if score.is_zero_by_zero else ""
    return Estimate(score.value, score.lower, score.upper, mark)
