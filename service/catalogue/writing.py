"""Writes claims, their history and the catalogue's revision in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, select, update

from service.catalogue import records
from service.catalogue.contents import content, same_content
from service.catalogue.planning import Expected, check, make_plan
from service.catalogue.schema import (
    appearances,
    changes,
    claims,
    narratives,
    rebuttals,
    state,
    wordings,
)
from service.models import Claim

__all__ = ["Saved", "read_revision", "remove", "same_content", "save", "take_turn"]


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving did: the ids of claims added, changed, and found the same.

    ``claims`` are all of them as they are in the catalogue now, in the order in which they came.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()


def read_revision(connection: Connection) -> int:
    """The number of the latest change."""
    return int(connection.execute(select(state.c.revision)).scalar_one())


def take_turn(connection: Connection) -> None:
    """Waits for other writers to end, before anything is read that the write depends on.

    SQLite has given the lock at BEGIN and passes over ``FOR UPDATE``.
    """
    connection.execute(select(state.c.revision).with_for_update())


def save(
    connection: Connection, incoming: Sequence[Claim], who: str, expected: Expected = "anything"
) -> Saved:
    """Creates or replaces claims; those that say the same are left alone.

    Wordings that stay keep their ids, and so their vectors.

    Raises:
        ClaimExists, ClaimChanged: a claim is not as ``expected``.
        InvalidClaims: a narrative has no title and does not exist, or has another title.
    """
    take_turn(connection)
    plan = make_plan(connection, incoming, expected)
    if plan.new_narratives:
        connection.execute(
            insert(narratives),
            [{"id": one.id, "title": one.title} for one in plan.new_narratives],
        )
    written = _write(connection, plan.changed, plan.known, who) if plan.changed else {}
    return Saved(
        added=tuple(claim_id for claim_id in written if claim_id not in plan.known),
        changed=tuple(claim_id for claim_id in written if claim_id in plan.known),
        unchanged=tuple(claim.id for claim in incoming if claim.id not in written),
        claims=tuple(written.get(claim.id) or plan.known[claim.id] for claim in incoming),
    )


def remove(connection: Connection, claim: Claim, who: str, expected: Expected = "anything") -> int:
    """Deletes a claim and returns the revision of the deletion; its history stays.

    The caller has called ``take_turn`` before reading the claim. Raises ClaimChanged.
    """
    check([claim], {claim.id: claim}, expected)
    revision = _next_revisions(connection, 1)
    connection.execute(delete(claims).where(claims.c.id == claim.id))
    _note(connection, [(revision, claim.id, "delete", claim, None)], who)
    return revision


def _next_revisions(connection: Connection, count: int) -> int:
    """Reserves ``count`` revisions and returns the first of them."""
    last = connection.execute(
        update(state).values(revision=state.c.revision + count).returning(state.c.revision)
    ).scalar_one()
    return int(last) - count + 1


def _write(
    connection: Connection, changed: Sequence[Claim], known: Mapping[str, Claim], who: str
) -> dict[str, Claim]:
    """Writes new and changed claims and returns them with their revisions, by id."""
    first = _next_revisions(connection, len(changed))
    now = datetime.now(UTC)
    stamped = [
        replace(claim, revision=first + place, updated=now) for place, claim in enumerate(changed)
    ]
    for claim in stamped:
        row = records.claim_row(claim)
        if claim.id in known:
            connection.execute(update(claims).where(claims.c.id == claim.id).values(**row))
        else:
            connection.execute(insert(claims), row)
    replaced = [claim.id for claim in stamped if claim.id in known]
    for table, rows in (
        (rebuttals, [row for claim in stamped for row in records.rebuttal_rows(claim)]),
        (appearances, [row for claim in stamped for row in records.appearance_rows(claim)]),
    ):
        for chunk in records.in_chunks(replaced):
            connection.execute(delete(table).where(table.c.claim_id.in_(chunk)))
        if rows:
            connection.execute(insert(table), rows)
    _write_wordings(connection, stamped, replaced)
    _note(
        connection,
        [
            (
                claim.revision,
                claim.id,
                "update" if claim.id in known else "create",
                known.get(claim.id),
                claim,
            )
            for claim in stamped
        ],
        who,
    )
    return {claim.id: claim for claim in stamped}


def _write_wordings(
    connection: Connection, stamped: Sequence[Claim], replaced: Sequence[str]
) -> None:
    kept: dict[tuple[str, str, str, str], tuple[int, int]] = {}
    for chunk in records.in_chunks(replaced):
        for row in connection.execute(wordings.select().where(wordings.c.claim_id.in_(chunk))):
            kept[row.claim_id, row.language, row.field, row.text] = (row.id, row.position)
    rows = []
    for claim in stamped:
        for position, (language, field, text) in enumerate(claim.phrasings()):
            wording_id, old_position = kept.pop((claim.id, language, field, text), (None, position))
            if wording_id is None:
                rows.append(
                    {
                        "claim_id": claim.id,
                        "language": language,
                        "field": field,
                        "position": position,
                        "text": text,
                    }
                )
            elif old_position != position:
                connection.execute(
                    update(wordings).where(wordings.c.id == wording_id).values(position=position)
                )
    dropped = [wording_id for wording_id, _ in kept.values()]
    for some in records.in_chunks(dropped):
        connection.execute(delete(wordings).where(wordings.c.id.in_(some)))
    if rows:
        connection.execute(insert(wordings), rows)


def _note(
    connection: Connection,
    entries: Iterable[tuple[int, str, str, Claim | None, Claim | None]],
    who: str,
) -> None:
    now = datetime.now(UTC)
    rows = [
        {
            "revision": revision,
            "claim_id": claim_id,
            "action": action,
            "at": now,
            "who": who,
            "before": content(before) if before else None,
            "after": content(after) if after else None,
        }
        for revision, claim_id, action, before, after in entries
    ]
    connection.execute(insert(changes), rows)
