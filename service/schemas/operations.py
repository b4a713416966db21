"""What the service says of itself in JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service.models import EngineInfo
from service.schemas.answer import AnswerSchema
from service.schemas.fields import Fraction


class HealthSchema(AnswerSchema):
    """The process is alive."""

    status = fields.String()
    version = fields.String()


class ReadySchema(AnswerSchema):
    """Queries can be answered."""

    status = fields.String()


class TiersSchema(AnswerSchema):
    """The lowest score that reaches a tier."""

    match = Fraction(allow_none=True)
    related = Fraction(allow_none=True)


class IndexSchema(AnswerSchema):
    """What is searched."""

    wordings = fields.Integer()
    claims = fields.Integer()
    revision = fields.Integer()


class LimitsSchema(AnswerSchema):
    """What a request may hold."""

    body_bytes = fields.Integer()
    text_characters = fields.Integer()
    matches = fields.Integer()
    claims_per_page = fields.Integer()
    batch_bytes = fields.Integer()
    batch_claims = fields.Integer()
    batch_wordings = fields.Integer()


class InfoSchema(AnswerSchema):
    """The engine's particulars; dumps ``{"version", "info": models.EngineInfo, "limits"}``."""

    version = fields.String()
    encoder = fields.String()
    fingerprint = fields.String()
    dimension = fields.Integer()
    languages = fields.List(
        fields.String(),
        allow_none=True,
        metadata={"description": "ISO 639-1 codes that the encoder speaks; null stands for all."},
    )
    verifier = fields.String(allow_none=True)
    calibration = fields.String(allow_none=True)
    tiers = fields.Nested(
        TiersSchema, allow_none=True, metadata={"description": "Null without a calibration."}
    )
    index = fields.Nested(IndexSchema)
    limits = fields.Nested(LimitsSchema)

    def get_attribute(self, obj: dict[str, Any], attr: str, default: Any) -> Any:
        """All but ``version`` and ``limits`` is the engine's."""
        if attr in ("version", "limits"):
            return obj[attr]
        info: EngineInfo = obj["info"]
        if attr == "index":
            return info
        if attr == "languages":
            return None if info.languages is None else sorted(info.languages)
        return super().get_attribute(info, attr, default)
