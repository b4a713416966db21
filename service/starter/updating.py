"""Brings a catalogue up to the starter of this release, and leaves alone what editors touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from service.catalogue.catalogue import Catalogue
from service.catalogue.contents import content_hash, same_content
from service.errors import ClaimChanged, ClaimExists
from service.models import Claim

STARTER = "starter"
"""The origin of what the starter brought, and who is named for it in the history."""

_LONGEST_HISTORY = 10_000


@dataclass(frozen=True, slots=True)
class StarterUpdate:
    """The ids of what an update did.

    ``left`` are claims that an editor touched and of which the starter says something new.
    """

    added: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(slots=True)
class _Plan:
    """What is to be written, and the hashes of what is only to be noted as said."""

    new: list[Claim] = field(default_factory=list)
    outdated: list[Claim] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)


def update_starter(catalogue: Catalogue, starter: Sequence[Claim]) -> StarterUpdate:
    """Adds the claims that are new in the starter, and corrects those that no editor touched.

    Deleted claims stay deleted, and what is no longer in the starter stays. A claim that an editor
    touched is told as ``left`` once for each new thing that the starter says of it.

    Raises:
        CatalogueUnwritable: the disk is full, or another process is writing.
    """
    added: tuple[str, ...] = ()
    while True:
        known = catalogue.claims_by_id([claim.id for claim in starter])
        plan = _plan(catalogue, starter, known)
        revisions = frozenset(known[claim.id].revision for claim in plan.outdated)
        try:
            if plan.new:
                catalogue.save(
                    plan.new, who=STARTER, encoded=None, expected="absent", origin=STARTER
                )
                added += tuple(claim.id for claim in plan.new)
            if plan.outdated:
                catalogue.save(
                    plan.outdated, who=STARTER, encoded=None, expected=revisions, origin=STARTER
                )
        except (ClaimExists, ClaimChanged):
            continue  # an editor saved one of them since it was read: what is to be done differs
        catalogue.note_origin(STARTER, plan.hashes)
        corrected = tuple(claim.id for claim in plan.outdated)
        return StarterUpdate(added, corrected, tuple(plan.left))


def _plan(catalogue: Catalogue, starter: Sequence[Claim], known: Mapping[str, Claim]) -> _Plan:
    ever = catalogue.ever_seen([claim.id for claim in starter])
    hashes = catalogue.origin_hashes(STARTER)
    titles = {found.narrative.id: found.narrative.title for found in catalogue.narratives()}
    plan = _Plan()
    for claim in starter:
        if claim.narrative:  # a narrative keeps the title that it has in the catalogue
            title = titles.setdefault(claim.narrative.id, claim.narrative.title)
            claim = replace(claim, narrative=replace(claim.narrative, title=title))
        if claim.id not in ever:
            plan.new.append(claim)
        elif claim.id in known:
            noted = hashes.get(claim.id)
            said = noted or _said_before_hashes_were_kept(catalogue, claim.id)
            if said:  # else the claim has the same id by chance
                _compare(plan, claim, known[claim.id], said, noted)
    return plan


def _compare(plan: _Plan, claim: Claim, present: Claim, said: str, noted: str | None) -> None:
    """Plans what becomes of a claim of which the starter ``said`` something before."""
    says = content_hash(claim)
    if not same_content(claim, present):
        if content_hash(present) == said:
            plan.outdated.append(claim)
            return
        if says != said:
            plan.left.append(claim.id)
    if says != noted:
        plan.hashes[claim.id] = says


def _said_before_hashes_were_kept(catalogue: Catalogue, claim_id: str) -> str | None:
    """The hash of what the starter last wrote of the claim, by the history; None if nothing."""
    for change in catalogue.history(claim_id, before=None, limit=_LONGEST_HISTORY):
        if change.who == STARTER and change.after:
            return content_hash(change.after)
    return None
