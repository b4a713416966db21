"""Editors' judgements of what was found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from service.api.access import caller
from service.api.blueprint import ResourceBlueprint
from service.api.parts import parts
from service.errors import InvalidInput
from service.models import EditorJudgement, MatchQuery
from service.schemas.examples import FEEDBACK
from service.schemas.feedback import AcceptedSchema, FeedbackSchema
from service.schemas.match import MOST_MATCHES

blueprint = ResourceBlueprint("feedback", "What editors say of the answers.")


@blueprint.post("/feedback")
@blueprint.takes(FeedbackSchema, example=FEEDBACK)
@blueprint.answers(AcceptedSchema, 202, example={"status": "accepted"})
@blueprint.refuses(400, 413, 415, 422, 503)
def give_feedback(judgement: EditorJudgement) -> dict[str, str]:
    """Say whether a claim fits a text.

    `verdict`: `same`, the text is about this very claim; `related`, about something near it;
    `wrong`, about something else. `relation`, where it is sent, is what the text does to the claim.
    The text is kept, with the engine and its score, until it is purged.
    """
    here = parts()
    claim = here.catalogue.claims_by_id([judgement.claim_id]).get(judgement.claim_id)
    if claim is None:
        raise InvalidInput({"/claim_id": "There is no claim with this id."})
    query = MatchQuery(judgement.text, limit=MOST_MATCHES, min_score=0.0)
    [result] = here.engine.find_matches([query])
    scores = {match.claim.id: match.score for match in result.matches}
    here.catalogue.feedback.add(
        replace(
            judgement,
            claim_revision=claim.revision,
            score=scores.get(claim.id),
            engine=here.engine.describe(),
            who=caller().name,
            at=datetime.now(UTC),
        )
    )
    return {"status": "accepted"}
