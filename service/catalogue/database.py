"""Opens the database. The only module with SQLite's own words in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from service.errors import CatalogueError

WRITING = {"refrain_writing": True}
"""Execution options of a connection that will write: SQLite then takes its write lock at BEGIN,
so that a reader who turns writer never finds the database changed under it."""

BUSY_TIMEOUT_MS = 10_000


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
    writing = connection.get_execution_options().get("refrain_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
