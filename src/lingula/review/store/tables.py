"""The tables of a review, one definition for SQLite and PostgreSQL.

``judgement`` only grows: triggers of the first migration refuse to change or delete a row, and what
holds now is a view on it. Times are milliseconds since 1970, UTC.
"""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData()
#: 64 bits on PostgreSQL; SQLite's INTEGER is that by itself, and only so can number its rows.
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REAL: sa.types.TypeEngine[float] = sa.Double().with_variant(sa.REAL(), "sqlite")


def _table(name: str, *parts: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, METADATA, *parts, sqlite_strict=True)


REVIEW = _table(
    "review",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("schema", sa.Text, nullable=False),
    sa.Column("blind", sa.Integer, nullable=False),
    sa.Column("readers_per_report", sa.Integer, nullable=False),
    sa.Column("reading_order", sa.Text, nullable=False),
    sa.Column("practice", sa.Integer, nullable=False),
    sa.Column("labeler", sa.Text, nullable=False),
    sa.Column("labeler_sha256", sa.Text, nullable=False),
    sa.Column("seed", BIG, nullable=False),
    # Names with commas between them; null for whole texts.
    sa.Column("sections", sa.Text),
    sa.Column("created", BIG, nullable=False),
    sa.CheckConstraint("id = 1", name="one_review"),
)
OBSERVATION = _table(
    "observation",
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
)
PERSON = _table(
    "person",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.CheckConstraint("role in ('reader', 'adjudicator', 'manager')", name="role"),
)
TOKEN = _table(
    "token",
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id"), nullable=False),
    sa.Column("created", BIG, nullable=False),
    sa.Column("expires", BIG, nullable=False),
    sa.Column("used", BIG),
    sa.Column("revoked", BIG),
)
SESSION = _table(
    "session",
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id"), nullable=False),
    sa.Column("created", BIG, nullable=False),
    sa.Column("expires", BIG, nullable=False),
    sa.Column("ended", BIG),
)
REPORT = _table(
    "report",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("patient", sa.Text, nullable=False),
)
#: What a labeler said of each report; a round with another labeler adds a version.
PROPOSAL = _table(
    "proposal",
    sa.Column("report_id", sa.Integer, sa.ForeignKey("report.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    # One digit an observation, in the schema's order.
    sa.Column("classes", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
)
ROUND = _table(
    "round",
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("reading_order", sa.Text, nullable=False),
    sa.Column("labeler", sa.Text, nullable=False),
    sa.Column("labeler_sha256", sa.Text, nullable=False),
    sa.Column("pool", sa.Integer, nullable=False),
    sa.Column("created", BIG, nullable=False),
)
SELECTION = _table(
    "selection",
    sa.Column("report_id", sa.Integer, sa.ForeignKey("report.id"), primary_key=True),
    sa.Column("round", sa.Integer, sa.ForeignKey("round.number"), nullable=False),
    sa.Column("probability", REAL, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
)
ASSIGNMENT = _table(
    "assignment",
    sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("report_id", sa.Integer, sa.ForeignKey("report.id"), nullable=False),
    sa.UniqueConstraint("person_id", "report_id", name="assigned_once"),
)
JUDGEMENT = _table(
    "judgement",
    sa.Column("seq", BIG, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id"), nullable=False),
    sa.Column("report_id", sa.Integer, sa.ForeignKey("report.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("observation", sa.Text, sa.ForeignKey("observation.name")),
    sa.Column("value", sa.Text, nullable=False),
    # Of a submit: the class of every observation as it was submitted, one digit each.
    sa.Column("classes", sa.Text),
    sa.Column("page_version", sa.Text, nullable=False),
    sa.Column("proposals_version", sa.Text, nullable=False),
    sa.Column("seconds_spent", REAL, nullable=False),
    sa.Column("recorded", BIG, nullable=False),
    sa.Index("judgement_of", "person_id", "report_id", "kind", "observation", "seq"),
)
DEFINITION = _table(
    "definition",
    sa.Column("seq", BIG, primary_key=True),
    sa.Column("observation", sa.Text, sa.ForeignKey("observation.name"), nullable=False),
    sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id")),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("recorded", BIG, nullable=False),
)
#: Views, made by the first migration.
CURRENT_ANSWER = sa.table(
    "current_answer",
    sa.column("person_id", sa.Integer),
    sa.column("report_id", sa.Integer),
    sa.column("observation", sa.Text),
    sa.column("class", sa.Text),
    sa.column("recorded", sa.BigInteger),
)
CURRENT_SUBMIT = sa.table(
    "current_submit",
    sa.column("person_id", sa.Integer),
    sa.column("report_id", sa.Integer),
    sa.column("classes", sa.Text),
    sa.column("recorded", sa.BigInteger),
)
CURRENT_LABEL = sa.table(
    "current_label",
    sa.column("person_id", sa.Integer),
    sa.column("report_id", sa.Integer),
    sa.column("observation", sa.Text),
    sa.column("class", sa.Text),
)
