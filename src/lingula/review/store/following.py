"""The state of a review in memory: arrays that follow the judgements as they are added.

What holds now is a function of the judgements, which only grow and are numbered in the order of
their commits; so a state that was right stays right when the rows after it are added. Next reports,
progress and agreement are then looked up in arrays, however many reports there are.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from lingula.labels import Schema
from lingula.review.records import FLAGS
from lingula.review.store.tables import ASSIGNMENT, JUDGEMENT, REPORT, SELECTION

#: In arrays of classes: no answer.
NONE = -1
_FLAG_CODES = {"": 0, **{flag: code for code, flag in enumerate(FLAGS, start=1)}}


@dataclass(eq=False)
class Reading:
    """What one person has done so far, by report number (row 0 is nobody's).

    Attributes:
        answers: Class of each cell that was answered, int8, shape (n + 1, k); -1 for none.
        taken: Class of each cell as the report was last submitted, likewise.
        submitted: bool, shape (n + 1,).
        flags: int8, shape (n + 1,): 0 for none, else 1 + the place in ``FLAGS``.
        turns: int64, shape (n + 1,): number of the judgement that last submitted each.
        seconds: float32, shape (n + 1,): time spent.
        last: When the person last did something, milliseconds; 0 for never.
        order: Report numbers in the person's order.
    """

    answers: npt.NDArray[np.int8]
    taken: npt.NDArray[np.int8]
    submitted: npt.NDArray[np.bool_]
    flags: npt.NDArray[np.int8]
    turns: npt.NDArray[np.int64]
    seconds: npt.NDArray[np.float32]
    last: int = 0
    order: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))

    @classmethod
    def empty(cls, reports: int, observations: int) -> Reading:
        """Nothing done, of so many reports and observations."""
        return cls(
            np.full((reports + 1, observations), NONE, dtype=np.int8),
            np.full((reports + 1, observations), NONE, dtype=np.int8),
            np.zeros(reports + 1, dtype=np.bool_),
            np.zeros(reports + 1, dtype=np.int8),
            np.zeros(reports + 1, dtype=np.int64),
            np.zeros(reports + 1, dtype=np.float32),
        )

    @property
    def labeled(self) -> npt.NDArray[np.bool_]:
        """Reports that were submitted with labels, not a flag; shape (n + 1,)."""
        mask: npt.NDArray[np.bool_] = self.submitted & (self.flags == 0)
        return mask

    def labels(self, reports: npt.NDArray[np.int32]) -> npt.NDArray[np.int8]:
        """Classes of some reports, shape (m, k); -1 where a report was not labeled."""
        answers = self.answers[reports]
        classes = np.where(answers == NONE, self.taken[reports], answers)
        classes[~self.labeled[reports]] = NONE
        return classes


class Follower:
    """Follows the judgements of one database; may be asked by several threads.

    Args:
        schema: Of the review.
    """

    def __init__(self, schema: Schema) -> None:
        self.lock = threading.RLock()
        self._columns = {name: at for at, name in enumerate(schema.names)}
        self._seen = 0
        self._reports = 0
        self._readings: dict[int, Reading] = {}
        self._practice: npt.NDArray[np.bool_] = np.zeros(1, dtype=np.bool_)
        self._selected = -1

    @property
    def width(self) -> int:
        """Number of observations."""
        return len(self._columns)

    def follow(self, connection: sa.Connection) -> None:
        """Take in what was judged since the last time."""
        with self.lock:
            if not self._reports:
                self._reports = (
                    connection.execute(sa.select(sa.func.max(REPORT.c.id))).scalar() or 0
                )
            columns = (
                JUDGEMENT.c.seq,
                JUDGEMENT.c.person_id,
                JUDGEMENT.c.report_id,
                JUDGEMENT.c.kind,
                JUDGEMENT.c.observation,
                JUDGEMENT.c.value,
                JUDGEMENT.c.classes,
                JUDGEMENT.c.seconds_spent,
                JUDGEMENT.c.recorded,
            )
            rows = connection.execute(
                sa.select(*columns).where(JUDGEMENT.c.seq > self._seen).order_by(JUDGEMENT.c.seq),
                execution_options={"yield_per": 10_000},
            )
            for seq, person, report, kind, observation, value, classes, seconds, recorded in rows:
                self._seen = seq
                reading = self._of(person)
                reading.seconds[report] += seconds
                reading.last = max(reading.last, recorded)
                if kind in ("label", "undo"):
                    answer = int(value) if value else NONE
                    reading.answers[report, self._columns[observation]] = answer
                elif kind == "submit":
                    reading.submitted[report] = value == "1"
                    reading.turns[report] = seq
                    if classes is not None:
                        reading.taken[report] = np.frombuffer(classes.encode(), np.int8) - ord("0")
                elif kind == "flag":
                    reading.flags[report] = _FLAG_CODES[value]

    def reading(self, connection: sa.Connection, person_id: int) -> Reading:
        """What a person has done, as of the last ``follow``, with their order as it is now."""
        with self.lock:
            reading = self._of(person_id)
            held = ASSIGNMENT.c.person_id == person_id
            last = connection.execute(
                sa.select(sa.func.max(ASSIGNMENT.c.position)).where(held)
            ).scalar()
            if (last or 0) != len(reading.order):
                rows = connection.execute(
                    sa.select(ASSIGNMENT.c.report_id).where(held).order_by(ASSIGNMENT.c.position)
                ).scalars()
                reading.order = np.array(rows.all(), dtype=np.int32)
            return reading

    def practice(self, connection: sa.Connection) -> npt.NDArray[np.bool_]:
        """Which reports are of the practice set, bool, shape (n + 1,)."""
        with self.lock:
            if self._selected < 0:
                rows = connection.execute(
                    sa.select(SELECTION.c.report_id).where(SELECTION.c.why == "practice")
                ).scalars()
                self._practice = np.zeros(self._reports + 1, dtype=np.bool_)
                self._practice[np.array(rows.all(), dtype=np.int32)] = True
                self._selected = 1
            return self._practice

    def _of(self, person_id: int) -> Reading:
        if person_id not in self._readings:
            self._readings[person_id] = Reading.empty(self._reports, len(self._columns))
        return self._readings[person_id]
