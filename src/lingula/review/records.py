"""What passes between a review's store and its pages: frozen records, no rows of a database.

Classes are indices of ``lingula.labels.Label`` (0 blank, 1 positive, 2 negative, 3 uncertain).
Offsets count characters (code points) of a report's text, end exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from lingula.labels import Schema

#: A reader labels; an adjudicator decides where readers differ; a manager sees how it goes.
ROLES = ("reader", "adjudicator", "manager")
#: What a judgement can be about.
KINDS = ("label", "undo", "mark", "comment", "flag", "submit")
#: What a reader can say of a report that is not to be labeled.
FLAGS = ("not_chest", "wrong_patient", "unreadable")
#: Which reports are read first.
ORDERS = ("uncertain", "disagreement", "rare", "random")


@dataclass(frozen=True)
class Person:
    """Somebody who takes part.

    Attributes:
        id: Number in the store.
        name: As the study calls them.
        role: One of ``ROLES``.
    """

    id: int
    name: str
    role: str


@dataclass(frozen=True)
class Review:
    """What was settled when a review was made.

    Attributes:
        name: Of the review.
        schema: Observations that are labeled.
        blind: Whether readers see no proposals and no evidence.
        readers_per_report: How many readers label each report.
        order: One of ``ORDERS``.
        practice: Reports that every reader labels first.
        labeler: Name of the labeler whose labels are proposed.
        labeler_sha256: Its digest, or an empty text if it has none.
        seed: Of what was drawn.
        created: When, UTC.
        sections: Sections of a report that the labeler reads, and that training texts hold; None
            for whole texts.
    """

    name: str
    schema: Schema
    blind: bool
    readers_per_report: int
    order: str
    practice: int
    labeler: str
    labeler_sha256: str
    seed: int
    created: datetime
    sections: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Span:
    """One mention in a report's text, as the labeler saw it.

    Attributes:
        observation: Name of the observation.
        label: Class index that the mention was given.
        start: Where it begins.
        end: Where it ends.
        cue_start: Where its cue begins, or None.
        cue_end: Where its cue ends, or None.
        rule: Why.
    """

    observation: str
    label: int
    start: int
    end: int
    cue_start: int | None = None
    cue_end: int | None = None
    rule: str = ""


@dataclass(frozen=True)
class ReportView:
    """A report as one person may see it.

    Attributes:
        report_id: Number in the store; says nothing of the patient, and so may stand in an address.
        name: The table's id of it.
        text: The report.
        position: Place in this person's order, from 1.
        total: How many reports are this person's.
        practice: Whether it is of the practice set.
        proposals: Observation -> class, or None in a blind review.
        evidence: Mentions behind the proposals; none in a blind review.
        answers: Observation -> class: what this person has answered so far.
        marks: Observation -> words marked as the reason, as "start-end start-end".
        comment: Free words.
        flag: One of ``FLAGS``, or an empty text.
        submitted: Whether this person is done with it.
        version: Of the proposals.
    """

    report_id: int
    name: str
    text: str
    position: int
    total: int
    practice: bool
    proposals: dict[str, int] | None
    evidence: tuple[Span, ...]
    answers: dict[str, int]
    marks: dict[str, str]
    comment: str
    flag: str
    submitted: bool
    version: str


@dataclass(frozen=True)
class Judgement:
    """One thing that a person did, with an identity of its own so that it can be sent again.

    Attributes:
        id: 32 hexadecimal digits, made where it was done.
        report_id: The report.
        kind: One of ``KINDS``.
        observation: Which observation a label, an undo or a mark is about; else None.
        value: Of a label "0" to "3"; of an undo what it goes back to, in the same form, or "" for
            no answer; of a mark the whole list of spans as "start-end start-end"; of a flag one of
            ``FLAGS`` or ""; of a submit "1", or "0" where the report is opened again.
        page_version: Which page it was done on.
        proposals_version: Which proposals the page showed.
        seconds_spent: Time since the page's last judgement, for the study's own statistics.
    """

    id: str
    report_id: int
    kind: str
    observation: str | None = None
    value: str = ""
    page_version: str = ""
    proposals_version: str = ""
    seconds_spent: float = 0.0


@dataclass(frozen=True)
class Found:
    """One report of a search.

    Attributes:
        report_id: Number in the store.
        name: The table's id.
        position: Place in the person's order, from 1.
        submitted: Whether the person is done with it.
        flag: The person's flag of it, or an empty text.
    """

    report_id: int
    name: str
    position: int
    submitted: bool
    flag: str


@dataclass(frozen=True)
class Disputed:
    """A report on which its readers differ.

    Attributes:
        report_id: Number in the store.
        name: The table's id.
        cells: Observations that differ.
        decided: Whether an adjudicator has submitted it.
    """

    report_id: int
    name: str
    cells: int
    decided: bool


@dataclass(frozen=True)
class DisputedCell:
    """One observation on which readers differ.

    Attributes:
        observation: Its name.
        votes: Class of each reader, in an order that is random and one for the whole report; None
            from a reader who flagged the report instead.
        marks: Words that each marked as the reason, in the same order.
    """

    observation: str
    votes: tuple[int | None, ...]
    marks: tuple[str, ...]


@dataclass(frozen=True)
class DisputeView:
    """A disputed report as an adjudicator sees it: the differing cells, and nobody's name.

    Attributes:
        report_id: Number in the store.
        name: The table's id.
        text: The report.
        cells: Those that differ.
        flags: Each reader's flag, in the order of the votes; empty texts for none.
        comments: Each reader's comment, in the order of the votes.
        answers: Observation -> class: this adjudicator's decisions so far.
        comment: The adjudicator's own.
        flag: The adjudicator's own.
        submitted: Whether the adjudicator is done with it.
        version: Of the proposals.
    """

    report_id: int
    name: str
    text: str
    cells: tuple[DisputedCell, ...]
    flags: tuple[str, ...]
    comments: tuple[str, ...]
    answers: dict[str, int]
    comment: str
    flag: str
    submitted: bool
    version: str


@dataclass(frozen=True)
class Progress:
    """How far one person is.

    Attributes:
        person: Who.
        assigned: Reports that are theirs.
        done: Those that they have submitted.
        flagged: Those of the submitted that they flagged.
        seconds: Time spent in all.
        median_seconds: Of the submitted reports; None before the first.
        last: When they last did something, UTC.
    """

    person: Person
    assigned: int
    done: int
    flagged: int
    seconds: float
    median_seconds: float | None
    last: datetime | None


@dataclass(frozen=True)
class NewReport:
    """A report to put into a store.

    Attributes:
        name: Unique id, as the table has it.
        text: The report; may be empty.
        patient: Id of the patient, or an empty text.
        proposals: Class indices, one an observation, in the schema's order.
        evidence: Mentions behind them.
    """

    name: str
    text: str
    patient: str
    proposals: tuple[int, ...]
    evidence: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Chosen:
    """A report that was chosen to be read.

    Attributes:
        report_id: Number in the store.
        probability: Chance that it had to be chosen into its round, above 0 and at most 1.
        why: "score" for the most informative, "random" for a random draw, "practice".
    """

    report_id: int
    probability: float
    why: str


@dataclass(frozen=True)
class Plan:
    """What is read by whom.

    Attributes:
        chosen: Reports of a round.
        assigned: Person's number -> report numbers, in the order in which that person reads.
    """

    chosen: tuple[Chosen, ...]
    assigned: dict[int, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class Collected:
    """All that people have submitted of the n chosen reports.

    Attributes:
        reports: Numbers, int32, shape (n,), in the order in which they were chosen.
        names: The table's ids.
        texts: The reports.
        patients: Ids of their patients; empty texts for none.
        rounds: In which round each was chosen, int32, shape (n,).
        probabilities: With what chance, float64, shape (n,).
        why: "score", "random", "practice" or "import".
        people: The p readers and adjudicators.
        assigned: bool, shape (p, n): whose report it is.
        submitted: bool, shape (p, n).
        flags: int8, shape (p, n): 0 for none, else 1 + the place in ``FLAGS``.
        classes: int8, shape (p, n, k); -1 where a person has not labeled the report.
        turns: int64, shape (p, n): number of the judgement that submitted it; 0 for none.
    """

    reports: npt.NDArray[np.int32]
    names: tuple[str, ...]
    texts: tuple[str, ...]
    patients: tuple[str, ...]
    rounds: npt.NDArray[np.int32]
    probabilities: npt.NDArray[np.float64]
    why: tuple[str, ...]
    people: tuple[Person, ...]
    assigned: npt.NDArray[np.bool_]
    submitted: npt.NDArray[np.bool_]
    flags: npt.NDArray[np.int8]
    classes: npt.NDArray[np.int8]
    turns: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.reports)

    def rows_of(self, role: str) -> list[int]:
        """Places of the people of a role."""
        return [row for row, person in enumerate(self.people) if person.role == role]


@dataclass(frozen=True, eq=False)
class Readings:
    """Labels of all readers, as arrays.

    Attributes:
        people: The r readers.
        reports: Numbers of the n reports, int32, shape (n,).
        classes: int8, shape (r, n, k); -1 where a reader has not labeled the report.
        practice: bool, shape (n,): reports of the practice set.
    """

    people: tuple[Person, ...]
    reports: npt.NDArray[np.int32]
    classes: npt.NDArray[np.int8]
    practice: npt.NDArray[np.bool_]
