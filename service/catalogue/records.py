"""Claims to table rows and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, Select, select
from sqlalchemy.sql import ColumnElement

from service.catalogue.schema import appearances, claims, narratives, rebuttals, wordings
from service.models import Appearance, Claim, Narrative, Rebuttal, Wording, date_span

PARAMETERS = 500
"""How many values one IN list carries: well under every database's limit."""


def host_of(url: str | None) -> str | None:
    """The host name of a URL, lower case, without ``www.``."""
    host = urlsplit(url).hostname if url else None
    return host.removeprefix("www.") if host else None


def folded_words(claim: Claim) -> str:
    """What a search by words looks through: all phrasings and keywords, case folded."""
    texts = [text for _, _, text in claim.phrasings()]
    return "\n".join([*texts, *claim.keywords]).casefold()


def claim_row(claim: Claim) -> dict[str, Any]:
    """The row of ``claims``, derived columns included."""
    return {
        "id": claim.id,
        "text": claim.text,
        "title": claim.title,
        "language": claim.language,
        "narrative_id": claim.narrative.id if claim.narrative else None,
        "rebuttal": claim.rebuttal,
        "first_seen": claim.first_seen,
        "facts_as_of": claim.facts_as_of,
        "keywords": list(claim.keywords),
        "reviewed": claim.reviewed,
        "revision": claim.revision,
        "updated": claim.updated,
        "first_day": date_span(claim.first_seen)[0] if claim.first_seen else None,
        "last_day": date_span(claim.last_seen)[1] if claim.first_seen and claim.last_seen else None,
        "folded_words": folded_words(claim),
    }


def rebuttal_rows(claim: Claim) -> list[dict[str, Any]]:
    """The rows of ``rebuttals``."""
    return [
        {
            "claim_id": claim.id,
            "position": position,
            "host": host_of(rebuttal.url),
            **asdict(rebuttal),
        }
        for position, rebuttal in enumerate(claim.rebuttals)
    ]


def appearance_rows(claim: Claim) -> list[dict[str, Any]]:
    """The rows of ``appearances``."""
    rows = []
    for position, appearance in enumerate(claim.appearances):
        span = date_span(appearance.date) if appearance.date else (None, None)
        rows.append(
            {
                "claim_id": claim.id,
                "position": position,
                "first_day": span[0],
                "last_day": span[1],
                **asdict(appearance),
            }
        )
    return rows


def wording_from_row(row: Row[Any]) -> Wording:
    """A row of ``wordings``."""
    return Wording(row.id, row.claim_id, row.language, row.field, row.text)


T = TypeVar("T")


def in_chunks(values: Iterable[T], size: int = PARAMETERS) -> Iterable[list[T]]:
    """The values in lists of at most ``size``."""
    rest = list(values)
    for start in range(0, len(rest), size):
        yield rest[start : start + size]


def read_claims(connection: Connection, claim_ids: Iterable[str]) -> dict[str, Claim]:
    """The claims with these ids that exist, by id, in the order asked for."""
    wanted = list(dict.fromkeys(claim_ids))
    found: dict[str, Claim] = {}
    for chunk in in_chunks(wanted):
        found |= _read_chunk(connection, chunk)
    return {claim_id: found[claim_id] for claim_id in wanted if claim_id in found}


def _read_chunk(connection: Connection, chunk: Sequence[str]) -> dict[str, Claim]:
    children = {
        table.name: _children(connection, table.select(), table.c.claim_id, chunk)
        for table in (wordings, rebuttals, appearances)
    }
    query = (
        select(claims, narratives.c.title.label("narrative_title"))
        .outerjoin(narratives, narratives.c.id == claims.c.narrative_id)
        .where(claims.c.id.in_(chunk))
    )
    return {
        row.id: _claim(row, {name: rows[row.id] for name, rows in children.items()})
        for row in connection.execute(query)
    }


def _children(
    connection: Connection, query: Select[Any], owner: ColumnElement[Any], chunk: Sequence[str]
) -> Mapping[str, list[Row[Any]]]:
    grouped: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query.where(owner.in_(chunk))):
        grouped[row.claim_id].append(row)
    for rows in grouped.values():
        rows.sort(key=lambda row: row.position)
    return grouped


def _claim(row: Row[Any], children: Mapping[str, list[Row[Any]]]) -> Claim:
    by_language: dict[str, list[str]] = defaultdict(list)
    for wording in children["wordings"]:
        if wording.field == "wording":
            by_language[wording.language].append(wording.text)
    return Claim(
        id=row.id,
        text=row.text,
        rebuttal=row.rebuttal,
        title=row.title,
        language=row.language,
        narrative=Narrative(row.narrative_id, row.narrative_title) if row.narrative_id else None,
        wordings={language: tuple(texts) for language, texts in by_language.items()},
        first_seen=row.first_seen,
        keywords=tuple(row.keywords),
        appearances=tuple(
            Appearance(found.outlet, found.url, found.archived_url, found.date, found.language)
            for found in children["appearances"]
        ),
        rebuttals=tuple(
            Rebuttal(
                publisher=found.publisher,
                title=found.title,
                url=found.url,
                date=found.date,
                language=found.language,
                kind=found.kind,
                rating=found.rating,
            )
            for found in children["rebuttals"]
        ),
        facts_as_of=row.facts_as_of,
        reviewed=row.reviewed,
        revision=row.revision,
        updated=row.updated,
    )
