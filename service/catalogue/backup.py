"""Copies a catalogue into one file while it is in use, and puts it back. SQLite only."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import func, select, update
from sqlalchemy.engine import make_url

from service.catalogue import migrate
from service.catalogue.checking import faults
from service.catalogue.database import Database, sqlite_url
from service.catalogue.schema import claims, state
from service.errors import BackupError, CatalogueError

_NAMED = 3
_BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file."""


def file_of(url: str) -> Path:
    """The file of an SQLite catalogue. Raises BackupError for another database."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise BackupError(
            f"A catalogue in {parsed.get_backend_name()} is kept with the database's own tools, "
            "such as pg_dump; this command copies SQLite."
        )
    return Path(parsed.database)


def back_up(url: str, target: Path, *, replace: bool = False) -> tuple[int, int]:
    """Writes the catalogue into ``target`` and checks what was written.

    The copy is of one moment, and nobody waits for it: SQLite's online backup. Returns its revision
    and its number of claims.

    Raises:
        BackupError: the target exists and is not to be replaced, cannot be written, or the copy is
            not whole. The target is then as it was.
    """
    source = file_of(url)
    if target.exists() and not replace:
        raise BackupError(f"{target} exists. Name another file, or give --force to replace it.")
    with _aside(target) as copy:
        _copy(source, copy)
        counted = verify(copy)
        _as_one_file(copy)
        os.replace(copy, target)
        _flush(target.parent)
    return counted


def restore(source: Path, url: str) -> Path | None:
    """Makes the catalogue what a backup says; returns where the present one was put, if any.

    The catalogue gets a new identity, so that no index of the other one is taken for its own, and
    its revisions go on behind those of both, so that none is given twice. Nobody else can open the
    catalogue meanwhile: what they wrote would be in neither file.

    Raises:
        BackupError: the backup is damaged, or no backup, or of a newer program, or another process
            has the catalogue open. Nothing is changed.
    """
    target = file_of(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _aside(target) as copy:
        _copy(source, copy)
        verify(copy)
        with _alone(target) as present:
            kept, replaced = _keep(target, present)
            _renew(copy, replaced or 0)
            _as_one_file(copy)
            if present is not None and replaced is not None:
                with _told(copy, target), closing(sqlite3.connect(copy)) as renewed:
                    renewed.backup(present)  # one transaction of the present file
            else:
                for suffix in _BESIDE:
                    target.with_name(target.name + suffix).unlink(missing_ok=True)
                os.replace(copy, target)
        _flush(target.parent)
    return kept


def verify(path: Path) -> tuple[int, int]:
    """The revision and the number of claims of a copy. Raises BackupError unless it is whole."""
    database = Database(sqlite_url(path))
    try:
        with database.reading() as connection:
            if migrate.version_of(connection) is None:
                raise BackupError("The file holds no catalogue.")
            found = list(faults(connection))
            if found:
                raise BackupError(f"The file cannot be used. {' '.join(found[:_NAMED])}")
            revision = connection.execute(select(state.c.revision)).scalar_one()
            number = connection.execute(select(func.count()).select_from(claims)).scalar_one()
            return int(revision), int(number)
    except CatalogueError as error:
        raise BackupError(f"The file cannot be read as a catalogue: {error}") from error
    finally:
        database.engine.dispose()


def _copy(source: Path, target: Path) -> None:
    """All pages at once: readers and writers of the source go on."""
    if not source.is_file():
        raise BackupError(f"There is no file {source}.")
    with (
        _told(source, target),
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=rw", uri=True)) as one,
    ):
        _copy_pages(one, target)


def _copy_pages(one: sqlite3.Connection, target: Path) -> None:
    with closing(sqlite3.connect(target)) as other:
        other.execute("PRAGMA synchronous=FULL")
        one.backup(other)
    _flush(target)


@contextmanager
def _told(source: Path, target: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"{source} cannot be copied to {target}: {error}") from error


@contextmanager
def _alone(target: Path) -> Iterator[sqlite3.Connection | None]:
    """The only connection to the present catalogue; None where there is none that can be read.

    Raises:
        BackupError: another process has it open, as a service, an import or an editor's command.
    """
    if not target.exists():
        yield None
        return
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA synchronous=FULL")
            # kept from one transaction to the next; whoever has a WAL open holds against it
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
            readable = True
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise BackupError(f"Another process uses {target}. Stop it first.") from error
            readable = False
        yield connection if readable else None


def _keep(target: Path, present: sqlite3.Connection | None) -> tuple[Path | None, int | None]:
    """Puts a copy of the present catalogue beside it; where, and its revision if it has one."""
    if not target.exists():
        return None, None
    kept = _name_to_keep(target)
    if present is not None:
        try:
            _copy_pages(present, kept)
            row = present.execute("SELECT revision FROM catalogue_state").fetchone()
            _as_one_file(kept)
            return kept, int(row[0])
        except (sqlite3.Error, TypeError):
            pass
    # what cannot be read as a catalogue any more is kept as it is, byte for byte
    for suffix in ("", *_BESIDE):
        if (part := target.with_name(target.name + suffix)).exists():
            shutil.copyfile(part, kept.with_name(kept.name + suffix))
            _flush(kept.with_name(kept.name + suffix))
    return kept, None


def _name_to_keep(target: Path) -> Path:
    """A name that nothing has: what a restore kept is never written over by the next one."""
    stem = f"{target.stem}-before-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    names = (stem, *(f"{stem}-{number}" for number in range(2, 1_000)))
    return next(
        path
        for path in (target.with_name(name + target.suffix) for name in names)
        if not path.exists()
    )


def _renew(copy: Path, revision: int) -> None:
    """Gives a catalogue a new identity, and a revision of no less than ``revision``."""
    database = Database(sqlite_url(copy))
    try:
        with database.writing() as connection:
            connection.execute(
                update(state).values(
                    identity=str(uuid4()), revision=func.max(state.c.revision, revision)
                )
            )
    finally:
        database.engine.dispose()


def _as_one_file(path: Path) -> None:
    """Without a journal beside it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    _flush(path)


@contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """A path beside ``target`` that is gone afterwards."""
    aside = target.with_name(f".{target.name}.{uuid4().hex[:8]}")
    try:
        yield aside
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error}") from error
    finally:
        for suffix in ("", *_BESIDE):
            aside.with_name(aside.name + suffix).unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Makes a file or folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
