"""Reading the claims of the catalogue."""

from __future__ import annotations

from flask import Response, jsonify, request

from service.api.blueprint import ResourceBlueprint
from service.api.parts import parts
from service.errors import ClaimNotFound
from service.models import CLAIM_ID
from service.schemas.claim import ClaimSchema
from service.schemas.claim_query import (
    ClaimPage,
    ClaimPageSchema,
    ClaimQuery,
    ClaimQuerySchema,
    cursor_behind,
)
from service.schemas.examples import CLAIM

blueprint = ResourceBlueprint("claims", "The documented claims with their rebuttals.")

_CLAIM_ID = {
    "name": "claim_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": CLAIM_ID.pattern.replace(r"\Z", "$")},
    "example": CLAIM["id"],
}
_ETAG = {"ETag": {"description": "The revision, quoted.", "schema": {"type": "string"}}}
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "An ETag; where the claim still has it, the answer is 304.",
    "schema": {"type": "string"},
}


@blueprint.get("/claims")
@blueprint.takes(ClaimQuerySchema, location="query")
@blueprint.answers(ClaimPageSchema, example={"claims": [CLAIM], "next_cursor": None})
@blueprint.refuses(422, 503)
def list_claims(query: ClaimQuery) -> ClaimPage:
    """List claims.

    Ordered by id, a page at a time: pass `next_cursor` as `cursor` until it is null. Lists take
    several values, separated by commas or by repeating the name.
    """
    claims = parts().catalogue.claims(
        query.filter, words=query.words, after=query.after, limit=query.limit + 1
    )
    page = claims[: query.limit]
    return ClaimPage(page, cursor_behind(page[-1].id) if len(claims) > query.limit else None)


@blueprint.get("/claims/<claim_id>", parameters=[_CLAIM_ID])
@blueprint.documents(
    parameters=[_IF_NONE_MATCH], responses={304: {"description": "Not changed since."}}
)
@blueprint.answers(ClaimSchema, example=CLAIM, headers=_ETAG)
@blueprint.refuses(404, 503)
def show_claim(claim_id: str) -> Response:
    """Show one claim."""
    if not CLAIM_ID.match(claim_id):
        raise ClaimNotFound(claim_id)
    claim = parts().catalogue.claim(claim_id)
    response = jsonify(ClaimSchema().dump(claim))
    response.set_etag(str(claim.revision))
    response.cache_control.no_cache = True  # a copy is to be checked against the ETag
    response.make_conditional(request)
    return response
