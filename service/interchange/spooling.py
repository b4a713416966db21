"""Keeps the rows of an import on disk, merged where they are about the same claim.

So the number of claims is known before the first is encoded, a claim that stands in a file several
times is written once, and memory does not grow with the file.
"""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from service.errors import ServiceError
from service.interchange import merging
from service.interchange.importing import Refused, Row

Merge = Callable[[Row, Row], Row]
"""Makes one row of an earlier and a later one with the same id."""


def last_counts(earlier: Row, later: Row) -> Row:
    """The later row, as where a file is a list of changes."""
    return replace(later, copies=earlier.copies + 1)


merged = merging.merge
"""One row with what both hold, as where a file lists where a claim was spread."""


class Spool:
    """Rows in the order in which their claims came first; can be read again and again."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute("PRAGMA journal_mode=OFF")
        database.execute("PRAGMA synchronous=OFF")
        database.execute("CREATE TABLE rows (place INTEGER PRIMARY KEY, id TEXT UNIQUE, row BLOB)")

    def fill(
        self,
        rows: Iterable[Row | Refused],
        merge: Merge,
        *,
        file: str = "",
        step: Callable[[int], None] | None = None,
    ) -> None:
        """Takes in all rows of ``file``; can be called for one file after the other."""
        for row in rows:
            if step:
                step(1)
            try:
                self._take(replace(row, file=file), merge)
            except sqlite3.OperationalError as error:
                raise ServiceError(
                    f"The rows cannot be kept in {gettempdir()} meanwhile: {error}. Nothing was "
                    "imported. Make room there, or name another folder in TMPDIR."
                ) from error

    def _take(self, row: Row | Refused, merge: Merge) -> None:
        claim_id = row.claim.id if isinstance(row, Row) else None
        earlier = (
            claim_id
            and self._database.execute("SELECT row FROM rows WHERE id = ?", (claim_id,)).fetchone()
        )
        if earlier and isinstance(row, Row):
            merged = merge(_read(earlier[0]), row)
            self._database.execute(
                "UPDATE rows SET row = ? WHERE id = ?", (pickle.dumps(merged), claim_id)
            )
        else:
            self._database.execute(
                "INSERT INTO rows (id, row) VALUES (?, ?)", (claim_id, pickle.dumps(row))
            )

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM rows").fetchone()[0])

    def __iter__(self) -> Iterator[Row | Refused]:
        for (row,) in self._database.execute("SELECT row FROM rows ORDER BY place"):
            yield _read(row)


@contextmanager
def spool() -> Iterator[Spool]:
    """An empty spool, which is gone afterwards."""
    with (
        TemporaryDirectory(prefix="refrain-import-") as folder,
        closing(sqlite3.connect(Path(folder) / "rows.sqlite")) as database,
    ):
        yield Spool(database)


def _read(packed: bytes) -> Any:
    return pickle.loads(packed)  # written by this very process
