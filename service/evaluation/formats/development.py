"""The development sets: queries, neutral sentences and articles as JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from service.evaluation.formats.lines import (
    Place,
    collect,
    ids_of,
    json_rows,
    optional_text,
    text_of,
)
from service.evaluation.sets import Article, Query, Span
from service.models import RELATIONS, Relation

UNMARKED_LANGUAGE = "en"
"""The language of a row that names none."""


def read_queries(path: Path) -> tuple[Query, ...]:
    """Rows ``{id, text, gold[], language?, style?, relation?, how?}``. Raises SetError."""

    def rows() -> Iterator[tuple[Place, Query]]:
        for place, row in json_rows(path):
            relation = _relation(place, row)
            style = optional_text(place, row, "style")
            if style is None and relation:
                how = optional_text(place, row, "how")
                style = f"{relation}: {how}" if how else relation
            yield (
                place,
                Query(
                    id=text_of(place, row, "id"),
                    text=text_of(place, row, "text"),
                    gold=ids_of(place, row, "gold"),
                    language=optional_text(place, row, "language") or UNMARKED_LANGUAGE,
                    style=style,
                    relation=relation,
                ),
            )

    return collect(rows())


def read_neutral(path: Path) -> tuple[Query, ...]:
    """Rows ``{id, text, language?, kind?}`` that are about no claim. Raises SetError."""

    def rows() -> Iterator[tuple[Place, Query]]:
        for place, row in json_rows(path):
            yield (
                place,
                Query(
                    id=text_of(place, row, "id"),
                    text=text_of(place, row, "text"),
                    language=optional_text(place, row, "language") or UNMARKED_LANGUAGE,
                    style=optional_text(place, row, "kind"),
                ),
            )

    return collect(rows())


def read_articles(path: Path) -> tuple[Article, ...]:
    """Rows ``{id, text, claims: [{start, end, gold[]}], rejects?}``. Raises SetError."""
    articles = {}
    for place, row in json_rows(path):
        article = Article(
            id=text_of(place, row, "id"),
            text=text_of(place, row, "text"),
            claims=_spans(place, row, "claims"),
            rejects=_spans(place, row, "rejects"),
        )
        if article.id in articles:
            raise place.wrong(f"the id {article.id!r} occurs twice")
        articles[article.id] = article
    return tuple(articles.values())


def _relation(place: Place, row: dict[str, Any]) -> Relation | None:
    value = row.get("relation")
    if value is None:
        return None
    for relation in RELATIONS:
        if value == relation:
            return relation
    raise place.wrong(f"'relation' must be one of {', '.join(RELATIONS)}")


def _spans(place: Place, row: dict[str, Any], name: str) -> tuple[Span, ...]:
    entries = row.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise place.wrong(f"{name!r} must be a list of objects")
    spans = []
    for entry in entries:
        start, end = entry.get("start"), entry.get("end")
        if type(start) is not int or type(end) is not int:
            raise place.wrong(f"{name!r}: 'start' and 'end' must be whole numbers")
        if not 0 <= start < end <= len(row["text"]):
            raise place.wrong(f"{name!r}: {start} to {end} lies outside the text")
        spans.append(Span(start, end, ids_of(place, entry, "gold")))
    return tuple(spans)
