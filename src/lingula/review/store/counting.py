"""Progress, disputes and labels of everybody, looked up in the follower's arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from lingula.review.records import Disputed, Person, Progress, Readings
from lingula.review.store.following import NONE, Follower, Reading
from lingula.review.store.people import people
from lingula.review.store.tables import REPORT
from lingula.review.store.times import moment

#: Names are looked up for so many reports at a time: databases bound the numbers of a query.
_AT_ONCE = 1_000


def progress(connection: sa.Connection, follower: Follower, person: Person) -> tuple[Progress, ...]:
    """How far readers and adjudicators are; a reader gets their own alone."""
    out = []
    with follower.lock:
        for one in people(connection):
            if one.role != "manager" and (one.id == person.id or person.role != "reader"):
                out.append(_progress(follower.reading(connection, one.id), one))
    return tuple(out)


def _progress(reading: Reading, person: Person) -> Progress:
    done = reading.submitted
    spent = reading.seconds[done]
    return Progress(
        person=person,
        assigned=len(reading.order),
        done=int(done.sum()),
        flagged=int((done & (reading.flags > 0)).sum()),
        seconds=float(reading.seconds.sum(dtype=np.float64)),
        median_seconds=float(np.median(spent)) if len(spent) else None,
        last=moment(reading.last) if reading.last else None,
    )


def readings(connection: sa.Connection, follower: Follower) -> Readings:
    """Labels of all readers, of the reports that at least one has labeled."""
    with follower.lock:
        readers = tuple(one for one in people(connection) if one.role == "reader")
        held = [follower.reading(connection, one.id) for one in readers]
        practice = follower.practice(connection)
        some = np.zeros(len(practice), dtype=np.bool_)
        for reading in held:
            some |= reading.labeled
        reports = np.flatnonzero(some).astype(np.int32)
        classes = np.stack([reading.labels(reports) for reading in held])
        return Readings(readers, reports, classes, practice[reports])


def practice_readings(
    connection: sa.Connection, follower: Follower, person: Person
) -> Readings | None:
    """Labels of the practice set by all who are done with it; None for a reader who is not."""
    with follower.lock:
        practice = np.flatnonzero(follower.practice(connection)).astype(np.int32)
        if not len(practice):
            return None
        readers = [one for one in people(connection) if one.role == "reader"]
        held = [(one, follower.reading(connection, one.id)) for one in readers]
        done = [(one, reading) for one, reading in held if reading.submitted[practice].all()]
        if person.role == "reader" and person.id not in {one.id for one, _ in done}:
            return None
        k = follower.width
        classes = [reading.labels(practice) for _, reading in done]
        return Readings(
            tuple(one for one, _ in done),
            practice,
            np.stack(classes) if classes else np.zeros((0, len(practice), k), dtype=np.int8),
            np.ones(len(practice), dtype=np.bool_),
        )


def disputed(connection: sa.Connection, follower: Follower, person: Person) -> tuple[Disputed, ...]:
    """Reports that all of their readers have submitted, and on which these differ."""
    with follower.lock:
        readers = [one for one in people(connection) if one.role == "reader"]
        held = [follower.reading(connection, one.id) for one in readers]
        practice = follower.practice(connection)
        assigned = np.zeros((len(held), len(practice)), dtype=np.bool_)
        for row, reading in enumerate(held):
            assigned[row, reading.order] = True
        submitted = np.stack([reading.submitted for reading in held])
        whole = (assigned & ~submitted).any(axis=0)
        reports = np.flatnonzero(~whole & (assigned.sum(axis=0) > 1) & ~practice).astype(np.int32)
        cells, flags_differ = _differences(held, assigned, reports)
        chosen = np.flatnonzero((cells > 0) | flags_differ)
        decided = follower.reading(connection, person.id).submitted
        names = report_names(connection, reports[chosen].tolist())
        return tuple(
            Disputed(int(at), names[int(at)], int(count), bool(decided[at]))
            for at, count in zip(reports[chosen], cells[chosen], strict=True)
        )


def _differences(
    held: list[Reading], assigned: npt.NDArray[np.bool_], reports: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """How many observations differ on each report, and whether the flags do."""
    k = held[0].answers.shape[1] if held else 0
    low = np.full((len(reports), k), 127, dtype=np.int8)
    high = np.full((len(reports), k), NONE, dtype=np.int8)
    low_flag = np.full(len(reports), 127, dtype=np.int8)
    high_flag = np.full(len(reports), -1, dtype=np.int8)
    for row, reading in enumerate(held):
        classes = reading.labels(reports)
        high = np.maximum(high, classes)
        low = np.minimum(low, np.where(classes == NONE, 127, classes))
        mine = assigned[row, reports]
        flags = reading.flags[reports]
        high_flag = np.maximum(high_flag, np.where(mine, flags, -1))
        low_flag = np.minimum(low_flag, np.where(mine, flags, 127))
    return (high > low).sum(axis=1), high_flag > low_flag


def report_names(connection: sa.Connection, numbers: list[int]) -> dict[int, str]:
    """The table's ids of reports."""
    out: dict[int, str] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        rows = connection.execute(
            sa.select(REPORT.c.id, REPORT.c.name).where(
                REPORT.c.id.in_(numbers[start : start + _AT_ONCE])
            )
        )
        out.update({row.id: row.name for row in rows})
    return out


def seconds(connection: sa.Connection, follower: Follower) -> dict[int, npt.NDArray[np.float32]]:
    """Time that each person spent on each report, shape (n + 1,)."""
    with follower.lock:
        return {
            one.id: follower.reading(connection, one.id).seconds.copy()
            for one in people(connection)
        }
