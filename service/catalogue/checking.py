"""Looks whether a catalogue is whole: its file, its schema, its history and its vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from sqlalchemy import Connection, func, select

from service.catalogue import migrate, records
from service.catalogue.contents import claim_of, same_content
from service.catalogue.schema import changes, claims, encoders, state, vectors, wordings
from service.catalogue.vectors import STORED
from service.models import Claim

_UNIT_WITHIN = 1e-3
_BATCH = 5_000
_NAMED = 5


def faults(connection: Connection) -> Iterator[str]:
    """What is wrong, one sentence each; nothing where all is well. Only reads."""
    broken = list(_file_faults(connection))
    yield from broken
    if broken:
        return  # what lies on a damaged page cannot be judged
    expected = migrate.expected_version()
    version = migrate.version_of(connection)
    if version != expected:
        yield f"The schema is of version {version}, and this program works with {expected}."
        return
    yield from _history_faults(connection)
    yield from _vector_faults(connection)


def _file_faults(connection: Connection) -> Iterator[str]:
    """What SQLite says of its own file; another database looks after its files itself."""
    if connection.dialect.name != "sqlite":
        return
    for (said,) in connection.exec_driver_sql("PRAGMA integrity_check"):
        if said != "ok":
            yield f"The database is damaged: {said}."
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"The database is damaged: a row of {row[0]} points to none of {row[2]}."


def _history_faults(connection: Connection) -> Iterator[str]:
    revisions = connection.execute(select(state.c.revision)).scalars().all()
    if len(revisions) != 1:
        yield f"The catalogue has {len(revisions)} states and must have one."
        return
    latest = connection.execute(select(func.max(changes.c.revision))).scalar_one() or 0
    if latest > revisions[0]:
        yield f"The history goes to revision {latest}, the catalogue only to {revisions[0]}."
    last = (
        select(changes.c.claim_id, func.max(changes.c.revision).label("revision"))
        .group_by(changes.c.claim_id)
        .subquery()
    )
    query = (
        select(changes.c.claim_id, changes.c.revision, changes.c.after)
        .join(
            last, (changes.c.claim_id == last.c.claim_id) & (changes.c.revision == last.c.revision)
        )
        .order_by(changes.c.claim_id)
    )
    known: set[str] = set()
    for rows in connection.execute(query).partitions(_BATCH):
        present = records.read_claims(connection, [row.claim_id for row in rows])
        for row in rows:
            known.add(row.claim_id)
            claim = present.get(row.claim_id)
            written = claim_of(row.after) if row.after else None
            if not _agree(claim, written, row.revision):
                yield f"The claim {row.claim_id!r} is not as its history says."
    unknown = set(connection.execute(select(claims.c.id)).scalars()) - known
    if unknown:
        yield f"Claims without a history: {_named(sorted(unknown))}."
    worded = select(wordings.c.claim_id).where(wordings.c.field == "text")
    bare = connection.execute(select(claims.c.id).where(claims.c.id.not_in(worded))).scalars().all()
    if bare:
        yield f"Claims whose text is not among their wordings: {_named(bare)}."


def _agree(claim: Claim | None, written: Claim | None, revision: int) -> bool:
    if claim is None or written is None:
        return claim is None and written is None
    return claim.revision == revision and same_content(claim, written)


def _vector_faults(connection: Connection) -> Iterator[str]:
    query = select(
        vectors.c.wording_id, vectors.c.vector, encoders.c.dimension, encoders.c.name
    ).join(encoders, encoders.c.id == vectors.c.encoder_id)
    wrong: dict[str, list[str]] = {}
    for row in connection.execution_options(yield_per=_BATCH).execute(query):
        found = np.frombuffer(row.vector, STORED) if len(row.vector) % 4 == 0 else np.empty(0)
        if len(found) != row.dimension or not abs(np.linalg.norm(found) - 1) < _UNIT_WITHIN:
            wrong.setdefault(row.name, []).append(str(row.wording_id))
    for name, ids in wrong.items():
        yield f"Vectors of {name} that are of no use, of the wordings {_named(ids)}."


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more
