"""What a template shows of each observation: its answers, and the proposal or the votes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lingula.labels import Label, Schema
from lingula.review.records import DisputedCell, DisputeView, ReportView

#: In the order of the keys 1 to 4.
_ORDER = (Label.POSITIVE, Label.NEGATIVE, Label.UNCERTAIN, Label.BLANK)


@dataclass(frozen=True)
class Option:
    """One answer: its key, class, word, and whether the observation can take it."""

    key: str
    value: int
    word: str
    permitted: bool


@dataclass(frozen=True)
class Vote:
    """What one reader said, under a letter that tells nothing of who it was."""

    reader: str
    word: str


@dataclass(frozen=True)
class Row:
    """One observation.

    Attributes:
        number: Place in the schema.
        name: Of the observation.
        options: The four answers.
        proposal: Word of the proposed label, or an empty text.
        proposal_value: Its class, or an empty text.
        answer: Class of the own answer, or None.
        marks: Own marked words, as "start-end start-end".
        votes: Of the readers; none before adjudication.
    """

    number: int
    name: str
    options: tuple[Option, ...]
    proposal: str
    proposal_value: str
    answer: int | None
    marks: str
    votes: tuple[Vote, ...] = ()

    @property
    def answer_value(self) -> str:
        """Class of the own answer, or an empty text."""
        return "" if self.answer is None else str(self.answer)


def report_rows(schema: Schema, view: ReportView) -> list[Row]:
    """All observations of a report, in the schema's order."""
    rows = []
    for number, name in enumerate(schema.names):
        proposed = None if view.proposals is None else view.proposals.get(name, 0)
        rows.append(
            Row(
                number,
                name,
                _options(schema, number),
                "" if proposed is None else Label(proposed).name.lower(),
                "" if proposed is None else str(proposed),
                view.answers.get(name),
                view.marks.get(name, ""),
            )
        )
    return rows


def dispute_rows(schema: Schema, view: DisputeView) -> list[Row]:
    """The observations on which readers differ."""
    return [
        Row(
            number,
            cell.observation,
            _options(schema, number),
            "",
            "",
            view.answers.get(cell.observation),
            "",
            tuple(Vote(reader_letter(n), _voted(vote)) for n, vote in enumerate(cell.votes)),
        )
        for cell in view.cells
        for number in (schema.index(cell.observation),)
    ]


def reader_letter(number: int) -> str:
    """ "Reader A", "Reader B", ..., "Reader AA", by place."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"Reader {letters}"


def marked_words(cells: Sequence[DisputedCell], text: str) -> dict[str, tuple[str, ...]]:
    """Observation -> the words that each reader marked, in the order of the votes."""
    return {
        cell.observation: tuple(
            " … ".join(
                text[int(start) : int(end)]
                for start, _, end in (span.partition("-") for span in marks.split())
            )
            for marks in cell.marks
        )
        for cell in cells
    }


def _voted(vote: int | None) -> str:
    return "flagged" if vote is None else Label(vote).name.lower()


def _options(schema: Schema, number: int) -> tuple[Option, ...]:
    permitted = schema.observations[number].labels
    return tuple(
        Option(str(key), int(label), label.name.lower(), label in permitted)
        for key, label in enumerate(_ORDER, start=1)
    )
