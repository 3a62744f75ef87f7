"""Begins a review: reports from any table, labels proposed once, people, and who reads what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError, ReviewError
from lingula.labels import Labeler, is_missing
from lingula.pipeline.texts import chosen_sections
from lingula.review.assignment import plan
from lingula.review.proposing import Proposals, Tell, evidence_of, propose
from lingula.review.records import NewReport, Person, Plan, Review
from lingula.review.selection import Sampling, choose
from lingula.review.store import Store
from lingula.review.store.times import now
from lingula.tables.columns import find_column, usual_column
from lingula.tables.open_source import open_source
from lingula.tables.report_table import check_not_all_empty, read_report_table
from lingula.tables.usual_names import PATIENT_NAMES


@dataclass(frozen=True)
class Reports:
    """The table of a review's reports.

    Attributes:
        path: Any form of table, or a folder.
        text_columns: Columns of the reports; found by their names if none is given.
        id_column: Column of their ids; found by its name, else rows are numbered.
        patient_column: Column of their patients; found by its name, else there are none.
        sections: Sections that the labeler reads: names, "auto", or None for the whole texts.
            Readers see the whole text.
    """

    path: Path
    text_columns: tuple[str, ...] = ()
    id_column: str | None = None
    patient_column: str | None = None
    sections: Sequence[str] | str | None = "auto"


@dataclass(frozen=True)
class Conduct:
    """How a review is held.

    Attributes:
        name: To show.
        readers: Names of those who label.
        adjudicators: Names of those who decide.
        managers: Names of those who see how it goes.
        blind: Whether readers see no proposals and no evidence.
        readers_per_report: How many label each report; all if None.
        practice: Reports that every reader labels first.
        sampling: Which reports are read, and in which order.
    """

    name: str
    readers: tuple[str, ...]
    adjudicators: tuple[str, ...] = ()
    managers: tuple[str, ...] = ("manager",)
    blind: bool = False
    readers_per_report: int | None = None
    practice: int = 0
    sampling: Sampling = field(default_factory=Sampling)


@dataclass(frozen=True, eq=False)
class ReadReports:
    """Reports that were read: n ids, texts and patients, and the sections that are labeled."""

    names: tuple[str, ...]
    texts: tuple[str, ...]
    patients: tuple[str, ...]
    sections: tuple[str, ...] | None


def read_reports(reports: Reports) -> ReadReports:
    """Read the reports; those without a text are left out.

    Raises:
        InputError: If the table cannot be read, an id occurs twice, or no report has a text.
        ColumnError: If a column is missing.
    """
    table = read_report_table(
        reports.path, text_columns=reports.text_columns, id_column=reports.id_column
    )
    check_not_all_empty(table)
    names = table.ids or tuple(str(row) for row in range(1, len(table) + 1))
    seen: dict[str, int] = {}
    for row, name in enumerate(names, start=1):
        if name in seen:
            raise InputError(
                f"{table.source}, row {row}: the id {name!r} stands in row {seen[name]} too; a "
                "review needs an id of its own for each report (name the column with --id-column)"
            )
        seen[name] = row
    patients = _patients(reports, table.source, len(table))
    kept = [row for row, text in enumerate(table.texts) if not is_missing(text)]
    return ReadReports(
        tuple(names[row] for row in kept),
        tuple(str(table.texts[row]) for row in kept),
        tuple(patients[row] for row in kept),
        chosen_sections(reports.sections, table.columns),
    )


def _patients(reports: Reports, source: str, count: int) -> list[str]:
    opened = open_source(reports.path)
    names = opened.schema.names
    if reports.patient_column is None:
        name = usual_column(names, PATIENT_NAMES)
    else:
        name = names[find_column(names, reports.patient_column, source, "patient")]
    if name is None:
        return [""] * count
    cells: list[Any] = []
    for batch in opened.batches():
        cells += batch.column(name).to_pylist()
    return ["" if cell is None else str(cell) for cell in cells]


def create(  # noqa: PLR0917 - each is a thing of its own
    database: str | Path,
    reports: ReadReports,
    conduct: Conduct,
    labeler: Labeler,
    second: Labeler | None = None,
    tell: Tell | None = None,
) -> Store:
    """Make a review in a new database and open it.

    Args:
        database: Path of the SQLite file, or the address of an empty PostgreSQL database.
        reports: Those that can be chosen.
        conduct: How it is held.
        labeler: Whose labels are proposed, and order the reports.
        second: The labeler that it is compared with, for the order by disagreement.
        tell: Told of reports labeled, and of all.

    Raises:
        ReviewError: If the database holds a review already, or what is asked for cannot be done.
    """
    if not conduct.readers:
        raise ReviewError("a review needs readers: name them with --readers NAME,NAME")
    each = conduct.readers_per_report or len(conduct.readers)
    if each > len(conduct.readers):
        raise ReviewError(
            f"{each} readers a report are more than the {len(conduct.readers)} that are named"
        )
    mine, other = _labels(reports, conduct.sampling, labeler, second, tell)
    numbers = np.arange(1, len(reports.texts) + 1)
    chosen = choose(numbers, mine, other, conduct.sampling, practice=conduct.practice)
    review = Review(
        name=conduct.name,
        schema=labeler.schema,
        blind=conduct.blind,
        readers_per_report=each,
        order=conduct.sampling.order,
        practice=conduct.practice,
        labeler=str(getattr(labeler, "name", type(labeler).__name__)),
        labeler_sha256=str(getattr(labeler, "sha256", "")),
        seed=conduct.sampling.seed,
        created=now(),
        sections=reports.sections,
    )
    persons = [
        *((name, "reader") for name in conduct.readers),
        *((name, "adjudicator") for name in conduct.adjudicators),
        *((name, "manager") for name in conduct.managers),
    ]

    def planned(count: int, people: tuple[Person, ...]) -> Plan:
        return plan(chosen, people, each, conduct.sampling.seed)

    rows = [item.report_id - 1 for item in chosen]
    store = Store(database, create=True)
    try:
        store.fill(review, _with_evidence(reports, rows, mine.classes, labeler), persons, planned)
    except BaseException:
        store.close()
        raise
    return store


def _labels(
    reports: ReadReports,
    sampling: Sampling,
    labeler: Labeler,
    second: Labeler | None,
    tell: Tell | None,
) -> tuple[Proposals, Proposals | None]:
    if sampling.order != "disagreement":
        return propose(labeler, reports.texts, reports.sections, tell), None
    if second is None:
        raise ReviewError("the order by disagreement needs a second labeler: --second NAME")
    if second.schema.names != labeler.schema.names:
        raise ReviewError("the two labelers have different observations: they cannot be compared")
    mine = propose(labeler, reports.texts, reports.sections, tell)
    return mine, propose(second, reports.texts, reports.sections, tell)


def _with_evidence(
    reports: ReadReports, rows: Sequence[int], classes: npt.NDArray[np.int8], labeler: Labeler
) -> list[NewReport]:
    """The reports, those that are read with their evidence."""
    texts = [reports.texts[row] for row in rows]
    evidence = dict(zip(rows, evidence_of(labeler, texts, reports.sections), strict=True))
    return [
        NewReport(name, text, patient, tuple(labels), evidence.get(row, ()))
        for row, (name, text, patient, labels) in enumerate(
            zip(reports.names, reports.texts, reports.patients, classes.tolist(), strict=True)
        )
    ]
