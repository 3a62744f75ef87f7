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
from lingula.tables.ids import settled
from lingula.tables.label_match import MatchedTables, match_label_tables
from lingula.tables.label_table import LabelTable, read_label_table
from lingula.tables.label_values import LABEL_CODES, RATINGS
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


@dataclass(frozen=True)
class Files:
    """The tables of an evaluation.

    Attributes:
        truth: Of true labels, or None if ``majority_of`` makes them.
        predicted: Of the labeler, or of a model's scores.
        second: Of a second labeler.
        readers: Of people to place.
        majority_of: Of people whose majority is the truth.
        weights_from: Weights CheXbert's F1; its rows need not be the same reports.
    """

    truth: Path | None
    predicted: Path
    second: Path | None = None
    readers: tuple[Path, ...] = ()
    majority_of: tuple[Path, ...] = ()
    weights_from: Path | None = None


@dataclass(frozen=True)
class Reading:
    """How those tables are read and matched.

    Attributes:
        schema: The observations that are wanted.
        id_columns: Column of the ids: one for every table, or one for the truth and one for the
            others; found by their names if empty.
        by_row_order: Match rows by their order.
        shared_only: Leave out ids that not every table has.
        duplicates: What becomes of several rows with one id (``tables.ids.DUPLICATES``).
        patient_column: Column of patients, in the first table.
        probability_columns: Template of the labelers' probability columns.
        label_codes: What numbers mean as labels (``label_values.LABEL_CODES``).

    Raises:
        InputError: If there are more than two id columns, or a code is unknown.
    """

    schema: Schema
    id_columns: tuple[str, ...] = ()
    by_row_order: bool = False
    shared_only: bool = False
    duplicates: str = "fail"
    patient_column: str | None = None
    probability_columns: str | None = None
    label_codes: str = "chexpert"

    def __post_init__(self) -> None:
        if len(self.id_columns) > 2:
            raise InputError("name one id column, or one for the truth and one for the others")
        if self.label_codes not in LABEL_CODES:
            raise InputError(f"label codes are {', '.join(LABEL_CODES)}, not {self.label_codes!r}")


def read_inputs(
    files: Files, reading: Reading, uncertain: UncertainPolicy = UncertainPolicy.ONES
) -> Inputs:
    """Read and match every table of an evaluation.

    Args:
        files: The tables.
        reading: How they are read.
        uncertain: Policy for the readers' uncertain ratings in a majority.

    Raises:
        InputError: If a table cannot be read or the rows do not match.
        ColumnError: If columns are missing.
    """
    first = list(files.majority_of) if files.truth is None else [files.truth]
    if not first:
        raise InputError("there is no truth: give a table of true labels or readers who vote")
    labelers = [path for path in (files.predicted, files.second) if path is not None]
    paths = [*first, *labelers, *files.readers]
    probable = range(len(first), len(first) + len(labelers))
    id_columns = _id_columns(reading, paths, len(first))
    tables: list[LabelTable | ScoreTable] = []
    notes: list[str] = []
    for position, path in enumerate(paths):
        person = position not in probable and (files.truth is None or position > 0)
        table = _read(
            path,
            reading,
            id_columns[position],
            person=person,
            patients=position == 0,
            scores=position in probable,
        )
        table, note = settled(table, reading.duplicates)
        notes += [note] if note else []
        tables.append(table)
    matched = match_label_tables(
        tables, by_row_order=reading.by_row_order, shared_only=reading.shared_only
    )
    names = short_names(paths)
    notes += [*matched.notes, *_notes(tables, matched, names)]
    people = _labels_only(matched.tables[: len(first)])
    rest = matched.tables[len(first) :]
    truth_labels, truth_name = people[0].labels, names[0]
    if files.truth is None:
        truth_labels, ties = majority_labels([table.labels for table in people], uncertain)
        truth_name = f"the majority of {len(people)} readers"
        if ties.any():
            notes.append(f"{int(ties.sum()):,} votes were ties, which count as not positive.")
    return Inputs(
        truth=truth_labels,
        truth_name=truth_name,
        candidates=_candidates(rest[: len(labelers)], names[len(first) :]),
        readers=_candidates(rest[len(labelers) :], names[len(first) + len(labelers) :]),
        voters=_candidates(people, names) if files.truth is None else (),
        patients=people[0].patients,
        weights=None
        if files.weights_from is None
        else _weights(files.weights_from, truth_labels.schema),
        notes=tuple(notes),
    )


def _id_columns(reading: Reading, paths: Sequence[Path], n_truth: int) -> list[str | None]:
    """The id column of each table; None leaves it to the names of its columns."""
    named = reading.id_columns
    if named:
        return [named[0] if at < n_truth else named[-1] for at in range(len(paths))]
    if reading.by_row_order:
        return [None] * len(paths)
    # One name for all tables: two tables may have several usual ones each.
    return [shared_id_column([column_names(path) for path in paths])] * len(paths)


def _read(
    path: Path,
    reading: Reading,
    id_column: str | None,
    *,
    person: bool,
    patients: bool,
    scores: bool,
) -> LabelTable | ScoreTable:
    words = LABEL_CODES[reading.label_codes]
    if scores:
        return read_prediction_table(
            path,
            schema=reading.schema,
            id_column=id_column,
            by_row_order=reading.by_row_order,
            probability_columns=reading.probability_columns,
            words=words,
        )
    return read_label_table(
        path,
        schema=reading.schema,
        id_column=id_column,
        by_row_order=reading.by_row_order,
        patient_column=reading.patient_column if patients else None,
        words={**words, **RATINGS} if person else words,
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
    notes = [note for table in tables if isinstance(table, LabelTable) for note in table.notes]
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
