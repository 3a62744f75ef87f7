"""From tables of reports, or of labels, to filled ``GenerationScore``s."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.labels import is_missing
from lingula.score.generation import GenerationScore
from lingula.score.labeling import Progress
from lingula.score.pairing import Pairs, dropped_note, pair_rows
from lingula.score.provenance import file_sha256
from lingula.score.reading import Reading, read_labels, read_reports
from lingula.score.state import labeled_state
from lingula.tables.remote import local_path
from lingula.tables.report_table import ReportTable
from lingula.tables.row_match import HasRows


def score_report_tables(
    references: str | Path,
    generated: str | Path,
    metric: GenerationScore,
    reading: Reading | None = None,
    *,
    second: str | Path | None = None,
    progress: Progress | None = None,
) -> tuple[GenerationScore, ...]:
    """Read, match and label tables of reports; ``compute()`` then gives the figures.

    Args:
        references: Any form of table, a folder of .txt files, or a .txt file with one report a
            line if the others are such files too.
        generated: The same; it may be the same table with another text column.
        metric: With the labeler and the conventions; it is fed.
        reading: How tables are read and matched; the defaults if not given.
        second: Reports of a second generator, for ``compare_generators``.
        progress: Told how many different texts are labeled, and of how many.

    Returns:
        The metric and, for a second generator, another one of the same pairs.

    Raises:
        InputError: If a table cannot be read, has no row, only empty reports or no ids, an id
            occurs twice (unless every convention drops duplicates, or ``duplicates`` says which
            counts) or on one side only, or, by row order, the tables differ in length.
        ColumnError: If a column is missing.
    """
    reading = reading or Reading()
    paths = [references, generated, *([] if second is None else [second])]
    notes: list[str] = []
    true, *others = read_reports(paths, reading, notes)
    metrics = _metrics_like(metric, others, notes)
    texts = np.array([reading.keep_empty or not is_missing(text) for text in true.texts])
    matched = [
        _paired(own, true, guess, reading) for own, guess in zip(metrics, others, strict=True)
    ]
    rows = _common_rows(matched, metrics, texts)
    known = None
    for own, guess, pairs in zip(metrics, others, matched, strict=True):
        kept = pairs.only(rows)
        own.section += (
            f" (references: {'+'.join(true.columns)}, generated: {'+'.join(guess.columns)})"
        )
        if own.labeler is None:
            raise InputError("there is no labeler to label reports with")
        state = labeled_state(
            own.labeler,
            [true.texts[row] for row in kept.references],
            [guess.texts[row] for row in kept.generated],
            _shown_ids(own, true, guess, kept),
            sections=own.sections,
            similarity=own.with_similarity,
            progress=progress,
            known=known,
        )
        own.merge(state)
        known = state.references
    return metrics


def score_label_tables(
    references: str | Path,
    generated: str | Path,
    metric: GenerationScore,
    reading: Reading | None = None,
    *,
    second: str | Path | None = None,
) -> tuple[GenerationScore, ...]:
    """Read and match label tables; ``compute()`` then gives the figures.

    Args:
        references: Labels of the references, in any form of table.
        generated: Labels of the generated reports.
        metric: With the conventions; it is fed.
        reading: How tables are read and matched; the defaults if not given.
        second: Labels of a second generator's reports, for ``compare_generators``.

    Returns:
        The metric and, for a second generator, another one of the same pairs.

    Raises:
        InputError: As ``score_report_tables``, or if a cell is no label.
        ColumnError: If a column is missing.
        SchemaError: If an observation is missing.
    """
    reading = reading or Reading()
    paths = [references, generated, *([] if second is None else [second])]
    notes: list[str] = []
    true, *others = read_labels(paths, reading, notes)
    metrics = _metrics_like(metric, others, notes)
    matched = [
        _paired(own, true, guess, reading) for own, guess in zip(metrics, others, strict=True)
    ]
    rows = _common_rows(matched, metrics, np.ones(len(true), dtype=np.bool_))
    for own, guess, path, pairs in zip(metrics, others, paths[1:], matched, strict=True):
        kept = pairs.only(rows)
        digests = " and ".join(
            f"{Path(p).name} {file_sha256(local_path(p))}" for p in (references, path)
        )
        own.section = "not known: labels were given"
        own.update_labels(
            true.labels.take(kept.references),
            guess.labels.take(kept.generated),
            _shown_ids(own, true, guess, kept),
            labeler=f"labels as given (sha256 of the tables: {digests})",
        )
    return metrics


def _metrics_like(
    metric: GenerationScore, others: Sequence[HasRows], notes: Sequence[str]
) -> tuple[GenerationScore, ...]:
    """The metric and, for a second generator, an empty one of the same choices."""
    metrics = [metric, *(metric.empty_copy() for _ in others[1:])]
    for own in metrics:
        own.notes += notes
    return tuple(metrics)


def _common_rows(
    matched: Sequence[Pairs], metrics: Sequence[GenerationScore], texts: npt.NDArray[np.bool_]
) -> npt.NDArray[np.intp]:
    """Rows of the references that every generator has and that have a text; notes say the rest."""
    rows = matched[0].references
    for pairs in matched[1:]:
        rows = rows[np.isin(rows, pairs.references)]
    empty = int((~texts[rows]).sum())
    for own, pairs in zip(metrics, matched, strict=True):
        if len(pairs.references) > len(rows):
            own.notes.append(
                f"{len(pairs.references) - len(rows):,} pairs are left out, since the other "
                "generator lacks their ids."
            )
        if empty:
            what = "1 reference has" if empty == 1 else f"{empty:,} references have"
            own.notes.append(
                f"{what} no text: nothing says what is true there, so such pairs are left out."
            )
    return rows[texts[rows]]


def _paired(metric: GenerationScore, true: HasRows, guess: HasRows, reading: Reading) -> Pairs:
    """Pairs of rows; what a reader must know goes to the metric's notes."""
    by_row_order = reading.by_row_order or _ordered(true, guess)
    pairs = pair_rows(
        true,
        guess,
        metric.conventions,
        by_row_order=by_row_order,
        shared_only=reading.shared_only,
    )
    metric.notes += pairs.notes
    if by_row_order and true.ids is not None and guess.ids is not None:
        differing = sum(a != b for a, b in zip(true.ids, guess.ids, strict=True))
        if differing:
            metric.notes.append(
                f"Matched by row order as asked, though the ids of {differing} rows differ."
            )
    if pairs.dropped:
        metric.notes.append(dropped_note(pairs.dropped))
    return pairs


def _ordered(true: HasRows, guess: HasRows) -> bool:
    """Whether only the order of rows can say what belongs together.

    So it is in lists of texts, and in one table without ids that holds both sides.
    """
    if isinstance(true, ReportTable) and isinstance(guess, ReportTable) and true.is_list:
        return guess.is_list
    one_table = isinstance(true, ReportTable) and true.source == guess.source
    return one_table and true.ids is None


def _shown_ids(
    metric: GenerationScore, true: HasRows, guess: HasRows, pairs: Pairs
) -> list[str] | None:
    """The pairs' ids, or None where they do not name rows."""
    ids, rows = (
        (true.ids, pairs.references) if true.ids is not None else (guess.ids, pairs.generated)
    )
    shown = None if ids is None else [str(ids[row]) for row in rows]
    if shown is not None and len(set(shown)) < len(shown):
        metric.notes.append("Ids repeat, so rows are named by their number.")
        return None
    return shown
