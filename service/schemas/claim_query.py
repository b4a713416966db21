"""The query string of ``GET /claims`` and its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields, post_load, pre_load, validates_schema
from marshmallow.validate import Range

from service.models import Claim, ClaimFilter
from service.schemas.answer import AnswerSchema
from service.schemas.claim import ClaimSchema
from service.schemas.cursors import ClaimCursor, Place
from service.schemas.fields import Items, PlainText
from service.schemas.filters import FilterSchema

LONGEST_WORDS = 200
MOST_CLAIMS = 200
DEFAULT_CLAIMS = 50
LATEST_REVISION = 2**31 - 1


@dataclass(frozen=True, slots=True)
class ClaimQuery:
    """A page of the catalogue: at most ``limit`` claims behind ``place``.

    ``changed_since`` narrows to what has changed after that revision, deletions included.
    """

    filter: ClaimFilter
    words: str | None
    changed_since: int | None
    place: Place | None
    limit: int

    @property
    def after(self) -> str | None:
        """The id that the page begins behind."""
        return self.place.after if self.place else None


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """Claims by id, and the cursor of the page behind them; None where they are the last.

    ``revision`` is the catalogue's at the first page: all up to it is in the pages.
    """

    claims: Sequence[Claim]
    deleted: Sequence[str]
    revision: int
    next_cursor: str | None


class ClaimQuerySchema(FilterSchema):
    """Loads a ``ClaimQuery``. A list may be given by commas or by repeating its name."""

    q = PlainText(
        LONGEST_WORDS,
        load_default=None,
        metadata={"description": "Words that must all occur in the claim."},
    )
    limit = fields.Integer(load_default=DEFAULT_CLAIMS, validate=Range(1, MOST_CLAIMS))
    changed_since = fields.Integer(
        load_default=None,
        validate=Range(0, LATEST_REVISION),
        metadata={
            "description": "Only what has changed after this revision; `deleted` names what is "
            "gone. For a mirror: begin with 0, read all pages, and ask next time with their "
            "`revision`."
        },
    )
    cursor = ClaimCursor(
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

    @validates_schema
    def check_cursor(self, data: dict[str, Any], **_: Any) -> None:
        """A cursor goes on with the list that it came from."""
        place: Place | None = data["cursor"]
        if place and (place.revision is None) is not (data["changed_since"] is None):
            raise ValidationError("Must go with the query that it came from.", "cursor")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> ClaimQuery:
        """The query."""
        return ClaimQuery(
            filter=self.claim_filter(data),
            words=data["q"],
            changed_since=data["changed_since"],
            place=data["cursor"],
            limit=data["limit"],
        )


class ClaimPageSchema(AnswerSchema):
    """A page of claims, ordered by id; dumps a ``ClaimPage``."""

    claims = fields.List(fields.Nested(ClaimSchema))
    deleted = fields.List(
        fields.String(),
        metadata={
            "description": "With `changed_since`: ids of changed claims that are deleted, or that "
            "the filters no longer let pass. Else empty."
        },
    )
    revision = fields.Integer(
        metadata={"description": "The catalogue's when the first page was read."}
    )
    next_cursor = fields.String(allow_none=True, metadata={"description": "Null on the last page."})
