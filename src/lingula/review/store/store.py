"""A review's store: every question of the pages and of the command line, one method each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from lingula.errors import ReviewError
from lingula.review.records import (
    Collected,
    Disputed,
    DisputeView,
    Found,
    Judgement,
    NewReport,
    Person,
    Plan,
    Progress,
    Readings,
    ReportView,
    Review,
)
from lingula.review.store import (
    collecting,
    counting,
    definitions,
    disputes,
    filling,
    importing,
    judging,
    people,
    viewing,
)
from lingula.review.store.collecting import Answer, Remark, TrailRow
from lingula.review.store.engine import database_url, open_engine, shown, translated, writing
from lingula.review.store.following import Follower
from lingula.review.store.importing import Imported
from lingula.review.store.migrating import migrate
from lingula.review.store.times import now
from lingula.review.store.writer import Writer

T = TypeVar("T")


class Store:
    """The database of one review. Its methods block, and may be called from any thread.

    Args:
        database: Path of a SQLite file, or the address of a PostgreSQL database.
        create: Whether a missing SQLite file is made.

    Raises:
        ReviewError: If the database cannot be opened, or was made by a later version.
        MissingExtraError: If its driver is not installed.
    """

    def __init__(self, database: str | Path, *, create: bool = False) -> None:
        url = database_url(database)
        self.name = shown(url)
        is_file = url.get_backend_name() == "sqlite"
        if is_file and not create and not Path(str(url.database)).is_file():
            raise ReviewError(f"{self.name}: there is no such review")
        self._engine = open_engine(url)
        self._writer = Writer(self._engine)
        try:
            with translated(url), writing(self._engine) as connection:
                migrate(connection, self.name)
                self._review = filling.read_review(connection)
        except BaseException:
            self._engine.dispose()
            raise
        self._follower: Follower | None = None

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is waiting, and let go of the database."""
        self._writer.close()
        self._engine.dispose()

    # -- what was settled, and how a review is filled

    def settings(self) -> Review:
        """What was settled when the review was made.

        Raises:
            ReviewError: If the database holds no review yet.
        """
        if self._review is None:
            raise ReviewError(f"{self.name}: holds no review yet; make one: lingula review REPORTS")
        return self._review

    def fill(
        self,
        review: Review,
        reports: Iterable[NewReport],
        persons: Sequence[tuple[str, str]],
        choose: Callable[[int, tuple[Person, ...]], Plan],
    ) -> None:
        """Put a new review into an empty database, all of it or nothing.

        Args:
            review: What was settled.
            reports: All that can be chosen.
            persons: Names and roles.
            choose: Given the number of reports and the people, says what is read by whom.

        Raises:
            ReviewError: If the database holds one already, or a name cannot be one.
        """

        def work(connection: sa.Connection) -> None:
            filling.add_review(connection, review)
            count = filling.add_reports(connection, reports)
            everybody = people.add_people(connection, persons)
            plan = choose(count, everybody)
            filling.add_round(connection, review, plan.chosen, count, now())
            for person in everybody:
                filling.assign(connection, person, plan.assigned.get(person.id, ()))

        self._writer.run(work)
        self._review = review

    def pool(self) -> tuple[list[int], list[str]]:
        """Numbers and texts of the reports that no round has chosen."""
        return self._read(filling.pool)

    def add_round(
        self, review: Review, plan: Plan, proposed: Mapping[int, NewReport], pool: int
    ) -> None:
        """Add a round, all of it or nothing.

        Args:
            review: Its order and its labeler; what else was settled stays.
            plan: What is read by whom, behind what they have.
            proposed: New proposals and evidence, by report number.
            pool: From how many reports it was chosen.
        """

        def work(connection: sa.Connection) -> None:
            number = filling.add_round(connection, review, plan.chosen, pool, now())
            filling.add_proposals(connection, number, proposed)
            for person in people.people(connection):
                filling.assign(connection, person, plan.assigned.get(person.id, ()))

        self._writer.run(work)

    def add_labels(self, by_reader: Mapping[str, Sequence[Imported]]) -> dict[str, int]:
        """Add labels that were made elsewhere, all or none; how many reports have new ones."""
        review = self.settings()

        def work(connection: sa.Connection) -> dict[str, int]:
            return {
                name: importing.add_labels(connection, review, name, rows, now())
                for name, rows in by_reader.items()
            }

        return self._writer.run(work)

    def report_numbers(self) -> dict[str, int]:
        """The table's id of every report -> its number."""
        return self._read(filling.report_numbers)

    def report_texts(self) -> dict[str, int]:
        """The text of every report, white space aside -> its number, where only one has it."""
        return self._read(filling.report_texts)

    # -- who takes part, and how they are known

    def people(self) -> tuple[Person, ...]:
        """Everybody, in the order in which they were added."""
        return self._read(people.people)

    def add_people(self, names: Sequence[tuple[str, str]]) -> tuple[Person, ...]:
        """Add people by name and role.

        Raises:
            ReviewError: If a name is taken or cannot be one, or a role is unknown.
        """
        return self._writer.run(lambda c: people.add_people(c, names))

    def add_token(self, person_id: int, sha256: str, expires: datetime) -> None:
        """Keep the digest of a link's token."""
        self._writer.run(lambda c: people.add_token(c, person_id, sha256, expires, now()))

    def use_token(self, sha256: str, at: datetime | None = None) -> Person | None:
        """Whose link it is, which is used up by this; None if unknown, used, old or revoked."""
        return self._writer.run(lambda c: people.use_token(c, sha256, at or now()))

    def add_session(self, person_id: int, sha256: str, expires: datetime) -> None:
        """Keep the digest of a session's token."""
        self._writer.run(lambda c: people.add_session(c, person_id, sha256, expires, now()))

    def person_of_session(self, sha256: str, at: datetime | None = None) -> Person | None:
        """Whose session it is; None if it is unknown, old or ended."""
        return self._read(lambda c: people.person_of_session(c, sha256, at or now()))

    def end_session(self, sha256: str) -> None:
        """End one session."""
        self._writer.run(lambda c: people.end_session(c, sha256, now()))

    def revoke(self, person_id: int) -> None:
        """End all sessions of a person, and all links that were not used."""
        self._writer.run(lambda c: people.revoke(c, person_id, now()))

    # -- what a reader sees and does

    def next_report(self, person: Person, after: int | None = None) -> ReportView | None:
        """The first report in a person's order that they have not submitted.

        Args:
            person: Who.
            after: Look behind this report first, then from the start; never give it itself.
        """

        def work(connection: sa.Connection) -> ReportView | None:
            follower = self._followed(connection)
            with follower.lock:
                reading = follower.reading(connection, person.id)
                waiting = ~reading.submitted[reading.order]
                if after is not None:
                    here = reading.order == after
                    waiting &= ~here
                    behind = waiting & np.logical_or.accumulate(here)
                    waiting = behind if behind.any() else waiting
                if not waiting.any():
                    return None
                report_id = int(reading.order[int(np.argmax(waiting))])
            return viewing.report_view(connection, self.settings(), person, report_id)

        return self._read(work)

    def report(self, person: Person, report_id: int) -> ReportView | None:
        """A report as its reader sees it; None if it is not this person's."""
        return self._read(lambda c: viewing.report_view(c, self.settings(), person, report_id))

    def previous_report(self, person: Person, before: int) -> int | None:
        """The report before another in a person's order."""
        return self._read(lambda c: viewing.neighbour(c, person, before, -1))

    def following_report(self, person: Person, after: int) -> int | None:
        """The report after another in a person's order, submitted or not."""
        return self._read(lambda c: viewing.neighbour(c, person, after, 1))

    def search(self, person: Person, words: str, limit: int = 50) -> tuple[Found, ...]:
        """A person's own reports whose text or name holds every word, in order."""
        return self._read(lambda c: viewing.search(c, person, words, limit))

    def record(self, person: Person, judgements: Sequence[Judgement]) -> list[str]:
        """Add judgements, all or none; when this returns they are on the disk.

        Returns:
            Their ids, in their order. One that is there already changes nothing.

        Raises:
            ReviewError: If one is malformed, or about a report that is not this person's to judge.
        """
        review = self.settings()
        return self._writer.run(lambda c: judging.record(c, review, person, judgements, now()))

    # -- what the group sees

    def definitions(self) -> dict[str, str]:
        """The group's own words for observations."""
        return self._read(definitions.definitions)

    def set_definition(self, person: Person, observation: str, text: str) -> None:
        """Give an observation other words; those before are kept too.

        Raises:
            ReviewError: If the person is no manager, the observation is unknown, or the text is
                too long.
        """
        review = self.settings()
        self._writer.run(
            lambda c: definitions.define(c, review, person, (observation, text), now())
        )

    def progress(self, person: Person) -> tuple[Progress, ...]:
        """How far readers and adjudicators are; a reader gets their own alone."""

        return self._read(lambda c: counting.progress(c, self._followed(c), person))

    def collected(self) -> Collected:
        """All that people have submitted, of the reports that were chosen; for exports."""
        return self._read(lambda c: collecting.collected(c, self._followed(c)))

    def answers(self) -> Iterator[Answer]:
        """Every answer to a cell that holds now, and when it was given; for exports."""
        with self._engine.connect() as connection:
            yield from collecting.answers(connection)

    def remarks(self) -> Iterator[Remark]:
        """Every mark and comment that holds now; for exports."""
        with self._engine.connect() as connection:
            yield from collecting.remarks(connection)

    def seconds(self) -> dict[int, npt.NDArray[np.float32]]:
        """Seconds that each person spent on each report, by person; shape (n + 1,), by number."""
        return self._read(lambda c: counting.seconds(c, self._followed(c)))

    def trail(self) -> Iterator[TrailRow]:
        """Every judgement that was ever made, in order: the audit trail."""
        with self._engine.connect() as connection:
            yield from collecting.trail(connection)

    def readings(self) -> Readings:
        """Labels of all readers, for the figures of agreement; not for the eyes of a reader."""
        return self._read(lambda c: counting.readings(c, self._followed(c)))

    def practice_readings(self, person: Person) -> Readings | None:
        """Labels of the practice set by all who are done with it; None for a reader who is not."""
        return self._read(lambda c: counting.practice_readings(c, self._followed(c), person))

    def disputed(self, person: Person) -> tuple[Disputed, ...]:
        """Reports on which their readers differ, for an adjudicator; none for anybody else."""
        if person.role != "adjudicator":
            return ()
        return self._read(lambda c: counting.disputed(c, self._followed(c), person))

    def dispute(self, person: Person, report_id: int) -> DisputeView | None:
        """A disputed report as an adjudicator sees it; None for anybody else, and of any other."""
        return self._read(lambda c: disputes.dispute_view(c, self.settings(), person, report_id))

    # -- inside

    def _read(self, work: Callable[[sa.Connection], T]) -> T:
        with self._engine.connect() as connection:
            return work(connection)

    def _followed(self, connection: sa.Connection) -> Follower:
        if self._follower is None:
            self._follower = Follower(self.settings().schema)
        self._follower.follow(connection)
        return self._follower
