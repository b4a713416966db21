"""Brings a database's schema to this program's version, with Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError

from service.catalogue.database import WRITING
from service.errors import CatalogueError

_MIGRATIONS = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def schema_version(engine: Engine) -> str | None:
    """The version that the database has; None for an empty one."""
    with engine.connect() as connection:
        return version_of(connection)


def version_of(connection: Connection) -> str | None:
    """The version of the schema that a connection sees; None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def expected_version() -> str:
    """The version that this program works with."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def migrate(engine: Engine) -> None:
    """Creates or upgrades the schema, all or nothing.

    Raises:
        CatalogueError: the database is not a catalogue, or was written by a newer program.
    """
    config = _config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    try:
        current = schema_version(engine)
        if current is not None and current not in known:
            raise CatalogueError(
                f"The catalogue has the schema version {current}, which this program does not "
                "know: it was written by a newer one. Upgrade Refrain, or restore a backup."
            )
        with engine.connect().execution_options(**WRITING) as connection, connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DatabaseError as error:
        raise CatalogueError(f"The catalogue cannot be opened: {error.orig}") from error
