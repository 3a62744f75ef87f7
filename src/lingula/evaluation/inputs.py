"""From label files to what ``evaluate`` takes: read, matched, voted, with what fell out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lingula.errors import ColumnError, InputError
from lingula.evaluation.evaluate import Candidate
from lingula.evaluation.people import majority_labels
from lingula.labels import Labels, Schema
from lingula.metrics.uncertain import UncertainPolicy
from lingula.tables.columns import shared_id_column
from lingula.tables.label_match import MatchedTables, match_label_tables
from lingula.tables.label_table import LabelTable, read_label_table
from lingula.tables.reading import column_names
from lingula.tables.score_table import ScoreTable, read_prediction_table

#: CheXpert's competition observations (Irvin et al., AAAI 2019), which papers call "the five".
FIVE = ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")


@dataclass(frozen=True, eq=False)
class Inputs:
    """Matched labels of the same n reports.

    Attributes:
        truth: True labels.
        truth_name: To show.
        candidates: One or two labelers.
        readers: People to place.
        voters: People whose majority is the truth.
        patients: Shape (n,), or None.
        weights: Labels that weight CheXbert's F1, or None.
        notes: What was left out.
    """

    truth: Labels
    truth_name: str
    candidates: tuple[Candidate, ...]
    readers: tuple[Candidate, ...]
    voters: tuple[Candidate, ...]
    patients: npt.NDArray[np.object_] | None
    weights: Labels | None
    notes: tuple[str, ...]


def read_inputs(
    truth: Path | None,
    predicted: Path,
    *,
    schema: Schema,
    second: Path | None = None,
    readers: Sequence[Path] = (),
    majority_of: Sequence[Path] = (),
    weights_from: Path | None = None,
    id_column: str | None = None,
    by_row_order: bool = False,
    shared_only: bool = False,
    patient_column: str | None = None,
    probability_columns: str | None = None,
    uncertain: UncertainPolicy = UncertainPolicy.ONES,
) -> Inputs:
    """Read and match every table of an evaluation.

    Args:
        truth: Table of true labels, or None if ``majority_of`` makes them.
        predicted: Table of the labeler.
        schema: The observations that are wanted.
        second: Table of a second labeler.
        readers: Tables of people to place.
        majority_of: Tables of people whose majority is the truth.
        weights_from: Table that weights CheXbert's F1; its rows need not be the same reports.
        id_column: Column of the ids, in every table.
        by_row_order: Match rows by their order.
        shared_only: Leave out ids that not every table has.
        patient_column: Column of patients, in the first table.
        probability_columns: Template of the labelers' probability columns.
        uncertain: Policy for the readers' uncertain ratings in a majority.

    Raises:
        InputError: If a table cannot be read or the rows do not match.
        ColumnError: If columns are missing.
    """
    voters = [] if truth is not None else list(majority_of)
    first = [*voters] if truth is None else [truth]
    if not first:
        raise InputError("there is no truth: give a table of true labels or readers who vote")
    labelers = [path for path in (predicted, second) if path is not None]
    files = [*first, *labelers, *readers]
    if id_column is None and not by_row_order:
        # One name for all tables: two tables may have several usual ones each.
        id_column = shared_id_column([column_names(path) for path in files])
    probable = range(len(first), len(first) + len(labelers))

    def read(position: int, path: Path) -> LabelTable | ScoreTable:
        if position in probable:
            return read_prediction_table(
                path,
                schema=schema,
                id_column=id_column,
                by_row_order=by_row_order,
                probability_columns=probability_columns,
            )
        return read_label_table(
            path,
            schema=schema,
            id_column=id_column,
            by_row_order=by_row_order,
            patient_column=patient_column if position == 0 else None,
            reader_ratings=truth is None or position > 0,
        )

    tables = [read(position, path) for position, path in enumerate(files)]
    matched = match_label_tables(tables, by_row_order=by_row_order, shared_only=shared_only)
    names = short_names(files)
    notes = _notes(tables, matched, names)
    people = _labels_only(matched.tables[: len(first)])
    rest = matched.tables[len(first) :]
    truth_labels, truth_name = people[0].labels, names[0]
    if truth is None:
        truth_labels, ties = majority_labels([table.labels for table in people], uncertain)
        truth_name = f"the majority of {len(people)} readers"
        if ties.any():
            notes.append(f"{int(ties.sum()):,} votes were ties, which count as not positive.")
    return Inputs(
        truth=truth_labels,
        truth_name=truth_name,
        candidates=_candidates(rest[: len(labelers)], names[len(first) :]),
        readers=_candidates(rest[len(labelers) :], names[len(first) + len(labelers) :]),
        voters=_candidates(people, names) if truth is None else (),
        patients=people[0].patients,
        weights=None if weights_from is None else _weights(weights_from, truth_labels.schema),
        notes=tuple(notes),
    )


def short_names(paths: Sequence[Path]) -> list[str]:
    """File names without folders and suffixes, or whole paths where those are not distinct."""
    stems = [path.name.split(".")[0] or path.name for path in paths]
    return [
        stem if stems.count(stem) == 1 else str(path)
        for stem, path in zip(stems, paths, strict=True)
    ]


def _candidates(
    tables: Sequence[LabelTable | ScoreTable], names: Sequence[str]
) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(name, table.scores)
        if isinstance(table, ScoreTable)
        else Candidate(name, table.labels, table.probabilities)
        for table, name in zip(tables, names, strict=False)
    )


def _weights(path: Path, schema: Schema) -> Labels:
    labels = read_label_table(path, schema=schema, by_row_order=True).labels
    missing = [name for name in schema.names if name not in labels.schema.names]
    if missing:
        raise ColumnError(f"{path}: weights need every observation; it lacks {', '.join(missing)}")
    return labels


def _labels_only(tables: Sequence[LabelTable | ScoreTable]) -> list[LabelTable]:
    return [table for table in tables if isinstance(table, LabelTable)]


def _notes(
    tables: Sequence[LabelTable | ScoreTable],
    matched: MatchedTables[LabelTable | ScoreTable],
    names: Sequence[str],
) -> list[str]:
    notes = []
    shared = matched.tables[0].schema
    if matched.left_out_observations:
        lacking: dict[tuple[str, ...], list[str]] = {}
        for name, table in zip(names, tables, strict=True):
            if table.missing:
                lacking.setdefault(table.missing, []).append(name)
        parts = (
            f"{', '.join(missing)} (not in {', '.join(dict.fromkeys(who))})"
            for missing, who in lacking.items()
        )
        notes.append(
            f"Only the {len(shared)} shared observations count. Left out: {'; '.join(parts)}."
        )
    for name, count in zip(names, matched.left_out_rows, strict=True):
        if count:
            notes.append(f"{name}: {count:,} rows are left out, whose ids not every table has.")
    return notes
