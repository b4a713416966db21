"""Matching: has this been claimed, and rebutted, before?"""

from __future__ import annotations

from service.api.blueprint import ResourceBlueprint
from service.api.parts import parts
from service.models import MatchQuery
from service.schemas.examples import MATCH_ANSWER, MATCH_REQUEST, NO_MATCH_ANSWER
from service.schemas.match import MatchAnswer, MatchAnswerSchema, MatchQuerySchema

blueprint = ResourceBlueprint("matching", "Has this been claimed, and rebutted, before?")


blueprint.keep_no_copies()  # an answer quotes the query, which may not be public yet


@blueprint.post("/match")
@blueprint.takes(MatchQuerySchema, example=MATCH_REQUEST)
@blueprint.answers(
    MatchAnswerSchema,
    description="The earlier claims, best first. No match is an ordinary answer.",
    examples={
        "match": {"summary": "A known claim", "value": MATCH_ANSWER},
        "no_match": {"summary": "No match", "value": NO_MATCH_ANSWER},
    },
)
@blueprint.refuses(400, 413, 415, 422, 503)
def match(query: MatchQuery) -> MatchAnswer:
    """Look up one sentence.

    Finds the documented claims that the sentence repeats or rejects, with their rebuttals. Only
    `text` is required. The filters narrow the claims before they are ranked; an undated claim does
    not pass `since` or `until`.
    """
    engine = parts().engine
    [result] = engine.find_matches([query])
    return MatchAnswer(result, engine.describe())
