"""Queries, qrels and claims in TREC's manner; CheckThat! 2020 is published so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from marshmallow import ValidationError

from service.evaluation.formats.lines import (
    Place,
    collect,
    decoded,
    json_rows,
    optional_text,
    tab_rows,
    text_of,
)
from service.evaluation.sets import Documents, EvaluationSet, Query, SetError, neutral_for
from service.models import CLAIM_ID, Claim
from service.schemas.claim import ClaimSchema
from service.schemas.faults import told

NO_REBUTTAL = "(an evaluation set's claim, without a rebuttal)"

TAB_SUFFIXES = (".tsv", ".txt", ".tab")


def read_set(
    name: str,
    queries: Path,
    qrels: Path,
    claims: Documents | None = None,
    neutral: Path | None = None,
) -> EvaluationSet:
    """A set from its files; queries that have no relevant claim are left out.

    ``claims`` None stands for the catalogue in use.

    Raises:
        SetError: a file is malformed, a judged query is missing, or none is left.
    """
    asked = {query.id: query for query in read_queries(queries)}
    gold = read_qrels(qrels)
    missing = [query_id for query_id in gold if query_id not in asked]
    if missing:
        raise SetError(f"{qrels}: judges {missing[0]!r}, which {queries} does not have")
    judged = tuple(
        replace(query, gold=gold[query_id]) for query_id, query in asked.items() if gold[query_id]
    )
    if not judged:
        raise SetError(f"{qrels}: finds no claim relevant to any query of {queries}")
    return EvaluationSet(
        name,
        queries=judged,
        neutral=neutral_for(judged, read_queries(neutral)) if neutral else (),
        documents=claims,
    )


def read_queries(path: Path) -> tuple[Query, ...]:
    """Rows of id and text with a tab between, or JSON Lines ``{id, text, language?, style?}``.

    Raises:
        SetError: a line is neither, or an id occurs twice.
    """

    def rows() -> Iterator[tuple[Place, Query]]:
        if path.suffix.lower() in TAB_SUFFIXES:
            for place, (query_id, text) in tab_rows(path, columns=2):
                row = {"id": query_id.strip(), "text": text}
                yield place, Query(text_of(place, row, "id"), text_of(place, row, "text"))
            return
        for place, row in json_rows(path):
            yield (
                place,
                Query(
                    id=text_of(place, row, "id"),
                    text=text_of(place, row, "text"),
                    language=optional_text(place, row, "language"),
                    style=optional_text(place, row, "style") or optional_text(place, row, "kind"),
                ),
            )

    return collect(rows())


def read_qrels(path: Path) -> defaultdict[str, frozenset[str]]:
    """The relevant claims of each judged query, from lines ``query 0 claim relevance``.

    A relevance of 0 or less is a judgement too: such a claim is not relevant.

    Raises:
        SetError: a line has another shape.
    """
    found: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for place, line in decoded(path):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 4:
            raise place.wrong(f"'query 0 claim relevance' expected, {len(fields)} fields found")
        try:
            relevance = int(fields[3])
        except ValueError as error:
            raise place.wrong(f"the relevance {fields[3]!r} is not a whole number") from error
        found[fields[0]] |= {fields[2]} if relevance > 0 else set()
    return found


def read_claims(path: Path) -> Documents:
    """Claims as rows of id, text and title, or as JSON Lines in the interface's shape.

    A rebuttal is not needed.

    Raises:
        SetError: a line is no claim, an id occurs twice, or there is none.
    """
    tabbed = path.suffix.lower() in TAB_SUFFIXES
    found: dict[str, Claim] = {}
    for place, claim in _tabbed_claims(path) if tabbed else _json_claims(path):
        if claim.id in found:
            raise place.wrong(f"the id {claim.id!r} occurs twice")
        found[claim.id] = claim
    if not found:
        raise SetError(f"{path}: holds no claim")
    return Documents(path.name, tuple(found.values()))


def _tabbed_claims(path: Path) -> Iterator[tuple[Place, Claim]]:
    for place, (claim_id, text, title) in tab_rows(path, columns=3):
        if not CLAIM_ID.match(claim_id):
            raise place.wrong(f"{claim_id!r} is not an id: lower-case letters, digits and hyphens")
        if not text.strip():
            raise place.wrong("the claim has no text")
        yield place, Claim(claim_id, text, NO_REBUTTAL, title=title.strip() or None)


def _json_claims(path: Path) -> Iterator[tuple[Place, Claim]]:
    schema = ClaimSchema()
    for place, row in json_rows(path):
        try:
            yield place, schema.load({"rebuttal": NO_REBUTTAL} | row)
        except ValidationError as error:
            raise place.wrong(told(error.messages)) from error
