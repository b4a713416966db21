"""Opens the database. The only module with SQLite's own words in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, ProgrammingError, TimeoutError

from service.errors import CatalogueError, CatalogueUnwritable

WRITING = {"refrain_writing": True}
"""Execution options of a connection that will write: SQLite then takes its write lock at BEGIN,
so that a reader who turns writer never finds the database changed under it."""

BUSY_TIMEOUT_MS = 10_000
"""How long a writer waits for another one, which may be in another process."""

_SQLITE_FULL, _SQLITE_BUSY, _SQLITE_LOCKED = 13, 5, 6
_DISK_FULL = "53100"  # PostgreSQL's

_OURS = (IntegrityError, ProgrammingError)
"""What the database says to a mistake in this program, as opposed to what befalls it."""


class Database:
    """Connections to one database, with its errors turned into the house's."""

    def __init__(self, url: str) -> None:
        """Opens the database but does not look into it. Raises CatalogueError."""
        self.engine: Engine = open_database(url)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the database.

        Raises:
            CatalogueError: the database does not answer.
        """
        try:
            with self.engine.connect() as connection:
                yield connection
        except (DBAPIError, TimeoutError) as error:
            if isinstance(error, _OURS):
                raise
            raise CatalogueError(f"The catalogue cannot be read: {_cause(error)}") from error

    @contextmanager
    def writing(self, patience_ms: int | None = None) -> Iterator[Connection]:
        """A connection in a transaction: all of it is written, or nothing.

        ``patience_ms`` is how long another writer is waited for, ``BUSY_TIMEOUT_MS`` where None.

        Raises:
            CatalogueUnwritable: the disk is full, another writer held on for too long, or the
                database is out of order.
        """
        options = WRITING | ({} if patience_ms is None else {"refrain_patience_ms": patience_ms})
        try:
            with (
                self.engine.connect().execution_options(**options) as connection,
                connection.begin(),
            ):
                yield connection
        except (DBAPIError, TimeoutError) as error:
            if isinstance(error, _OURS):
                raise
            raise CatalogueUnwritable(_why_not_written(error), str(_cause(error))) from error


def open_database(url: str) -> Engine:
    """An engine for ``url``; for SQLite with WAL, foreign keys and full synchronous writes.

    Raises:
        CatalogueError: the URL is not one that SQLAlchemy understands, or its driver is missing.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, hide_parameters=True)  # no query text in errors
    except (ArgumentError, ImportError, OSError) as error:
        raise CatalogueError(f"REFRAIN_CATALOGUE_URL cannot be opened: {error}") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def is_there(url: str) -> bool:
    """Whether an SQLite file exists, which opening it would make; True for another database."""
    parsed = make_url(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()


def sqlite_url(path: Path) -> str:
    """The SQLAlchemy URL of a SQLite file."""
    return f"sqlite:///{path}"


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # pysqlite would otherwise begin transactions by itself, and never for a SELECT
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",  # NORMAL may lose acknowledged commits when the power fails
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    patience = options.get("refrain_patience_ms", BUSY_TIMEOUT_MS)
    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(patience)}")
    writing = options.get("refrain_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _cause(error: DBAPIError | TimeoutError) -> object:
    return error.orig if isinstance(error, DBAPIError) else "too many connections are in use"


def _why_not_written(error: DBAPIError | TimeoutError) -> str:
    cause = _cause(error)
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the rest is detail
    if code == _SQLITE_FULL or getattr(cause, "sqlstate", None) == _DISK_FULL:
        return "The disk of the catalogue is full. The change was not written."
    if code in (_SQLITE_BUSY, _SQLITE_LOCKED):
        return "Another process is writing to the catalogue. The change was not written; try again."
    return "The catalogue cannot be written now. The change was not written."
