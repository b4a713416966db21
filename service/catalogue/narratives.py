"""Counts what the catalogue holds of each narrative."""

from __future__ import annotations

from collections import Counter, defaultdict

from sqlalchemy import Connection, exists, func, select
from sqlalchemy.sql import ColumnElement

from service.catalogue.schema import appearances, claims, narratives
from service.models import Narrative, NarrativeSummary, date_span


def summaries(connection: Connection, narrative_id: str | None = None) -> list[NarrativeSummary]:
    """The summaries of all narratives, or of one, ordered by id."""
    chosen: list[ColumnElement[bool]] = (
        [] if narrative_id is None else [narratives.c.id == narrative_id]
    )
    of_claim: list[ColumnElement[bool]] = (
        [claims.c.narrative_id.is_not(None)]
        if narrative_id is None
        else [claims.c.narrative_id == narrative_id]
    )
    counts = {
        row.narrative_id: row.n
        for row in connection.execute(
            select(claims.c.narrative_id, func.count().label("n"))
            .where(*of_claim)
            .group_by(claims.c.narrative_id)
        )
    }
    appeared = select(claims.c.narrative_id, appearances.c.date, func.count().label("n")).join_from(
        appearances, claims, appearances.c.claim_id == claims.c.id
    )
    dated = exists().where(appearances.c.claim_id == claims.c.id, appearances.c.date.is_not(None))
    first_seen = select(
        claims.c.narrative_id, claims.c.first_seen, func.count().label("n"), dated.label("dated")
    ).where(claims.c.first_seen.is_not(None))

    shown: Counter[str] = Counter()
    dates: dict[str, set[str]] = defaultdict(set)
    months: dict[str, Counter[str]] = defaultdict(Counter)
    for row in connection.execute(
        appeared.where(*of_claim).group_by(claims.c.narrative_id, appearances.c.date)
    ):
        shown[row.narrative_id] += row.n
        if row.date:
            dates[row.narrative_id].add(row.date)
            _count_month(months[row.narrative_id], row.date, row.n)
    for row in connection.execute(
        first_seen.where(*of_claim).group_by(claims.c.narrative_id, claims.c.first_seen, dated)
    ):
        dates[row.narrative_id].add(row.first_seen)
        if not row.dated:
            _count_month(months[row.narrative_id], row.first_seen, row.n)
    return [
        NarrativeSummary(
            narrative=Narrative(row.id, row.title),
            claims=counts.get(row.id, 0),
            appearances=shown[row.id],
            first_seen=min(dates[row.id], key=lambda value: date_span(value)[0], default=None),
            last_seen=max(dates[row.id], key=lambda value: date_span(value)[1], default=None),
            by_month=dict(sorted(months[row.id].items())),
        )
        for row in connection.execute(narratives.select().where(*chosen).order_by(narratives.c.id))
    ]


def _count_month(months: Counter[str], value: str, n: int) -> None:
    if len(value) >= len("2024-11"):
        months[value[:7]] += n
