"""Reading the narratives of the catalogue."""

from __future__ import annotations

from service.api.blueprint import ResourceBlueprint
from service.api.parts import parts
from service.errors import NarrativeNotFound
from service.models import CLAIM_ID, NarrativeSummary
from service.schemas.examples import CLAIM
from service.schemas.narrative import NarrativeListSchema, NarrativeSummarySchema

blueprint = ResourceBlueprint("narratives", "The storylines that group claims.")

_EXAMPLE = {
    **CLAIM["narrative"],
    "claims": 21,
    "appearances": 34,
    "first_seen": "2022-09",
    "last_seen": "2026-02-24",
    "by_month": {"2024-11": 3, "2024-12": 1},
}
_NARRATIVE_ID = {
    "name": "narrative_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": CLAIM_ID.pattern.replace(r"\Z", "$")},
    "example": _EXAMPLE["id"],
}


@blueprint.get("/narratives")
@blueprint.answers(NarrativeListSchema, example={"narratives": [_EXAMPLE]})
@blueprint.refuses(503)
def list_narratives() -> dict[str, list[NarrativeSummary]]:
    """List the narratives.

    All of them, ordered by id, with their counts.
    """
    return {"narratives": parts().catalogue.narratives()}


@blueprint.get("/narratives/<narrative_id>", parameters=[_NARRATIVE_ID])
@blueprint.answers(NarrativeSummarySchema, example=_EXAMPLE)
@blueprint.refuses(404, 503)
def show_narrative(narrative_id: str) -> NarrativeSummary:
    """Show one narrative."""
    if not CLAIM_ID.match(narrative_id):
        raise NarrativeNotFound(narrative_id)
    return parts().catalogue.narrative(narrative_id)
