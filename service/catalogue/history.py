"""Reads what has been changed: the history of one claim, and what is new since a revision."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from service.catalogue import records
from service.catalogue.contents import claim_of
from service.catalogue.filters import conditions, has_words
from service.catalogue.schema import changes, claims, state
from service.models import Change, ChangedClaims, ClaimFilter


def of_claim(connection: Connection, claim_id: str, before: int | None, limit: int) -> list[Change]:
    """At most ``limit`` changes of a claim, the latest first, older than revision ``before``."""
    query = changes.select().where(changes.c.claim_id == claim_id)
    if before is not None:
        query = query.where(changes.c.revision < before)
    query = query.order_by(changes.c.revision.desc()).limit(limit)
    return [_change(row) for row in connection.execute(query)]


def since(
    connection: Connection,
    revision: int,
    filter: ClaimFilter,
    words: str | None,
    after: str | None,
    limit: int,
) -> ChangedClaims:
    """What has changed after ``revision``: at most ``limit`` ids behind the id ``after``."""
    query = select(changes.c.claim_id).where(changes.c.revision > revision).distinct()
    if after is not None:
        query = query.where(changes.c.claim_id > after)
    ids = connection.execute(query.order_by(changes.c.claim_id).limit(limit + 1)).scalars().all()
    page = ids[:limit]
    passing: set[str] = set()
    for chunk in records.in_chunks(page):
        chosen = select(claims.c.id).where(
            claims.c.id.in_(chunk), *conditions(filter), *has_words(words)
        )
        passing.update(connection.execute(chosen).scalars())
    found = records.read_claims(connection, [one for one in page if one in passing])
    return ChangedClaims(
        revision=int(connection.execute(select(state.c.revision)).scalar_one()),
        claims=tuple(found.values()),
        deleted=tuple(one for one in page if one not in found),
        last=page[-1] if len(ids) > limit else None,
    )


def _change(row: Row[Any]) -> Change:
    return Change(
        revision=row.revision,
        claim_id=row.claim_id,
        action=row.action,
        at=row.at,
        who=row.who,
        before=claim_of(row.before) if row.before else None,
        after=claim_of(row.after) if row.after else None,
    )
