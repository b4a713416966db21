"""Keeps where claims came from, and a hash of what their origin last said of them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, select, update

from service.catalogue.schema import claims


def read(connection: Connection, origin: str) -> dict[str, str]:
    """The hashes of all claims of an origin, by id."""
    query = select(claims.c.id, claims.c.origin_hash).where(claims.c.origin == origin)
    return {row.id: row.origin_hash or "" for row in connection.execute(query)}


def note(connection: Connection, origin: str, hashes: Mapping[str, str]) -> None:
    """Notes the origin of these claims. That is no change of theirs and has no revision."""
    if hashes:
        connection.execute(
            update(claims)
            .where(claims.c.id == bindparam("noted_id"))
            .values(origin=origin, origin_hash=bindparam("noted_hash")),
            [{"noted_id": one, "noted_hash": found} for one, found in hashes.items()],
        )
