"""Brings a database to the tables that this version knows."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from lingula.errors import ReviewError

_FOLDER = Path(__file__).parent / "migrations"


def migrate(connection: sa.Connection, where: str) -> None:
    """Run the migrations that a database lacks, in the connection's transaction.

    Args:
        connection: To the database.
        where: Its name, for errors.

    Raises:
        ReviewError: If the database is of a later version than this program, or holds other tables.
    """
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    now = MigrationContext.configure(connection).get_current_revision()
    if now is not None and now == scripts.get_current_head():
        return
    if now is None and (held := set(sa.inspect(connection).get_table_names()) & {"review"}):
        raise ReviewError(
            f"{where}: holds tables of another program ({', '.join(sorted(held))}); "
            "name an empty database"
        )
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ReviewError(
            f"{where}: was made by a later version of Lingula ({error}); install that version"
        ) from None
