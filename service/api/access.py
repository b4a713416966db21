"""Who may call what: every view is listed here, and one that is not cannot be served."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NoReturn, cast

from flask import Flask, g, request

from service.api.parts import parts
from service.api.problems import Refusal
from service.models import Key, Scope


class Need(Enum):
    """What a view asks of its caller."""

    NOTHING = "never a key"
    READING = "a key with `match` where `REFRAIN_REQUIRE_KEY` is set, else none"
    JUDGING = "a key with `match`"
    EDITING = "a key with `edit`"


NEEDS: Mapping[str, Need] = {
    "matching.match": Need.READING,
    "matching.match_batch": Need.READING,
    "matching.scan": Need.READING,
    "claims.list_claims": Need.READING,
    "claims.show_claim": Need.READING,
    "claims.show_history": Need.READING,
    "narratives.list_narratives": Need.READING,
    "narratives.show_narrative": Need.READING,
    "editing.create_claim": Need.EDITING,
    "editing.put_claim": Need.EDITING,
    "editing.delete_claim": Need.EDITING,
    "editing.create_claims": Need.EDITING,
    "feedback.give_feedback": Need.JUDGING,
    "operations.health": Need.NOTHING,
    "operations.ready": Need.NOTHING,
    "operations.info": Need.READING,
    "operations.metrics": Need.READING,
    "documents.openapi_json": Need.NOTHING,
    "pages.docs": Need.NOTHING,
    "pages.static": Need.NOTHING,
}
"""What each view needs, by its endpoint."""

_SCOPE: Mapping[Need, Scope] = {
    Need.READING: "match",
    Need.JUDGING: "match",
    Need.EDITING: "edit",
}
_CHALLENGE = 'Bearer realm="refrain"'


def guard(app: Flask, *, require_key: bool) -> None:
    """Ask for keys before any view of ``app`` runs. To be called when all views are registered.

    Raises:
        LookupError: a view is not listed in ``NEEDS``.
    """
    undeclared = {rule.endpoint for rule in app.url_map.iter_rules()} - NEEDS.keys()
    if undeclared:
        raise LookupError(f"api/access.py does not say who may call {sorted(undeclared)}.")

    def ask() -> None:
        # an address that does not exist answers 404 or 405; a preflight request carries no key
        if request.endpoint is None or request.method == "OPTIONS":
            return
        need = NEEDS[request.endpoint]
        if need is Need.NOTHING or (need is Need.READING and not require_key):
            return
        g.key = _key_for(_SCOPE[need])

    app.before_request(ask)


def caller() -> Key:
    """The key of the request; only in a view that always needs one."""
    return cast(Key, g.key)


def _key_for(scope: Scope) -> Key:
    given = request.authorization
    if given is None:
        _refuse(401, "This needs a key. Send it as Authorization: Bearer rfr_…", "")
    secret = given.token if given.type == "bearer" else None
    key = parts().catalogue.keys.find(secret) if secret else None
    if key is None:
        _refuse(401, "There is no such key, or it has been revoked.", ', error="invalid_token"')
    if not key.opens(scope):
        needed = f', error="insufficient_scope", scope="{scope}"'
        _refuse(403, f"This needs a key with the scope {scope}.", needed)
    return key


def _refuse(status: int, detail: str, challenge: str) -> NoReturn:
    raise Refusal(status, detail, headers={"WWW-Authenticate": _CHALLENGE + challenge})
