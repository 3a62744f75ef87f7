"""From two tables of reports, or of labels, to a filled ``GenerationScore``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lingula.errors import InputError, SchemaError
from lingula.score.generation import GenerationScore
from lingula.score.labeling import Progress
from lingula.score.pairing import Pairs, dropped_note, pair_rows
from lingula.score.provenance import file_sha256
from lingula.tables.label_table import read_label_table
from lingula.tables.remote import local_path
from lingula.tables.report_table import check_not_all_empty, read_report_table
from lingula.tables.row_match import HasRows
from lingula.tables.usual_names import GENERATED_NAMES, REFERENCE_NAMES


def score_report_tables(
    references: str | Path,
    generated: str | Path,
    metric: GenerationScore,
    *,
    id_columns: Sequence[str] = (),
    by_row_order: bool = False,
    shared_only: bool = False,
    text_columns: Sequence[str] = (),
    generated_text_columns: Sequence[str] = (),
    progress: Progress | None = None,
) -> GenerationScore:
    """Read, match and label two tables of reports; ``compute()`` then gives the figures.

    Args:
        references: Any form of table, or a folder of .txt files.
        generated: The same; it may be the same table with another text column.
        metric: With the labeler and the conventions; it is fed, and returned.
        id_columns: Column of the ids in both, or of each; found by its name if not given.
        by_row_order: Match row i to row i; ids only name the rows of the per-report table.
        shared_only: Leave out ids that one table lacks, instead of failing.
        text_columns: Columns of the reports, joined; found by name if none is given.
        generated_text_columns: Those of the generated reports, if they have other names.
        progress: Told how many different texts are labeled, and of how many.

    Raises:
        InputError: If a table cannot be read, has no row, only empty reports or no ids, an id
            occurs twice (unless every convention drops duplicates) or on one side only, or, by
            row order, the tables differ in length.
        ColumnError: If a column is missing.
    """
    ids_at = _id_columns(id_columns)
    true = read_report_table(
        references, text_columns=text_columns, id_column=ids_at[0], side_names=REFERENCE_NAMES
    )
    guess = read_report_table(
        generated,
        text_columns=generated_text_columns or text_columns,
        id_column=ids_at[1],
        side_names=GENERATED_NAMES,
    )
    if (true.source, true.columns) == (guess.source, guess.columns):
        raise InputError(
            f"{true.source}: references and generated reports are the same column "
            f"{true.columns[0]!r}; name the two with --text-column and --generated-text-column"
        )
    check_not_all_empty(true)
    check_not_all_empty(guess)
    # Rows of one table belong together, with or without ids.
    by_row_order = by_row_order or (true.source == guess.source and true.ids is None)
    pairs, ids = _paired(metric, true, guess, by_row_order=by_row_order, shared_only=shared_only)
    metric.section += (
        f" (references: {'+'.join(true.columns)}, generated: {'+'.join(guess.columns)})"
    )
    metric.update(
        [true.texts[row] for row in pairs.references],
        [guess.texts[row] for row in pairs.generated],
        ids,
        progress,
    )
    return metric


def score_label_tables(
    references: str | Path,
    generated: str | Path,
    metric: GenerationScore,
    *,
    id_columns: Sequence[str] = (),
    by_row_order: bool = False,
    shared_only: bool = False,
) -> GenerationScore:
    """Read and match two label tables; ``compute()`` then gives the figures.

    Args:
        references: Labels of the references, in any form of table.
        generated: Labels of the generated reports.
        metric: With the conventions; it is fed, and returned.
        id_columns: Column of the ids in both, or of each; found by its name if not given.
        by_row_order: Match row i to row i.
        shared_only: Leave out ids that one table lacks, instead of failing.

    Raises:
        InputError: As ``score_report_tables``, or if a cell is no label.
        ColumnError: If a column is missing.
        SchemaError: If an observation is missing.
    """
    true, guess = (
        read_label_table(path, id_column=column, by_row_order=by_row_order and not column)
        for path, column in zip((references, generated), _id_columns(id_columns), strict=True)
    )
    for table in (true, guess):
        if not len(table):
            raise InputError(f"{table.source}: the table has a header but no rows")
        if table.missing:
            raise SchemaError(
                f"{table.source}: the conventions score CheXpert's 14 observations; the table "
                f"lacks {', '.join(table.missing)}"
            )
    pairs, ids = _paired(metric, true, guess, by_row_order=by_row_order, shared_only=shared_only)
    digests = " and ".join(
        f"{Path(p).name} {file_sha256(local_path(p))}" for p in (references, generated)
    )
    metric.section = "not known: labels were given"
    metric.update_labels(
        true.labels.take(pairs.references),
        guess.labels.take(pairs.generated),
        ids,
        labeler=f"labels as given (sha256 of the tables: {digests})",
    )
    return metric


def _id_columns(named: Sequence[str]) -> tuple[str | None, str | None]:
    if len(named) > 2:
        raise InputError("name one id column, or one for the references and one for the others")
    return (named[0], named[-1]) if named else (None, None)


def _paired(
    metric: GenerationScore,
    true: HasRows,
    guess: HasRows,
    *,
    by_row_order: bool,
    shared_only: bool,
) -> tuple[Pairs, list[str] | None]:
    """Pairs of rows and their ids; what a reader must know goes to the metric's notes."""
    pairs = pair_rows(
        true, guess, metric.conventions, by_row_order=by_row_order, shared_only=shared_only
    )
    metric.notes += pairs.notes
    ids = true.ids if true.ids is not None else guess.ids
    shown = None if ids is None else [str(ids[row]) for row in pairs.references]
    if by_row_order and true.ids is not None and guess.ids is not None:
        differing = sum(a != b for a, b in zip(true.ids, guess.ids, strict=True))
        if differing:
            metric.notes.append(
                f"Matched by row order as asked, though the ids of {differing} rows differ."
            )
    if shown is not None and len(set(shown)) < len(shown):
        metric.notes.append("Ids repeat, so rows are named by their number.")
        shown = None
    if pairs.dropped:
        metric.notes.append(dropped_note(pairs.dropped))
    return pairs, shown
