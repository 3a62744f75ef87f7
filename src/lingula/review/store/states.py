"""What one person has made of one report so far, replayed from their judgements of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from lingula.review.store.tables import JUDGEMENT


@dataclass
class State:
    """What holds of one person and report.

    Attributes:
        answers: Observation -> class: cells that were answered.
        taken: One digit an observation as the report was submitted; None if it is not.
        marks: Observation -> words marked as the reason, as "start-end start-end".
        comment: The last.
        flag: The last, or an empty text.
    """

    answers: dict[str, int] = field(default_factory=dict)
    taken: str | None = None
    marks: dict[str, str] = field(default_factory=dict)
    comment: str = ""
    flag: str = ""

    @property
    def submitted(self) -> bool:
        """Whether the person is done with the report."""
        return self.taken is not None

    def labels(self, names: Sequence[str]) -> dict[str, int] | None:
        """Class of every observation, once the report is submitted."""
        if self.taken is None:
            return None
        return {**dict(zip(names, map(int, self.taken), strict=True)), **self.answers}

    def add(self, kind: str, observation: str | None, value: str, classes: str | None) -> None:
        """Take in the next judgement."""
        if kind == "comment":
            self.comment = value
        elif kind == "flag":
            self.flag = value
        elif kind == "submit":
            self.taken = classes if value == "1" else None
        elif observation is not None:
            kept: dict[str, int] | dict[str, str] = self.marks if kind == "mark" else self.answers
            kept.pop(observation, None)
            if value and kind == "mark":
                self.marks[observation] = value
            elif value:
                self.answers[observation] = int(value)


def states(connection: sa.Connection, report_id: int, people: Sequence[int]) -> dict[int, State]:
    """What holds of a report, by person, in one query."""
    rows = connection.execute(
        sa.select(
            JUDGEMENT.c.person_id,
            JUDGEMENT.c.kind,
            JUDGEMENT.c.observation,
            JUDGEMENT.c.value,
            JUDGEMENT.c.classes,
        )
        .where(JUDGEMENT.c.person_id.in_(people), JUDGEMENT.c.report_id == report_id)
        .order_by(JUDGEMENT.c.seq)
    )
    out = {person: State() for person in people}
    for person, kind, observation, value, classes in rows:
        out[person].add(kind, observation, value, classes)
    return out


def state_of(connection: sa.Connection, person_id: int, report_id: int) -> State:
    """What holds of one person and report."""
    return states(connection, report_id, [person_id])[person_id]
