"""Writes claims, their history and the catalogue's revision in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from service.catalogue import records
from service.catalogue.schema import (
    appearances,
    changes,
    claims,
    narratives,
    rebuttals,
    state,
    wordings,
)
from service.errors import InvalidInput
from service.models import Claim, Narrative


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving did: the ids of claims added, changed, and found the same."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


def same_content(one: Claim, other: Claim) -> bool:
    """Whether two claims say the same, whatever their revisions."""
    return content(one) == content(other)


def content(claim: Claim) -> dict[str, Any]:
    """What an editor wrote of a claim, fit for JSON: without revision and time."""
    record = asdict(replace(claim, wordings=dict(sorted(claim.wordings.items()))))
    record["wordings"] = {key: list(texts) for key, texts in record["wordings"].items() if texts}
    del record["revision"], record["updated"]
    found: dict[str, Any] = json.loads(json.dumps(record))
    return found


def read_revision(connection: Connection) -> int:
    """The number of the latest change."""
    return int(connection.execute(select(state.c.revision)).scalar_one())


def save(connection: Connection, incoming: Sequence[Claim], who: str) -> Saved:
    """Creates or replaces claims; those that say the same are left alone.

    Wordings that stay keep their ids, and so their vectors.

    Raises:
        InvalidInput: a narrative has no title and does not exist, or has another title.
    """
    known = records.read_claims(connection, [claim.id for claim in incoming])
    complete = _with_narratives(connection, incoming)
    changed = [
        claim
        for claim in complete
        if claim.id not in known or not same_content(claim, known[claim.id])
    ]
    if changed:
        _write(connection, changed, known, who)
    ids = {claim.id for claim in changed}
    return Saved(
        added=tuple(claim_id for claim_id in ids if claim_id not in known),
        changed=tuple(claim_id for claim_id in ids if claim_id in known),
        unchanged=tuple(claim.id for claim in complete if claim.id not in ids),
    )


def remove(connection: Connection, claim: Claim, who: str) -> int:
    """Deletes a claim and returns the revision of the deletion; its history stays."""
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


def _with_narratives(connection: Connection, incoming: Sequence[Claim]) -> list[Claim]:
    wanted = {claim.narrative.id for claim in incoming if claim.narrative}
    titles: dict[str, str] = {}
    for chunk in records.in_chunks(sorted(wanted)):
        titles.update(
            (row.id, row.title)
            for row in connection.execute(narratives.select().where(narratives.c.id.in_(chunk)))
        )
    new: dict[str, str] = {}
    complete = []
    for claim in incoming:
        if claim.narrative is None:
            complete.append(claim)
            continue
        narrative_id, title = claim.narrative.id, claim.narrative.title
        known = titles.get(narrative_id) or new.setdefault(narrative_id, title)
        if not known:
            raise InvalidInput(
                {"/narrative/title": f"Give a title: there is no narrative {narrative_id!r} yet."}
            )
        if title and title != known:
            raise InvalidInput(
                {"/narrative/title": f"The narrative {narrative_id!r} has the title {known!r}."}
            )
        complete.append(replace(claim, narrative=Narrative(narrative_id, known)))
    if new:
        rows = [{"id": narrative_id, "title": title} for narrative_id, title in new.items()]
        connection.execute(insert(narratives), rows)
    return complete


def _write(
    connection: Connection, changed: Sequence[Claim], known: Mapping[str, Claim], who: str
) -> None:
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
