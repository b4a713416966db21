"""The stored vectors of wordings, so that nothing is encoded twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.sql import ColumnElement

from service.catalogue.records import in_chunks, wording_from_row
from service.catalogue.schema import encoders, vectors, wordings
from service.models import Wording

STORED = np.dtype("<f4")
"""How a vector lies in the database."""


def encoder_id(connection: Connection, fingerprint: str, name: str, dimension: int) -> int:
    """The catalogue's number for an encoder, which is entered if it is new."""
    if (found := known_encoder(connection, fingerprint)) is not None:
        return found
    entered = connection.execute(
        insert(encoders)
        .values(fingerprint=fingerprint, name=name, dimension=dimension)
        .returning(encoders.c.id)
    ).scalar_one()
    return int(entered)


def known_encoder(connection: Connection, fingerprint: str) -> int | None:
    """The catalogue's number for an encoder, None if it has none yet."""
    found = connection.execute(
        select(encoders.c.id).where(encoders.c.fingerprint == fingerprint)
    ).scalar_one_or_none()
    return None if found is None else int(found)


def _missing(encoder: int, languages: frozenset[str] | None) -> list[ColumnElement[bool]]:
    stored = select(vectors.c.wording_id).where(vectors.c.encoder_id == encoder)
    wanted: list[ColumnElement[bool]] = [wordings.c.id.not_in(stored)]
    if languages is not None:
        wanted.append(wordings.c.language.in_(sorted(languages)))
    return wanted


def count_missing(connection: Connection, encoder: int, languages: frozenset[str] | None) -> int:
    """How many wordings in these languages have no vector of this encoder."""
    query = select(func.count()).select_from(wordings).where(*_missing(encoder, languages))
    return int(connection.execute(query).scalar_one())


def missing(
    connection: Connection, encoder: int, languages: frozenset[str] | None, limit: int
) -> list[Wording]:
    """At most ``limit`` wordings that have no vector yet, ordered by id."""
    query = wordings.select().where(*_missing(encoder, languages)).order_by(wordings.c.id)
    return [wording_from_row(row) for row in connection.execute(query.limit(limit))]


def store(
    connection: Connection, encoder: int, wording_ids: Sequence[int], rows: NDArray[np.float32]
) -> None:
    """Stores one vector per wording. Wordings deleted meanwhile are passed over."""
    present: set[int] = set()
    for chunk in in_chunks(wording_ids):
        present.update(
            connection.execute(select(wordings.c.id).where(wordings.c.id.in_(chunk))).scalars()
        )
    values = [
        {"wording_id": wording_id, "encoder_id": encoder, "vector": row.astype(STORED).tobytes()}
        for wording_id, row in zip(wording_ids, rows, strict=True)
        if wording_id in present
    ]
    if values:
        connection.execute(insert(vectors), values)


def store_by_text(
    connection: Connection,
    encoder: int,
    claim_ids: Sequence[str],
    by_text: Mapping[str, NDArray[np.float32]],
) -> None:
    """Stores vectors computed beforehand for those of the claims' wordings that have none."""
    stored = select(vectors.c.wording_id).where(vectors.c.encoder_id == encoder)
    values = []
    for chunk in in_chunks(claim_ids):
        query = select(wordings.c.id, wordings.c.text).where(
            wordings.c.claim_id.in_(chunk), wordings.c.id.not_in(stored)
        )
        values += [
            {
                "wording_id": row.id,
                "encoder_id": encoder,
                "vector": by_text[row.text].astype(STORED).tobytes(),
            }
            for row in connection.execute(query)
            if row.text in by_text
        ]
    if values:
        connection.execute(insert(vectors), values)


def read_all(
    connection: Connection, encoder: int, dimension: int, batch: int = 10_000
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """All vectors of an encoder in batches ``(wording ids, vectors)``, ordered by wording id."""
    query = (
        select(vectors.c.wording_id, vectors.c.vector)
        .where(vectors.c.encoder_id == encoder)
        .order_by(vectors.c.wording_id)
    )
    result = connection.execution_options(yield_per=batch).execute(query)
    for rows in result.partitions(batch):
        ids = np.fromiter((row.wording_id for row in rows), np.int64, len(rows))
        packed = np.frombuffer(b"".join(row.vector for row in rows), STORED)
        yield ids, packed.reshape(len(rows), dimension).astype(np.float32, copy=False)


def read_some(
    connection: Connection, encoder: int, wording_ids: Sequence[int]
) -> dict[int, NDArray[np.float32]]:
    """The vectors of some wordings by wording id; those without one are left out."""
    found: dict[int, NDArray[np.float32]] = {}
    for chunk in in_chunks(wording_ids):
        query = select(vectors.c.wording_id, vectors.c.vector).where(
            vectors.c.encoder_id == encoder, vectors.c.wording_id.in_(chunk)
        )
        for row in connection.execute(query):
            found[row.wording_id] = np.frombuffer(row.vector, STORED).astype(np.float32)
    return found


def forget_others(connection: Connection, encoder: int) -> None:
    """Drops the vectors of all encoders but this one."""
    connection.execute(delete(encoders).where(encoders.c.id != encoder))
