"""What claims are asked for, as SQL conditions on their table."""

from __future__ import annotations

from sqlalchemy import and_, exists, false, or_
from sqlalchemy.sql import ColumnElement

from service.catalogue.schema import appearances, claims, rebuttals
from service.models import ClaimFilter, date_span


def conditions(filter: ClaimFilter) -> list[ColumnElement[bool]]:
    """What a claim must fulfil; empty where the filter does not narrow.

    Languages and publishers must be met by one and the same rebuttal.
    """
    found: list[ColumnElement[bool]] = []
    if filter.narratives:
        found.append(claims.c.narrative_id.in_(filter.narratives))
    if filter.rebuttal_languages or filter.rebuttal_publishers:
        found.append(_rebutted(filter))
    if filter.since or filter.until:
        found.append(_seen(filter))
    return found


def has_words(words: str | None) -> list[ColumnElement[bool]]:
    """That every word occurs in the claim, whatever its case."""
    return [
        claims.c.folded_words.contains(word, autoescape=True)
        for word in (words or "").casefold().split()
    ]


def _rebutted(filter: ClaimFilter) -> ColumnElement[bool]:
    wanted: list[ColumnElement[bool]] = [rebuttals.c.claim_id == claims.c.id]
    if filter.rebuttal_languages:
        wanted.append(rebuttals.c.language.in_(filter.rebuttal_languages))
    if filter.rebuttal_publishers:
        hosts = [
            or_(rebuttals.c.host == host, rebuttals.c.host.endswith(f".{host}", autoescape=True))
            for host in filter.rebuttal_publishers
        ]
        wanted.append(or_(false(), *hosts))
    return exists().where(*wanted)


def _seen(filter: ClaimFilter) -> ColumnElement[bool]:
    def overlaps(first: ColumnElement[object], last: ColumnElement[object]) -> ColumnElement[bool]:
        # a missing day compares as unknown, so what is undated does not pass
        sides: list[ColumnElement[bool]] = [first.is_not(None)]
        if filter.until:
            sides.append(first <= date_span(filter.until)[1])
        if filter.since:
            sides.append(last >= date_span(filter.since)[0])
        return and_(*sides)

    appeared = exists().where(
        appearances.c.claim_id == claims.c.id,
        overlaps(appearances.c.first_day, appearances.c.last_day),
    )
    return or_(overlaps(claims.c.first_day, claims.c.last_day), appeared)
