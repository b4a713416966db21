"""The storylines in JSON, with what the catalogue counts for each."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service.models import NarrativeSummary
from service.schemas.answer import AnswerSchema


class NarrativeSummarySchema(AnswerSchema):
    """A narrative with its counts; dumps a ``models.NarrativeSummary``."""

    id = fields.String()
    title = fields.String()
    claims = fields.Integer()
    appearances = fields.Integer()
    first_seen = fields.String(allow_none=True)
    last_seen = fields.String(allow_none=True)
    by_month = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "Dated appearances by month, `YYYY-MM`."},
    )

    def get_attribute(self, obj: NarrativeSummary, attr: str, default: Any) -> Any:
        """``id`` and ``title`` are the narrative's own."""
        holder = obj.narrative if attr in ("id", "title") else obj
        return super().get_attribute(holder, attr, default)


class NarrativeListSchema(AnswerSchema):
    """All narratives, ordered by id."""

    narratives = fields.List(fields.Nested(NarrativeSummarySchema))
