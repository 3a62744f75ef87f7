"""Takes judgements in: looks at each, adds what is new, and changes nothing that is there."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from lingula.errors import ReviewError
from lingula.labels import Label
from lingula.review.records import FLAGS, KINDS, Judgement, Person, Review
from lingula.review.store.disputes import decided_cells, open_cells
from lingula.review.store.states import state_of
from lingula.review.store.tables import ASSIGNMENT, JUDGEMENT, PROPOSAL, REPORT
from lingula.review.store.texts import storable
from lingula.review.store.times import milliseconds

_ID = re.compile(r"[0-9a-f]{32}")
_SPANS = re.compile(r"\d{1,9}-\d{1,9}(?: \d{1,9}-\d{1,9})*")
_VERSION = re.compile(r"[A-Za-z0-9._:-]{0,64}")
_LONGEST_COMMENT = 10_000
_MOST_MARKS = 1_000
#: A page that was left open says nothing of the time a report takes.
_LONGEST_SECONDS = 86_400.0


def record(
    connection: sa.Connection,
    review: Review,
    person: Person,
    judgements: Sequence[Judgement],
    now: datetime,
) -> list[str]:
    """Add judgements in their order; those that are there already change nothing.

    Returns:
        Ids of all of them, which can be forgotten by who sent them.

    Raises:
        ReviewError: If one is malformed, or about a report that is not this person's; then none
            of them is added.
    """
    for item in judgements:
        _check(item, review)
    known = _known(connection, [item.id for item in judgements])
    reports = _Reports(connection, review, person)
    for item in judgements:
        if item.id in known:
            if known[item.id] != person.id:
                raise ReviewError("a judgement of this id is somebody else's; make ids at random")
            continue
        reports.require(item.report_id)
        if item.kind == "mark":
            reports.require_inside(item)
        classes = None
        if item.kind == "submit" and item.value == "1":
            classes = reports.submitted_classes(item)
        connection.execute(
            sa.insert(JUDGEMENT).values(
                id=item.id,
                person_id=person.id,
                report_id=item.report_id,
                kind=item.kind,
                observation=item.observation,
                value=storable(item.value),
                classes=classes,
                page_version=item.page_version,
                proposals_version=item.proposals_version,
                seconds_spent=min(item.seconds_spent, _LONGEST_SECONDS),
                recorded=milliseconds(now),
            )
        )
        known[item.id] = person.id
    return [item.id for item in judgements]


def _known(connection: sa.Connection, ids: Sequence[str]) -> dict[str, int]:
    rows = connection.execute(
        sa.select(JUDGEMENT.c.id, JUDGEMENT.c.person_id).where(JUDGEMENT.c.id.in_(ids))
    )
    return {row.id: row.person_id for row in rows}


def _check(item: Judgement, review: Review) -> None:
    """Refuse what no page of ours sends.

    Raises:
        ReviewError: If a field is malformed.
    """
    if not _ID.fullmatch(item.id):
        raise ReviewError("a judgement's id is 32 hexadecimal digits")
    if item.kind not in KINDS:
        raise ReviewError(f"there is no such kind of judgement; there are {', '.join(KINDS)}")
    for version in (item.page_version, item.proposals_version):
        if not _VERSION.fullmatch(version):
            raise ReviewError("a version is up to 64 letters, digits, '.', '_', ':', '-'")
    if not math.isfinite(item.seconds_spent) or item.seconds_spent < 0:
        raise ReviewError("the seconds spent are a number from 0 on")
    about_cell = item.kind in ("label", "undo", "mark")
    if about_cell != (item.observation is not None):
        raise ReviewError(f"a {item.kind} {'needs an' if about_cell else 'has no'} observation")
    if item.observation is not None and item.observation not in review.schema.names:
        raise ReviewError("the review has no such observation")
    if not _fits(item, review):
        raise ReviewError(f"this is no value of a {item.kind}")


def _fits(item: Judgement, review: Review) -> bool:
    value = item.value
    if item.kind in ("label", "undo"):
        if item.kind == "undo" and not value:
            return True
        if value not in ("0", "1", "2", "3") or item.observation is None:
            return False
        observation = review.schema.observations[review.schema.index(item.observation)]
        return Label(int(value)) in observation.labels
    if item.kind == "mark":
        return not value or (len(value) <= 20 * _MOST_MARKS and _SPANS.fullmatch(value) is not None)
    if item.kind == "comment":
        return len(value) <= _LONGEST_COMMENT
    if item.kind == "flag":
        return value in ("", *FLAGS)
    return value in ("0", "1")


@dataclass
class _Reports:
    """What one person may judge; each report is looked up once."""

    connection: sa.Connection
    review: Review
    person: Person

    def __post_init__(self) -> None:
        self._allowed: set[int] = set()

    def require(self, report_id: int) -> None:
        """Refuse a report that is not this person's to judge."""
        if report_id in self._allowed:
            return
        if not self._is_mine(report_id):
            raise ReviewError("this report is not yours to judge")
        self._allowed.add(report_id)

    def _is_mine(self, report_id: int) -> bool:
        if self.person.role == "reader":
            table = ASSIGNMENT
        elif self.person.role == "adjudicator":
            if open_cells(self.connection, self.review, report_id) is not None:
                return True
            # What was begun can be ended, even if a reader has changed their mind since.
            table = JUDGEMENT
        else:
            return False
        held = sa.select(sa.literal(1)).where(
            table.c.person_id == self.person.id, table.c.report_id == report_id
        )
        return self.connection.execute(held.limit(1)).first() is not None

    def require_inside(self, item: Judgement) -> None:
        """Refuse marks beyond the text."""
        length = self.connection.execute(
            sa.select(sa.func.length(REPORT.c.text)).where(REPORT.c.id == item.report_id)
        ).scalar_one()
        for span in item.value.split():
            start, end = map(int, span.split("-"))
            if not 0 <= start < end <= length:
                raise ReviewError("a mark lies outside the report's text")

    def submitted_classes(self, item: Judgement) -> str:
        """One digit an observation: the answers, and for the rest what the page says it takes.

        A reader's rest is as it was proposed, or blank in a blind review; an adjudicator's is what
        the readers agree on.
        """
        names, report_id = self.review.schema.names, item.report_id
        state = state_of(self.connection, self.person.id, report_id)
        given = state.answers
        if self.person.role == "adjudicator":
            rest = decided_cells(self.connection, self.review, report_id)
            lacking = [name for name in names if name not in given and rest.get(name) is None]
            if lacking and not state.flag:
                raise ReviewError(f"decide every cell first: {lacking[0]} is open")
        elif self.review.blind:
            rest = {}
        else:
            rest = _proposed(self.connection, names, item)
        return "".join(str(given.get(name, rest.get(name) or 0)) for name in names)


def _proposed(
    connection: sa.Connection, names: Sequence[str], item: Judgement
) -> dict[str, int | None]:
    """The proposals that the page showed; the latest where it does not say which."""
    query = sa.select(PROPOSAL.c.classes).where(PROPOSAL.c.report_id == item.report_id)
    if item.proposals_version.isdigit():
        query = query.where(PROPOSAL.c.version <= int(item.proposals_version))
    classes = connection.execute(query.order_by(PROPOSAL.c.version.desc()).limit(1)).scalar()
    return dict(zip(names, map(int, classes or "0" * len(names)), strict=True))
