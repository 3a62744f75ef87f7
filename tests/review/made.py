"""A small review, made of sentences of our own."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone

from lingula.review.assignment import plan
from lingula.review.records import Chosen, Judgement, NewReport, Person, Plan, Review, Span
from lingula.review.store import Store
from lingula.schemas import load_schema

SCHEMA = load_schema("chexpert14")
TEXT = "No pneumothorax. Mild pulmonary edema, not changed."
PEOPLE = (
    ("ana", "reader"),
    ("ben", "reader"),
    ("cem", "reader"),
    ("dora", "adjudicator"),
    ("mia", "manager"),
)


def proposals(**classes: int) -> tuple[int, ...]:
    named = {name.replace("_", " "): value for name, value in classes.items()}
    return tuple(named.get(name, 0) for name in SCHEMA.names)


def make(
    database: str,
    *,
    reports: int = 4,
    each: int = 2,
    blind: bool = False,
    practice: int = 0,
    people: tuple[tuple[str, str], ...] = PEOPLE,
) -> Store:
    """A review of some reports, each for the first readers in turn."""
    now = datetime.now(timezone.utc)
    review = Review("edema", SCHEMA, blind, each, "random", practice, "rules", "", 3, now)
    every = [
        NewReport(
            f"s{number}",
            f"{TEXT} Report {number}.",
            f"p{number % 2}",
            proposals(Pneumothorax=2, Edema=1),
            (Span("Pneumothorax", 2, 3, 15, 0, 2, "no"),),
        )
        for number in range(1, reports + 1)
    ]

    def choose(count: int, persons: tuple[Person, ...]) -> Plan:
        chosen = [
            Chosen(at, 1.0, "practice" if at <= practice else "random")
            for at in range(1, count + 1)
        ]
        return plan(chosen, persons, each, seed=1)

    store = Store(database, create=True)
    try:
        store.fill(review, every, people, choose)
    except BaseException:
        store.close()
        raise
    return store


def person(store: Store, name: str) -> Person:
    return next(one for one in store.people() if one.name == name)


def judged(kind: str, report: int, observation: str | None = None, value: str = "") -> Judgement:
    return Judgement(uuid.uuid4().hex, report, kind, observation, value, "page", "1", 1.5)


def labeled(report: int, **classes: int) -> list[Judgement]:
    """Answers, and the submit behind them."""
    answers = [
        judged("label", report, name.replace("_", " "), str(value))
        for name, value in classes.items()
    ]
    return [*answers, judged("submit", report, value="1")]


def readers_of(store: Store, report: int) -> list[Person]:
    return [
        one
        for one in store.people()
        if one.role == "reader" and store.report(one, report) is not None
    ]
