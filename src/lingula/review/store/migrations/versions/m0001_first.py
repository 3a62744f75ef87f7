"""The first tables, the triggers that keep judgements, and the views of what holds now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REAL: sa.types.TypeEngine[float] = sa.Double().with_variant(sa.REAL(), "sqlite")

#: Tables whose rows are never changed or deleted.
KEPT = ("judgement", "definition")


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    op.create_table(name, *parts, sqlite_strict=True)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _text(name: str, *, unique: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, unique=unique)


def _time(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, _BIG, nullable=nullable)


def _person(*, nullable: bool = False, primary_key: bool = False) -> sa.Column[int]:
    key = sa.ForeignKey("person.id")
    return sa.Column("person_id", sa.Integer, key, nullable=nullable, primary_key=primary_key)


def _report(*, primary_key: bool = False) -> sa.Column[int]:
    key = sa.ForeignKey("report.id")
    return sa.Column("report_id", sa.Integer, key, nullable=False, primary_key=primary_key)


def _observation(*, nullable: bool) -> sa.Column[str]:
    key = sa.ForeignKey("observation.name")
    return sa.Column("observation", sa.Text, key, nullable=nullable)


def upgrade() -> None:
    """Make everything."""
    _settings_and_people()
    _reports()
    _judgements()
    for table in KEPT:
        _keep(table)
    _views()


def _settings_and_people() -> None:
    _table(
        "review",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("name"),
        _text("schema"),
        _number("blind"),
        _number("readers_per_report"),
        _text("reading_order"),
        _number("practice"),
        _text("labeler"),
        _text("labeler_sha256"),
        sa.Column("seed", _BIG, nullable=False),
        sa.Column("sections", sa.Text),
        _time("created"),
        sa.CheckConstraint("id = 1", name="one_review"),
    )
    _table(
        "observation",
        sa.Column("position", sa.Integer, primary_key=True),
        _text("name", unique=True),
    )
    _table(
        "person",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("name", unique=True),
        _text("role"),
        sa.CheckConstraint("role in ('reader', 'adjudicator', 'manager')", name="role"),
    )
    for name, last in (("token", ("used", "revoked")), ("session", ("ended",))):
        _table(
            name,
            sa.Column("sha256", sa.Text, primary_key=True),
            _person(),
            _time("created"),
            _time("expires"),
            *(_time(column, nullable=True) for column in last),
        )


def _reports() -> None:
    _table(
        "report",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("name", unique=True),
        _text("text"),
        _text("patient"),
    )
    _table(
        "proposal",
        _report(primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        _text("classes"),
        _text("evidence"),
    )
    _table(
        "round",
        sa.Column("number", sa.Integer, primary_key=True),
        _text("reading_order"),
        _text("labeler"),
        _text("labeler_sha256"),
        _number("pool"),
        _time("created"),
    )
    _table(
        "selection",
        _report(primary_key=True),
        sa.Column("round", sa.Integer, sa.ForeignKey("round.number"), nullable=False),
        sa.Column("probability", _REAL, nullable=False),
        _text("why"),
    )
    _table(
        "assignment",
        _person(primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        _report(),
        sa.UniqueConstraint("person_id", "report_id", name="assigned_once"),
    )


def _judgements() -> None:
    _table(
        "judgement",
        sa.Column("seq", _BIG, primary_key=True),
        _text("id", unique=True),
        _person(),
        _report(),
        _text("kind"),
        _observation(nullable=True),
        _text("value"),
        sa.Column("classes", sa.Text),
        _text("page_version"),
        _text("proposals_version"),
        sa.Column("seconds_spent", _REAL, nullable=False),
        _time("recorded"),
    )
    op.create_index(
        "judgement_of",
        "judgement",
        ["person_id", "report_id", "kind", "observation", "seq"],
    )
    _table(
        "definition",
        sa.Column("seq", _BIG, primary_key=True),
        _observation(nullable=False),
        _person(nullable=True),
        _text("text"),
        _time("recorded"),
    )


def _keep(table: str) -> None:
    """Refuse every change of a table's rows, whoever asks."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"create function {table}_is_kept() returns trigger language plpgsql as "
            f"$$ begin raise exception 'rows of {table} are never changed'; end $$"
        )
        op.execute(
            f"create trigger {table}_is_kept before update or delete on {table} "
            f"for each row execute function {table}_is_kept()"
        )
        op.execute(
            f"create trigger {table}_is_not_emptied before truncate on {table} "
            f"for each statement execute function {table}_is_kept()"
        )
        return
    for event in ("update", "delete"):
        op.execute(
            f"create trigger {table}_no_{event} before {event} on {table} "
            f"begin select raise(abort, 'rows of {table} are never changed'); end"
        )


def _views() -> None:
    # What a person has submitted and not opened again, with the classes as they were submitted.
    op.execute(
        """
        create view current_submit as
        select person_id, report_id, classes, recorded, seq
        from judgement as s
        where kind = 'submit' and value = '1' and not exists (
            select 1 from judgement as later
            where later.person_id = s.person_id and later.report_id = s.report_id
            and later.kind = 'submit' and later.seq > s.seq)
        """
    )
    # The last answer to each cell, where it was not taken back.
    op.execute(
        """
        create view current_answer as
        select person_id, report_id, observation, value as class, recorded, seq
        from judgement as a
        where kind in ('label', 'undo') and value <> '' and not exists (
            select 1 from judgement as later
            where later.person_id = a.person_id and later.report_id = a.report_id
            and later.kind in ('label', 'undo') and later.observation = a.observation
            and later.seq > a.seq)
        """
    )
    # Answers, and of a submitted report also the cells that were taken as they were proposed.
    op.execute(
        """
        create view current_label as
        select person_id, report_id, observation, class from current_answer
        union all
        select s.person_id, s.report_id, o.name as observation,
            substr(s.classes, o.position + 1, 1) as class
        from current_submit as s cross join observation as o
        where not exists (
            select 1 from current_answer as a
            where a.person_id = s.person_id and a.report_id = s.report_id
            and a.observation = o.name)
        """
    )
