"""Judgements only grow, count once, and say what holds now; on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import SCHEMA, judged, labeled, make, person, readers_of

from lingula.errors import ReviewError
from lingula.review.records import Judgement
from lingula.review.store import Store


def test_what_is_answered_is_seen_again(database: str) -> None:
    with make(database) as store:
        ana = person(store, "ana")
        view = store.next_report(ana)
        assert view is not None
        assert (view.position, view.answers, view.submitted) == (1, {}, False)
        assert view.proposals is not None
        assert view.proposals["Edema"] == 1
        assert view.text[slice(view.evidence[0].start, view.evidence[0].end)] == "pneumothorax"
        sent = [
            judged("label", view.report_id, "Edema", "3"),
            judged("mark", view.report_id, "Edema", "17-37"),
            judged("comment", view.report_id, value="dépend du contexte β"),
            judged("submit", view.report_id, value="1"),
        ]
        assert store.record(ana, sent) == [item.id for item in sent]
        again = store.report(ana, view.report_id)
        assert again is not None
        assert (again.answers, again.marks) == ({"Edema": 3}, {"Edema": "17-37"})
        assert again.comment == sent[2].value
        assert again.submitted
        following = store.next_report(ana)
        assert following is not None
        assert following.report_id != view.report_id
    with Store(database) as store:
        assert store.report(ana, view.report_id) == again
        assert store.next_report(ana) == following


def test_sent_again_changes_nothing(database: str) -> None:
    with make(database) as store:
        ana = person(store, "ana")
        report = store.next_report(ana).report_id  # type: ignore[union-attr]
        first = judged("label", report, "Edema", "1")
        second = judged("label", report, "Edema", "2")
        store.record(ana, [first, second])
        assert store.record(ana, [first]) == [first.id]
        assert store.record(ana, [second, second]) == [second.id, second.id]
        assert store.report(ana, report).answers == {"Edema": 2}  # type: ignore[union-attr]
        assert len(list(store.trail())) == 2


def test_an_id_of_somebody_else_is_refused(database: str) -> None:
    with make(database, each=3) as store:
        mine = judged("label", 1, "Edema", "1")
        store.record(person(store, "ana"), [mine])
        with pytest.raises(ReviewError, match="somebody else"):
            store.record(person(store, "ben"), [mine])


MALFORMED: list[dict[str, object]] = [
    {"id": "short"},
    {"kind": "delete"},
    {"observation": "Gout"},
    {"observation": None},
    {"value": "4"},
    {"value": ""},
    {"kind": "mark", "value": "5-3"},
    {"kind": "mark", "value": "0-99999"},
    {"kind": "mark", "value": "a-b"},
    {"kind": "flag", "observation": None, "value": "rude"},
    {"kind": "comment", "value": "x"},
    {"kind": "submit", "observation": None, "value": "yes"},
    {"observation": "No Finding", "value": "3"},
    {"seconds_spent": float("nan")},
    {"seconds_spent": -1.0},
    {"page_version": "<script>"},
    {"report_id": 4711},
]


def test_a_malformed_judgement_is_refused_with_all_beside_it(database: str) -> None:
    with make(database) as store:
        ana = person(store, "ana")
        report = store.next_report(ana).report_id  # type: ignore[union-attr]
        for change in MALFORMED:
            good = judged("label", report, "Edema", "1")
            bad = replace(judged("label", report, "Edema", "2"), **change)  # type: ignore[arg-type]
            with pytest.raises(ReviewError):
                store.record(ana, [good, bad])
            assert list(store.trail()) == []


def test_no_row_of_the_judgements_can_be_changed(database: str) -> None:
    with make(database) as store:
        ana = person(store, "ana")
        report = store.next_report(ana).report_id  # type: ignore[union-attr]
        store.record(ana, labeled(report, Edema=1))
        before = list(store.trail())
        engine = store._engine
        for statement in (
            "update judgement set value = '2'",
            "delete from judgement",
            "delete from definition",
        ):
            if "definition" in statement:
                store.set_definition(person(store, "mia"), "Edema", "fluid")
            with pytest.raises(sa.exc.DBAPIError, match="never changed"), engine.begin() as raw:
                raw.execute(sa.text(statement))
        assert list(store.trail()) == before


def test_the_rest_is_taken_as_proposed_or_blank_in_a_blind_review(database: str) -> None:
    with make(database, blind=False) as store:
        report, (one, _) = 1, readers_of(store, 1)
        store.record(one, labeled(report, Fracture=1))
        data = store.collected()
        row = data.people.index(one)
        found = dict(zip(SCHEMA.names, data.classes[row, 0].tolist(), strict=True))
        assert {name: value for name, value in found.items() if value} == {
            "Edema": 1,
            "Pneumothorax": 2,
            "Fracture": 1,
        }


def test_a_blind_review_reads_no_proposal(database: str) -> None:
    with make(database, blind=True) as store:
        asked: list[str] = []
        sa.event.listen(
            store._engine, "before_cursor_execute", lambda *a: asked.append(a[2].lower())
        )
        one = readers_of(store, 1)[0]
        view = store.report(one, 1)
        assert view is not None
        assert (view.proposals, view.evidence) == (None, ())
        store.record(one, labeled(1, Fracture=1))
        assert asked
        assert not any("proposal." in statement for statement in asked)
        data = store.collected()
        assert data.classes[data.people.index(one), 0].tolist().count(0) == len(SCHEMA) - 1


def test_undo_and_opening_again(database: str) -> None:
    with make(database) as store:
        one = readers_of(store, 1)[0]
        store.record(one, labeled(1, Edema=2))
        assert store.progress(one)[0].done == 1
        store.record(one, [judged("submit", 1, value="0"), judged("undo", 1, "Edema", "")])
        view = store.report(one, 1)
        assert view is not None
        assert (view.answers, view.submitted) == ({}, False)
        assert store.progress(one)[0].done == 0
        assert (store.collected().classes == -1).all()


def test_many_writers_lose_and_double_nothing(database: str) -> None:
    with make(database, reports=40, each=3) as store:
        everybody = [person(store, name) for name in ("ana", "ben", "cem")]
        sent: dict[str, list[str]] = {}

        def write(name: str, at: int) -> None:
            mine = []
            for report in range(1 + at, 41, 4):
                batch = labeled(report, Edema=1, Fracture=2)
                who = everybody[["ana", "ben", "cem"].index(name)]
                mine += store.record(who, batch)
                store.record(who, batch[:1])
                store.next_report(who)
            sent[f"{name}{at}"] = mine

        threads = [
            threading.Thread(target=write, args=(name, at))
            for name in ("ana", "ben", "cem")
            for at in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        kept = [row.id for row in store.trail()]
        assert sorted(kept) == sorted(one for ids in sent.values() for one in ids)
        assert len(kept) == len(set(kept)) == 3 * 40 * 3
        assert [row.done for row in store.progress(person(store, "mia"))] == [40, 40, 40, 0]


KINDS = st.one_of(
    st.tuples(st.just("label"), st.sampled_from(["Edema", "Fracture"]), st.sampled_from("0123")),
    st.tuples(
        st.just("undo"), st.sampled_from(["Edema", "Fracture"]), st.sampled_from(["", "0", "1"])
    ),
    st.tuples(st.just("submit"), st.none(), st.sampled_from("011")),
    st.tuples(st.just("flag"), st.none(), st.sampled_from(["", "", "unreadable"])),
)
STEPS = st.lists(st.tuples(st.sampled_from([1, 2]), st.integers(0, 1), KINDS), max_size=30)


class Model:
    """What holds, worked out by replaying: one person, one report."""

    def __init__(self) -> None:
        self.answers: dict[str, int] = {}
        self.taken: dict[str, int] | None = None
        self.flag = ""

    def step(self, kind: str, observation: str | None, value: str) -> None:
        if kind in ("label", "undo"):
            assert observation is not None
            self.answers.pop(observation, None)
            if value:
                self.answers[observation] = int(value)
        elif kind == "flag":
            self.flag = value
        elif value == "1":
            proposed = dict.fromkeys(SCHEMA.names, 0) | {"Pneumothorax": 2, "Edema": 1}
            self.taken = proposed | self.answers
        else:
            self.taken = None

    def labels(self) -> dict[str, int] | None:
        return None if self.taken is None else self.taken | self.answers


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_views_and_followers_say_what_a_replay_says(
    shared: Store, steps: list[tuple[int, int, tuple[str, str | None, str]]]
) -> None:
    readers = [person(shared, "ana"), person(shared, "ben")]
    models = {(who.id, at): Model() for who in readers for at in (1, 2)}
    numbers = {1: _fresh(shared), 2: _fresh(shared)}
    for at, who, (kind, observation, value) in steps:
        item = judged(kind, numbers[at], observation, value)
        shared.record(readers[who], [item])
        models[readers[who].id, at].step(kind, observation, value)
    data = shared.collected()
    with shared._engine.connect() as raw:
        view = raw.execute(sa.text("select * from current_label")).all()
    for who in readers:
        for at, number in numbers.items():
            model = models[who.id, at]
            seen = shared.report(who, number)
            assert seen is not None
            assert seen.answers == model.answers
            assert seen.submitted == (model.taken is not None)
            assert seen.flag == model.flag
            rows = {r[2]: int(r[3]) for r in view if (r[0], r[1]) == (who.id, number)}
            assert rows == (model.labels() or model.answers)
            found = data.classes[data.people.index(who), number - 1].tolist()
            expected = model.labels()
            if expected is None or model.flag:
                assert found == [-1] * len(SCHEMA)
            else:
                assert found == [expected[name] for name in SCHEMA.names]


_NEXT: dict[int, int] = {}


def _fresh(store: Store) -> int:
    """A report that no example has touched."""
    _NEXT[id(store)] = _NEXT.get(id(store), 0) + 1
    return _NEXT[id(store)]


@pytest.fixture
def shared(database: str) -> Store:
    store = make(database, reports=400, each=3)
    yield store  # type: ignore[misc]
    store.close()


def test_two_stores_on_one_database_follow_each_other(database: str) -> None:
    with make(database, each=3) as store, Store(database) as other:
        ana = person(store, "ana")
        assert other.progress(ana)[0].done == 0
        store.record(ana, labeled(1, Edema=1))
        assert other.progress(ana)[0].done == 1
        other.record(ana, labeled(2, Edema=1))
        assert store.next_report(ana).report_id == 3  # type: ignore[union-attr]


def test_texts_that_a_database_cannot_hold_keep_their_offsets(database: str) -> None:
    with make(database, each=3) as store:
        ana = person(store, "ana")
        item = Judgement(judged("comment", 1).id, 1, "comment", value="a\0b\ud800c\u202e\u0301")
        store.record(ana, [item])
        assert store.report(ana, 1).comment == "a\ufffdb\ufffdc\u202e\u0301"  # type: ignore[union-attr]
