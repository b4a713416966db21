"""Works out what saving claims would write, and whether it may: before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection

from service.catalogue import records
from service.catalogue.contents import same_content
from service.catalogue.schema import narratives
from service.errors import ClaimChanged, ClaimExists, InvalidClaims
from service.models import Claim, Narrative

Expected = frozenset[int] | Literal["absent", "absent or same", "present", "anything"]
"""What a claim must be at the moment it is written: at one of these revisions, or as it says."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What saving would do: claims to write, those that are there already, narratives to enter."""

    changed: tuple[Claim, ...]
    known: Mapping[str, Claim]
    new_narratives: tuple[Narrative, ...]


def make_plan(connection: Connection, incoming: Sequence[Claim], expected: Expected) -> Plan:
    """What ``save`` would do with these claims. Raises what ``save`` raises."""
    known = records.read_claims(connection, [claim.id for claim in incoming])
    complete, new_narratives = _with_narratives(connection, [_tidy(claim) for claim in incoming])
    check(complete, known, expected)
    changed = [
        claim
        for claim in complete
        if claim.id not in known or not same_content(claim, known[claim.id])
    ]
    return Plan(tuple(changed), known, tuple(new_narratives))


def _tidy(claim: Claim) -> Claim:
    """The claim as it will be read back: no wording twice in a language, no empty language."""
    wordings = {
        language: tuple(dict.fromkeys(texts)) for language, texts in claim.wordings.items() if texts
    }
    return replace(claim, wordings=wordings)


def check(incoming: Sequence[Claim], known: Mapping[str, Claim], expected: Expected) -> None:
    """Raises ClaimExists or ClaimChanged unless all claims among ``known`` are as expected."""
    match expected:
        case "anything":
            return
        case "absent":
            there = [claim.id for claim in incoming if claim.id in known]
        case "absent or same":
            there = [
                claim.id
                for claim in incoming
                if claim.id in known and not same_content(claim, known[claim.id])
            ]
        case "present":
            there = []
            _refuse_changed([claim.id for claim in incoming if claim.id not in known])
        case revisions:
            there = []
            _refuse_changed(
                [
                    claim.id
                    for claim in incoming
                    if claim.id not in known or known[claim.id].revision not in revisions
                ]
            )
    if there:
        raise ClaimExists(tuple(there))


def _refuse_changed(claim_ids: Sequence[str]) -> None:
    if claim_ids:
        raise ClaimChanged(tuple(claim_ids))


def _with_narratives(
    connection: Connection, incoming: Sequence[Claim]
) -> tuple[list[Claim], list[Narrative]]:
    """The claims with the titles of their narratives, and the narratives that are new."""
    wanted = {claim.narrative.id for claim in incoming if claim.narrative}
    titles: dict[str, str] = {}
    for chunk in records.in_chunks(sorted(wanted)):
        titles.update(
            (row.id, row.title)
            for row in connection.execute(narratives.select().where(narratives.c.id.in_(chunk)))
        )
    new: dict[str, str] = {}
    faults: dict[str, dict[str, str]] = {}
    complete = []
    for claim in incoming:
        if claim.narrative is None:
            complete.append(claim)
            continue
        narrative_id, title = claim.narrative.id, claim.narrative.title
        known = titles.get(narrative_id) or new.get(narrative_id) or title
        if not known:
            fault = f"Give a title: there is no narrative {narrative_id!r} yet."
            faults[claim.id] = {"/narrative/title": fault}
        elif title and title != known:
            fault = f"The narrative {narrative_id!r} has the title {known!r}."
            faults[claim.id] = {"/narrative/title": fault}
        elif narrative_id not in titles:
            new[narrative_id] = known
        complete.append(replace(claim, narrative=Narrative(narrative_id, known)))
    if faults:
        raise InvalidClaims(faults)
    return complete, [Narrative(narrative_id, title) for narrative_id, title in new.items()]
