"""Adding, replacing and deleting claims. Nothing is lost: a change names what it was made to."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from flask import Response, jsonify, request, url_for

from service.api.access import caller
from service.api.blueprint import ResourceBlueprint
from service.api.claims import CLAIM_ID_PARAMETER, ETAG_HEADER
from service.api.parts import parts
from service.api.problems import Refusal, log_fault
from service.catalogue.planning import Expected
from service.catalogue.writing import Saved
from service.errors import ClaimExists, ClaimNotFound, InvalidClaims, InvalidInput, ServiceError
from service.models import CLAIM_ID, RESERVED_IDS, Claim
from service.schemas.claim import ClaimSchema, NewClaimSchema
from service.schemas.claim_batch import (
    BatchedClaim,
    ClaimBatchAnswer,
    ClaimBatchAnswerSchema,
    ClaimBatchSchema,
)
from service.schemas.examples import CLAIM, CLAIM_BATCH_ANSWER, NEW_CLAIM

LARGEST_BATCH = 16 * 1024 * 1024

blueprint = ResourceBlueprint("editing", "Changing the catalogue; needs a key with `edit`.")

_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag of the claim as you have read it; `*` for whatever it is.",
    "schema": {"type": "string"},
}
_WRITTEN = ETAG_HEADER | {
    "Location": {"description": "Relative.", "schema": {"type": "string"}},
}
_LONGEST_SLUG = 60


@blueprint.post("/claims")
@blueprint.takes(NewClaimSchema, example=NEW_CLAIM)
@blueprint.answers(ClaimSchema, 201, example=CLAIM, headers=_WRITTEN)
@blueprint.refuses(400, 409, 413, 415, 422, 503)
def create_claim(claim: Claim) -> Response:
    """Add a claim.

    Only `text` and `rebuttal` are required; without an `id`, one is made of the title or the text.
    When this is answered the claim is kept, and every worker finds it within a second.
    """
    return _answer(_save([claim if claim.id else replace(claim, id=new_id(claim))], "absent"))


@blueprint.put("/claims/<claim_id>", parameters=[CLAIM_ID_PARAMETER])
@blueprint.documents(parameters=[_IF_MATCH])
@blueprint.takes(NewClaimSchema, example=NEW_CLAIM)
@blueprint.answers(ClaimSchema, example=CLAIM, headers=ETAG_HEADER, description="Replaced.")
@blueprint.answers(ClaimSchema, 201, example=CLAIM, headers=_WRITTEN, description="Created.")
@blueprint.refuses(400, 412, 413, 415, 422, 428, 503)
def put_claim(claim: Claim, claim_id: str) -> Response:
    """Replace a claim, or create one with this id.

    To replace, send `If-Match` with the `ETag` that the claim came with: where somebody else has
    changed it since, the answer is 412 and nothing is lost. Fields that are left out are emptied.
    """
    if not CLAIM_ID.match(claim_id) or claim_id in RESERVED_IDS:
        raise InvalidInput({"/id": "The address ends in what cannot be an id."})
    if claim.id not in ("", claim_id):
        raise InvalidInput({"/id": "Must be the id in the address, or be left out."})
    expected = if_match()
    try:
        saved = _save([replace(claim, id=claim_id)], "absent" if expected is None else expected)
        return _answer(saved)
    except ClaimExists as error:
        if "If-None-Match" in request.headers:
            raise Refusal(412, str(error)) from error
        raise _condition_needed() from error


@blueprint.delete("/claims/<claim_id>", parameters=[CLAIM_ID_PARAMETER])
@blueprint.documents(parameters=[_IF_MATCH])
@blueprint.answers(None, 204, description="Deleted.")
@blueprint.refuses(404, 412, 428, 503)
def delete_claim(claim_id: str) -> Response:
    """Delete a claim.

    Its history stays, and its id may be used again.
    """
    if not CLAIM_ID.match(claim_id):
        raise ClaimNotFound(claim_id)
    expected = if_match()
    if expected is None:
        parts().catalogue.claim(claim_id)  # what is not there needs no condition: 404
        raise _condition_needed()
    parts().catalogue.remove(claim_id, who=caller().name, expected=expected)
    _catch_up()
    return Response(status=204)


@blueprint.post("/claims/batch")
@blueprint.takes_up_to(LARGEST_BATCH)
@blueprint.takes(ClaimBatchSchema, example={"claims": [NEW_CLAIM]})
@blueprint.answers(ClaimBatchAnswerSchema, example=CLAIM_BATCH_ANSWER)
@blueprint.refuses(400, 409, 413, 415, 422, 503)
def create_claims(claims: list[Claim]) -> ClaimBatchAnswer:
    """Add many claims, all or none.

    A claim that is there already and says the same is left alone, so a batch may be sent again;
    one that says something else answers 409, and nothing is written. Texts, titles and further
    wordings together count as wordings. More than fits goes through `refrain import`.
    """
    named = [claim if claim.id else replace(claim, id=new_id(claim)) for claim in claims]
    place = {claim.id: at for at, claim in enumerate(named)}
    try:
        saved = _save(named, "absent or same")
    except ClaimExists as error:
        there = [(f"/claims/{place[one]}/id", "Exists already.") for one in error.claim_ids]
        raise Refusal(409, str(error), errors=there) from error
    except InvalidClaims as error:
        raise InvalidInput(
            {
                f"/claims/{place[one]}{at}": fault
                for one, faults in error.by_claim.items()
                for at, fault in faults.items()
            }
        ) from error
    unchanged = set(saved.unchanged)
    return ClaimBatchAnswer(
        [
            BatchedClaim(one.id, one.revision, "unchanged" if one.id in unchanged else "added")
            for one in saved.claims
        ]
    )


def if_match() -> Expected | None:
    """What ``If-Match`` says of the claim; None where it is not sent. Weak tags match nothing."""
    if "If-Match" not in request.headers:
        return None
    tags = request.if_match
    if tags.star_tag:
        return "present"
    return frozenset(int(tag) for tag in tags.as_set() if re.fullmatch("[0-9]{1,18}", tag))


def new_id(claim: Claim) -> str:
    """An id that tells people what the claim is about and that no other claim has."""
    plain = unicodedata.normalize("NFKD", claim.title or claim.text).encode("ascii", "ignore")
    slug = re.sub("[^a-z0-9]+", "-", plain.decode().lower()).strip("-")[:_LONGEST_SLUG]
    return f"{slug.strip('-') or 'claim'}-{secrets.token_hex(4)}"


def _save(claims: Sequence[Claim], expected: Expected) -> Saved:
    here = parts()
    saved = here.catalogue.unchanged(claims, expected=expected)
    if saved is None:
        # encoding takes long, so it comes before the transaction, in which others would wait
        encoded = here.engine.encode_wordings(claims)
        saved = here.catalogue.save(claims, who=caller().name, encoded=encoded, expected=expected)
        _catch_up()
    return saved


def _catch_up() -> None:
    """Lets this worker find at once what it has written; the others follow by themselves."""
    try:
        parts().engine.refresh()
    except ServiceError as error:  # the change is kept, and will be followed
        log_fault(error)


def _answer(saved: Saved) -> Response:
    [claim] = saved.claims
    response = jsonify(ClaimSchema().dump(claim))
    response.set_etag(str(claim.revision))
    if saved.added:
        response.status_code = 201
        response.headers["Location"] = url_for("claims.show_claim", claim_id=claim.id)
    return response


def _condition_needed() -> Refusal:
    return Refusal(428, "Send If-Match with the ETag of the claim that you have read.")
