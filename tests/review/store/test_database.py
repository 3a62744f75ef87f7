"""The database: migrations make the tables that the program knows, and errors say what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from made import labeled, make, person

from lingula.errors import ReviewError
from lingula.review.store import Store
from lingula.review.store.engine import database_url, open_engine
from lingula.review.store.tables import METADATA


def test_migrations_make_the_tables_that_are_known(database: str) -> None:
    Store(database, create=True).close()
    engine = open_engine(database_url(database))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, METADATA) == []
        views = set(sa.inspect(connection).get_view_names())
        assert views == {"current_submit", "current_answer", "current_label"}
    engine.dispose()


def test_sqlite_is_strict_durable_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "review.sqlite"
    with make(str(path)) as store, store._engine.connect() as connection:
        asked = [
            connection.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
        assert asked == ["wal", 2, 1]
        tables = connection.exec_driver_sql("pragma table_list").all()
        ours = {row[1]: row[5] for row in tables if row[1] in METADATA.tables}
        assert set(ours) == set(METADATA.tables)
        assert set(ours.values()) == {1}
    with sqlite3.connect(path) as raw, pytest.raises(sqlite3.IntegrityError):
        raw.execute("pragma foreign_keys = on")
        raw.execute("update report set text = x'00'")
    raw.close()


def test_a_database_of_a_later_version_is_refused(database: str) -> None:
    Store(database, create=True).close()
    engine = open_engine(database_url(database))
    with engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ReviewError, match="later version"):
        Store(database)


def test_a_second_review_in_one_database_is_refused(database: str) -> None:
    make(database).close()
    with pytest.raises(ReviewError, match="holds a review already"):
        make(database)
    with Store(database) as store:
        assert len(store.people()) == 5


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("missing.sqlite", "no such review"),
        ("mysql://x/y", "PostgreSQL"),
        ("sqlite://", "PostgreSQL"),
        ("postgres ql://x", "cannot be read"),
        ("postgresql://u:secret@[::1/x", "cannot be read"),
        ("postgresql+psycopg://nobody:secret@127.0.0.1:1/none", "cannot be opened"),
    ],
)
def test_addresses_that_lead_nowhere(address: str, said: str) -> None:
    if "psycopg" in address:
        pytest.importorskip("psycopg")
    with pytest.raises(ReviewError, match=said) as error:
        Store(address)
    assert "secret" not in str(error.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "review.sqlite"
    path.write_bytes(b"report " * 1000)
    with pytest.raises(ReviewError, match="cannot be opened"):
        Store(path)
    assert path.read_bytes() == b"report " * 1000


def test_errors_quote_no_report(database: str) -> None:
    with make(database) as store, store._engine.connect() as connection:
        with pytest.raises(sa.exc.DBAPIError) as error:
            connection.execute(
                sa.text("insert into report (id, name, text, patient) values (1, 's', :text, '')"),
                {"text": "metastases of a patient"},
            )
        assert "metastases" not in str(error.value)


def test_links_open_once_end_and_expire(database: str) -> None:
    from datetime import timedelta

    from lingula.review.store.times import now

    with make(database) as store:
        ana, ben = person(store, "ana"), person(store, "ben")
        later, before = now() + timedelta(days=1), now() - timedelta(seconds=1)
        for name, whose, until in (("a", ana, later), ("b", ben, later), ("old", ana, before)):
            store.add_token(whose.id, name * 64, until)
        assert store.use_token("old" * 64) is None
        assert store.use_token("a" * 64) == ana
        assert store.use_token("a" * 64) is None
        assert store.use_token("x" * 64) is None
        store.add_session(ana.id, "s" * 64, later)
        store.add_session(ana.id, "t" * 64, later)
        store.add_session(ben.id, "u" * 64, before)
        assert store.person_of_session("s" * 64) == ana
        assert store.person_of_session("u" * 64) is None
        store.end_session("s" * 64)
        assert store.person_of_session("s" * 64) is None
        assert store.person_of_session("t" * 64) == ana
        store.revoke(ana.id)
        assert store.person_of_session("t" * 64) is None
        store.revoke(ben.id)
        assert store.use_token("b" * 64) is None


def test_who_may_see_and_judge_what(database: str) -> None:
    with make(database, each=2) as store:
        mia, dora = person(store, "mia"), person(store, "dora")
        readers = [one for one in store.people() if store.report(one, 1) is not None]
        assert [one.role for one in readers] == ["reader", "reader"]
        other = next(one for one in store.people() if one.role == "reader" and one not in readers)
        for who in (mia, dora, other):
            assert store.report(who, 1) is None
            assert store.dispute(who, 1) is None
            with pytest.raises(ReviewError, match="not yours"):
                store.record(who, labeled(1, Edema=2))
        store.record(readers[0], labeled(1, Edema=1))
        assert store.dispute(dora, 1) is None
        with pytest.raises(ReviewError, match="not yours"):
            store.record(dora, labeled(1, Edema=2))
        store.record(readers[1], labeled(1, Edema=3))
        for who in (mia, other, *readers):
            assert store.dispute(who, 1) is None
            assert store.disputed(who) == ()
        view = store.dispute(dora, 1)
        assert view is not None
        assert [cell.observation for cell in view.cells] == ["Edema"]
        shown = repr(view)
        assert not any(one.name in shown for one in readers)
        with pytest.raises(ReviewError, match="Edema is open"):
            store.record(dora, labeled(1))
        store.record(dora, labeled(1, Edema=3))
        assert [item.decided for item in store.disputed(dora)] == [True]
        for who in readers:
            seen = store.report(who, 1)
            assert seen is not None
            assert seen.answers == {"Edema": 1 if who == readers[0] else 3}
        assert len(store.progress(readers[0])) == 1
        with pytest.raises(ReviewError, match="manager"):
            store.set_definition(readers[0], "Edema", "fluid")


def test_the_order_of_votes_tells_nothing_of_who_gave_them(database: str) -> None:
    with make(database, reports=24, each=3) as store:
        dora, orders = person(store, "dora"), set()
        for report in range(1, 25):
            for name, label in (("ana", 1), ("ben", 2), ("cem", 3)):
                store.record(person(store, name), labeled(report, Edema=label))
            view = store.dispute(dora, report)
            assert view is not None
            assert view == store.dispute(dora, report)
            orders.add(view.cells[0].votes)
        assert len(orders) >= 4


def test_the_practice_set_is_shown_to_who_is_done(database: str) -> None:
    from lingula.review.agreement import practice_agreement

    with make(database, reports=6, each=3, practice=2) as store:
        ana, ben = person(store, "ana"), person(store, "ben")
        assert practice_agreement(store, ana) is None
        for report in (1, 2):
            store.record(ana, labeled(report, Edema=1))
        alone = practice_agreement(store, ana)
        assert alone is not None
        assert alone.readers == ("ana",)
        store.record(ben, labeled(1, Edema=1))
        assert practice_agreement(store, ben) is None
        store.record(ben, labeled(2, Edema=2))
        both = practice_agreement(store, ben)
        assert both is not None
        edema = next(row for row in both.pairs if row.observation == "Edema")
        assert (edema.n, edema.agree) == (2, 0.5)
        assert store.disputed(person(store, "dora")) == ()
