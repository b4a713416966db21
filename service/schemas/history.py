"""The history of a claim in JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, post_load
from marshmallow.validate import OneOf, Range

from service.models import Change
from service.schemas.answer import AnswerSchema
from service.schemas.claim import ClaimSchema
from service.schemas.claim_query import DEFAULT_CLAIMS, MOST_CLAIMS
from service.schemas.cursors import RevisionCursor
from service.schemas.fields import UtcTime


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """A page of a history: at most ``limit`` changes older than the revision ``before``."""

    before: int | None
    limit: int


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Changes, the latest first, and the cursor of the page behind them; None on the last."""

    changes: list[Change]
    next_cursor: str | None


class HistoryQuerySchema(Schema):
    """Loads a ``HistoryQuery``."""

    limit = fields.Integer(load_default=DEFAULT_CLAIMS, validate=Range(1, MOST_CLAIMS))
    cursor = RevisionCursor(
        load_default=None, metadata={"description": "The `next_cursor` of the page before."}
    )

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> HistoryQuery:
        """The query."""
        return HistoryQuery(data["cursor"], data["limit"])


class RecordedClaimSchema(ClaimSchema):
    """What a claim said before or after a change."""

    class Meta:
        exclude = ("revision", "updated")


class ChangeSchema(AnswerSchema):
    """One change. `before` is null for a creation, `after` for a deletion."""

    revision = fields.Integer()
    action = fields.String(validate=OneOf(["create", "update", "delete"]))
    at = UtcTime(metadata={"type": "string", "format": "date-time"})
    who = fields.String(metadata={"description": "The name of the key, or of the command."})
    before = fields.Nested(RecordedClaimSchema, allow_none=True)
    after = fields.Nested(RecordedClaimSchema, allow_none=True)


class HistoryPageSchema(AnswerSchema):
    """A page of the history, the latest change first; dumps a ``HistoryPage``."""

    changes = fields.List(fields.Nested(ChangeSchema))
    next_cursor = fields.String(allow_none=True, metadata={"description": "Null on the last page."})
