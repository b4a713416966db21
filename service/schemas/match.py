"""A query and its answer in JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import fields, post_load
from marshmallow.validate import OneOf, Range

from service.models import RELATIONS, EngineDescription, MatchQuery, MatchResult
from service.schemas.answer import AnswerSchema
from service.schemas.claim import MatchedClaimSchema
from service.schemas.fields import Fraction, Items, Language, PlainText
from service.schemas.filters import FilterSchema

LONGEST_QUERY = 2_000
MOST_MATCHES = 50
DEFAULT_MATCHES = 5


class MatchOptionsSchema(FilterSchema):
    """The options that every way of matching shares: one text, many texts, an article."""

    language = Language(
        load_default=None,
        allow_none=True,
        metadata={"description": "Of the text; detected where it is left out."},
    )
    limit = fields.Integer(
        strict=True, load_default=DEFAULT_MATCHES, validate=Range(1, MOST_MATCHES)
    )
    min_score = Fraction(
        load_default=None,
        allow_none=True,
        validate=Range(0, 1),
        metadata={"description": "Left out, the threshold of the tier `related`."},
    )
    relations = Items(
        fields.String(validate=OneOf(RELATIONS)),
        least=1,
        most=len(RELATIONS),
        load_default=lambda: list(RELATIONS),
    )

    @classmethod
    def query(cls, text: str, options: dict[str, Any]) -> MatchQuery:
        """One query with the loaded ``options``."""
        return MatchQuery(
            text=text,
            language=options["language"],
            limit=options["limit"],
            min_score=options["min_score"],
            relations=tuple(dict.fromkeys(options["relations"])),
            filter=cls.claim_filter(options),
        )


class MatchQuerySchema(MatchOptionsSchema):
    """One sentence to look up; loads a ``models.MatchQuery``."""

    text = PlainText(LONGEST_QUERY, required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> MatchQuery:
        """The query."""
        return self.query(data["text"], data)


class ProbabilitiesSchema(AnswerSchema):
    """What the verifier says of the sentence and the claim; the three sum to 1."""

    repeats = Fraction()
    rejects = Fraction()
    neither = Fraction()


class MatchedWordingSchema(AnswerSchema):
    """The wording of the claim that matched."""

    text = fields.String()
    language = fields.String()
    field = fields.String(validate=OneOf(["text", "title", "wording"]))


class MatchSchema(AnswerSchema):
    """A claim found for the query, scored and judged."""

    score = Fraction(metadata={"description": "The probability that it is this very claim."})
    tier = fields.String(validate=OneOf(["match", "related"]))
    relation = fields.String(validate=OneOf(RELATIONS))
    probabilities = fields.Nested(ProbabilitiesSchema, allow_none=True)
    matched = fields.Nested(MatchedWordingSchema)
    terms = fields.List(fields.String())
    claim = fields.Nested(MatchedClaimSchema)


class NoMatchSchema(AnswerSchema):
    """Why there is no match. `reason` is for people and may change; `code` may not."""

    code = fields.String(
        validate=OneOf(
            ["below_min_score", "filters_left_nothing", "language_not_covered", "catalogue_empty"]
        )
    )
    best_score = Fraction(allow_none=True)
    considered = fields.Integer()
    reason = fields.String()


class QueryEchoSchema(AnswerSchema):
    """The query as it was understood. `truncated`: the encoder did not see the whole text."""

    text = fields.String()
    language = fields.String(allow_none=True)
    truncated = fields.Boolean()


class EngineSchema(AnswerSchema):
    """What answered."""

    encoder = fields.String()
    verifier = fields.String(allow_none=True)
    calibration = fields.String(allow_none=True)
    calibrated = fields.Boolean()
    catalogue_revision = fields.Integer()


class MatchResultSchema(AnswerSchema):
    """The answer to one query, best match first; dumps a ``models.MatchResult``."""

    query = fields.Nested(QueryEchoSchema)
    matches = fields.List(fields.Nested(MatchSchema))
    no_match = fields.Nested(NoMatchSchema, allow_none=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """``query`` is made of the result's own fields."""
        return obj if attr == "query" else super().get_attribute(obj, attr, default)


@dataclass(frozen=True, slots=True)
class MatchAnswer:
    """A result with the engine that gave it."""

    result: MatchResult
    engine: EngineDescription


class MatchAnswerSchema(MatchResultSchema):
    """The answer of `POST /match`; dumps a ``MatchAnswer``."""

    engine = fields.Nested(EngineSchema)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """``engine`` stands beside the result, the rest in it."""
        if attr == "engine":
            return obj.engine
        return super().get_attribute(obj.result, attr, default)
