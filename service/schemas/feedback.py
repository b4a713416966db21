"""An editor's judgement in JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load
from marshmallow.validate import OneOf

from service.models import EditorJudgement
from service.schemas.answer import AnswerSchema
from service.schemas.fields import Fraction, Identifier, PlainText, UtcTime
from service.schemas.match import LONGEST_QUERY, EngineSchema

_VERDICTS = ("same", "related", "wrong")
_RELATIONS = ("repeats", "rejects")


class FeedbackSchema(Schema):
    """What an editor says of a text and a claim; loads a ``models.EditorJudgement``."""

    text = PlainText(LONGEST_QUERY, required=True)
    claim_id = Identifier(required=True)
    verdict = fields.String(required=True, validate=OneOf(_VERDICTS))
    relation = fields.String(load_default=None, allow_none=True, validate=OneOf(_RELATIONS))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> EditorJudgement:
        """The judgement, not kept yet."""
        return EditorJudgement(**data)


class AcceptedSchema(AnswerSchema):
    """The judgement is kept."""

    status = fields.String()


class JudgementSchema(AnswerSchema):
    """A judgement as it is exported; dumps a ``models.EditorJudgement``."""

    text = fields.String()
    claim_id = fields.String()
    claim_revision = fields.Integer()
    verdict = fields.String()
    relation = fields.String(allow_none=True)
    score = Fraction(allow_none=True)
    engine = fields.Nested(EngineSchema, allow_none=True)
    who = fields.String()
    at = UtcTime()
