"""Matching: has this been claimed, and rebutted, before?"""

from __future__ import annotations

from service.api.blueprint import ResourceBlueprint
from service.api.parts import parts
from service.matching.scanning import scan as scan_article
from service.models import MatchQuery, ScanQuery
from service.schemas.examples import MATCH_ANSWER, MATCH_REQUEST, NO_MATCH_ANSWER
from service.schemas.match import MatchAnswer, MatchAnswerSchema, MatchQuerySchema
from service.schemas.scan import (
    BatchAnswer,
    BatchAnswerSchema,
    BatchQuerySchema,
    ScanAnswer,
    ScanAnswerSchema,
    ScanQuerySchema,
)

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


@blueprint.post("/match/batch")
@blueprint.takes(BatchQuerySchema, example={"texts": [MATCH_REQUEST["text"]], "limit": 1})
@blueprint.answers(BatchAnswerSchema, description="One result per text, in order.")
@blueprint.refuses(400, 413, 415, 422, 503)
def match_batch(queries: list[MatchQuery]) -> BatchAnswer:
    """Look up many sentences.

    1 to 128 texts, answered in one go, with the options of `POST /match` for all of them.
    """
    engine = parts().engine
    return BatchAnswer(engine.find_matches(queries), engine.describe())


@blueprint.post("/scan")
@blueprint.takes(ScanQuerySchema, example={"text": f"MOSCOW. {MATCH_REQUEST['text']}"})
@blueprint.answers(ScanAnswerSchema, description="The sentences that match, in order.")
@blueprint.refuses(400, 413, 415, 422, 503)
def scan(article: ScanQuery) -> ScanAnswer:
    """Find the sentences of an article that are about a known claim.

    Up to 100,000 characters; a line break ends a sentence. `start` and `end` count Unicode code
    points of the text as it was sent. Sentences that reject a claim are listed too, as `rejects`.
    """
    engine = parts().engine
    return ScanAnswer(scan_article(engine, article), engine.describe())
