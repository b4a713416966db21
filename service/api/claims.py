"""Reading the claims of the catalogue."""

from __future__ import annotations

from typing import Any

from flask import Response, json, jsonify, request

from service.api.blueprint import ResourceBlueprint
from service.api.parts import parts
from service.errors import ClaimNotFound
from service.interchange.claimreview_out import CONTEXT, claim_review
from service.models import CLAIM_ID, Claim
from service.schemas.claim import ClaimSchema
from service.schemas.claim_query import (
    ClaimPage,
    ClaimPageSchema,
    ClaimQuery,
    ClaimQuerySchema,
)
from service.schemas.cursors import claim_cursor, revision_cursor
from service.schemas.examples import CLAIM, HISTORY
from service.schemas.history import (
    HistoryPage,
    HistoryPageSchema,
    HistoryQuery,
    HistoryQuerySchema,
)

JSON, JSON_LD = "application/json", "application/ld+json"

blueprint = ResourceBlueprint("claims", "The documented claims with their rebuttals.")

CLAIM_ID_PARAMETER = {
    "name": "claim_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": CLAIM_ID.pattern.replace(r"\Z", "$")},
    "example": CLAIM["id"],
}
ETAG_HEADER: dict[str, Any] = {
    "ETag": {"description": "The revision, quoted.", "schema": {"type": "string"}}
}
_SHOWN: dict[str, Any] = {
    "ETag": {
        "description": "The revision, quoted; of a ClaimReview, a hash of it.",
        "schema": {"type": "string"},
    },
    "Vary": {"description": "`Accept`.", "schema": {"type": "string"}},
}
_REVIEW: dict[str, Any] = {
    "schema": {
        "type": "object",
        "description": "One https://schema.org/ClaimReview as JSON-LD.",
        "required": ["@context", "@type", "claimReviewed", "reviewBody"],
        "properties": {
            "@context": {"const": CONTEXT},
            "@type": {"const": "ClaimReview"},
            "claimReviewed": {"type": "string"},
            "reviewBody": {"type": "string"},
        },
    },
    "example": claim_review(
        ClaimSchema().load(CLAIM), "The Example Desk", "https://refrain.example"
    ),
}
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "An ETag; where the claim still has it, the answer is 304.",
    "schema": {"type": "string"},
}


@blueprint.get("/claims")
@blueprint.takes(ClaimQuerySchema, location="query")
@blueprint.answers(
    ClaimPageSchema,
    example={"claims": [CLAIM], "deleted": [], "revision": 242, "next_cursor": None},
)
@blueprint.refuses(422, 503)
def list_claims(query: ClaimQuery) -> ClaimPage:
    """List claims.

    Ordered by id, a page at a time: pass `next_cursor` as `cursor` until it is null. Lists take
    several values, separated by commas or by repeating the name.
    """
    if query.changed_since is not None:
        return _changes(query, query.changed_since)
    catalogue = parts().catalogue
    revision = catalogue.revision()  # first: what is newer than it may be in the page all the same
    claims = catalogue.claims(
        query.filter, words=query.words, after=query.after, limit=query.limit + 1
    )
    page = claims[: query.limit]
    more = len(claims) > query.limit
    return ClaimPage(page, (), revision, claim_cursor(page[-1].id) if more else None)


def _changes(query: ClaimQuery, since: int) -> ClaimPage:
    found = parts().catalogue.changes_since(
        since, query.filter, words=query.words, after=query.after, limit=query.limit
    )
    revision = found.revision
    if query.place and query.place.revision is not None:
        revision = (
            query.place.revision
        )  # of the first page: what came since may lie before this one
    cursor = claim_cursor(found.last, revision) if found.last else None
    return ClaimPage(found.claims, found.deleted, revision, cursor)


@blueprint.get("/claims/<claim_id>", parameters=[CLAIM_ID_PARAMETER])
@blueprint.documents(
    parameters=[_IF_NONE_MATCH],
    responses={200: {"content": {JSON_LD: _REVIEW}}, 304: {"description": "Not changed since."}},
)
@blueprint.answers(ClaimSchema, example=CLAIM, headers=_SHOWN)
@blueprint.refuses(404, 503)
def show_claim(claim_id: str) -> Response:
    """Show one claim.

    With `Accept: application/ld+json` as schema.org ClaimReview: `author` is the newsroom that
    runs the service (`REFRAIN_PUBLISHER`), `reviewBody` the rebuttal, and each of the rebuttals a
    `citation`. Where no publisher is set the review has no `author`: nobody else is named as one.
    Any other `Accept` is answered in the interface's JSON.
    """
    if not CLAIM_ID.match(claim_id):
        raise ClaimNotFound(claim_id)
    claim = parts().catalogue.claim(claim_id)
    response = _as_review(claim) if _review_is_wanted() else _as_json(claim)
    response.vary.add("Accept")
    response.cache_control.no_cache = True  # a copy is to be checked against the ETag
    response.make_conditional(request)
    return response


def _review_is_wanted() -> bool:
    return request.accept_mimetypes.best_match((JSON, JSON_LD)) == JSON_LD


def _as_json(claim: Claim) -> Response:
    response = jsonify(ClaimSchema().dump(claim))
    response.set_etag(str(claim.revision))
    return response


def _as_review(claim: Claim) -> Response:
    review = claim_review(claim, parts().publisher, request.url_root)
    response = Response(json.dumps(review), mimetype=JSON_LD)
    response.add_etag()  # a hash, since publisher and address are in it: never a revision
    return response


@blueprint.get("/claims/<claim_id>/history", parameters=[CLAIM_ID_PARAMETER])
@blueprint.takes(HistoryQuerySchema, location="query")
@blueprint.answers(HistoryPageSchema, example=HISTORY)
@blueprint.refuses(404, 422, 503)
def show_history(query: HistoryQuery, claim_id: str) -> HistoryPage:
    """Show what has been changed in a claim.

    Who changed it, when, and what it said before and after; the latest change first. The history
    of a deleted claim is kept.
    """
    if not CLAIM_ID.match(claim_id):
        raise ClaimNotFound(claim_id)
    changes = parts().catalogue.history(claim_id, before=query.before, limit=query.limit + 1)
    page = changes[: query.limit]
    more = len(changes) > query.limit
    return HistoryPage(page, revision_cursor(page[-1].revision) if more else None)
