"""The query string of ``GET /claims`` and its answer."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields, post_load, pre_load
from marshmallow.validate import Range

from service.models import CLAIM_ID, Claim, ClaimFilter
from service.schemas.answer import AnswerSchema
from service.schemas.claim import ClaimSchema
from service.schemas.fields import Items, PlainText
from service.schemas.filters import FilterSchema

LONGEST_WORDS = 200
MOST_CLAIMS = 200
DEFAULT_CLAIMS = 50

_BEHIND_ID = "id:"  # names the order, so that another order can have cursors of its own


@dataclass(frozen=True, slots=True)
class ClaimQuery:
    """A page of the catalogue: at most ``limit`` claims behind the id ``after``."""

    filter: ClaimFilter
    words: str | None
    after: str | None
    limit: int


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """Claims by id, and the cursor of the page behind them; None where they are the last."""

    claims: list[Claim]
    next_cursor: str | None


class Cursor(fields.String):
    """An opaque place in the list of claims; loads the id that the page begins behind."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            place = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True).decode()
        except (UnicodeError, binascii.Error):
            place = ""
        claim_id = place.removeprefix(_BEHIND_ID)
        if claim_id == place or not CLAIM_ID.match(claim_id):
            raise ValidationError("Must be a `next_cursor` as it came.")
        return claim_id


def cursor_behind(claim_id: str) -> str:
    """The cursor of the page that begins behind this claim."""
    return base64.urlsafe_b64encode((_BEHIND_ID + claim_id).encode()).decode()


class ClaimQuerySchema(FilterSchema):
    """Loads a ``ClaimQuery``. A list may be given by commas or by repeating its name."""

    q = PlainText(
        LONGEST_WORDS,
        load_default=None,
        metadata={"description": "Words that must all occur in the claim."},
    )
    limit = fields.Integer(load_default=DEFAULT_CLAIMS, validate=Range(1, MOST_CLAIMS))
    cursor = Cursor(
        load_default=None, metadata={"description": "The `next_cursor` of the page before."}
    )

    @pre_load
    def split_lists(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """``a,b`` and ``a&…b`` alike; an empty search box is no search."""
        raw = {name: data[name] for name in data}
        for name, field in self.fields.items():
            if isinstance(field, Items) and isinstance(raw.get(name), list):
                raw[name] = [part for entry in raw[name] for part in entry.split(",")]
        if isinstance(raw.get("q"), str) and not raw["q"].strip():
            del raw["q"]
        return raw

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> ClaimQuery:
        """The query."""
        return ClaimQuery(self.claim_filter(data), data["q"], data["cursor"], data["limit"])


class ClaimPageSchema(AnswerSchema):
    """A page of claims, ordered by id; dumps a ``ClaimPage``."""

    claims = fields.List(fields.Nested(ClaimSchema))
    next_cursor = fields.String(allow_none=True, metadata={"description": "Null on the last page."})
