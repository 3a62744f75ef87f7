"""Scores as Markdown, with all that a reader needs to compare them: for papers and READMEs."""

from __future__ import annotations

from collections.abc import Sequence

from lingula.score.conventions import CONVENTIONS
from lingula.score.provenance import Provenance
from lingula.score.result import SIMILARITY, GenerationScores
from lingula.score.views import (
    MEASURES,
    STAR,
    Row,
    footnotes,
    measures_in,
    number,
    observation_rows,
    summary_rows,
)


def to_markdown(scores: GenerationScores, digits: int = 3) -> str:
    """A document: one table of averages, one of observations a convention, then the provenance."""
    rows = summary_rows(scores)
    measures = measures_in(rows)
    parts = [
        _table(
            [
                *("Convention", "Uncertain is", "Observations", "Average", "0/0 is"),
                *(MEASURES[measure] for measure in measures),
            ],
            [
                [
                    *(row.convention, row.uncertain, row.class_set, row.average),
                    *(row.zero_division, *_cells(row, measures, digits)),
                ]
                for row in rows
            ],
            n_text=5,
        )
    ]
    for convention in scores.conventions:
        rows = observation_rows(scores, convention)
        if not rows:
            continue
        measures = measures_in(rows)
        header = ["Observation", "Uncertain is", "0/0 is"]
        header += [*(MEASURES[measure] for measure in measures), "In references"]
        lines = [
            [
                *(row.observation, row.uncertain, row.zero_division),
                *_cells(row, measures, digits),
                str(next(iter(row.cells.values())).support),
            ]
            for row in rows
        ]
        parts.append(f"Per observation, {convention}:\n\n" + _table(header, lines, n_text=3))
    parts.append("\n".join(f"- {line}" for line in caption(scores)))
    return "\n\n".join(parts) + "\n"


def caption(scores: GenerationScores) -> list[str]:
    """What the figures rest on, one line a fact."""
    provenance: Provenance = scores.provenance
    similarity = next(scores.of(SIMILARITY), None)
    lines = [
        f"Reports: {scores.reports}. Labeled: {provenance.section}.",
        f"Labeler: {provenance.labeler}, sha256 {provenance.sha256}; schema {provenance.schema}.",
        f"Versions: {provenance.versions_line}.",
    ]
    if scores.bootstrap is not None:
        boot = scores.bootstrap
        lines.append(
            f"Intervals: {boot.confidence:.0%} percentile bootstrap over reports, "
            f"{boot.resamples} resamples, seed {boot.seed}."
        )
    if similarity is not None:
        lines.insert(0, f"CheXbert similarity: {number(similarity)}, the mean over reports.")
    for name in scores.conventions:
        convention = CONVENTIONS[name]
        lines.append(f"{name}: {convention.source}. " + " ".join(convention.peculiarities))
    if any(score.is_zero_by_zero for score in scores.scores):
        lines.append(f"{STAR} is 0/0: there is nothing to divide by.")
    lines += [f"{note}." for note in footnotes(scores)]
    lines += scores.notes
    return lines


def _cells(row: Row, measures: Sequence[str], digits: int) -> list[str]:
    return [number(row.cells.get(measure), digits) for measure in measures]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], n_text: int) -> str:
    rule = [":--"] * n_text + ["--:"] * (len(header) - n_text)
    lines = [header, rule, *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
