"""A claim in JSON: one shape for the API, for JSON Lines and for the starter catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, post_load, pre_load
from marshmallow.validate import OneOf

from service.models import RESERVED_IDS, Appearance, Claim, Narrative, Rebuttal
from service.schemas.fields import (
    ByLanguage,
    Flag,
    Identifier,
    Items,
    Language,
    PartialDate,
    PlainText,
    UtcTime,
    WebAddress,
)

LONGEST_TEXT = 2_000
LONGEST_TITLE = 300
LONGEST_REBUTTAL = 5_000
READ_ONLY = frozenset({"last_seen", "revision", "updated"})


class NarrativeSchema(Schema):
    """The storyline of a claim. Without ``title`` it is one that exists already."""

    id = Identifier(required=True)
    title = PlainText(LONGEST_TITLE, load_default=None, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Narrative:
        """The narrative; its title is empty where none came."""
        return Narrative(data["id"], data["title"] or "")


class AppearanceSchema(Schema):
    """Where and when a claim was spread."""

    outlet = PlainText(LONGEST_TITLE, required=True)
    url = WebAddress(load_default=None, allow_none=True)
    archived_url = WebAddress(load_default=None, allow_none=True)
    date = PartialDate(load_default=None, allow_none=True)
    language = Language(load_default=None, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Appearance:
        """The appearance."""
        return Appearance(**data)


class RebuttalSchema(Schema):
    """A fact-check, or another source, that answers a claim."""

    publisher = PlainText(LONGEST_TITLE, required=True)
    title = PlainText(500, load_default=None, allow_none=True)
    url = WebAddress(load_default=None, allow_none=True)
    date = PartialDate(load_default=None, allow_none=True)
    language = Language(load_default=None, allow_none=True)
    kind = fields.String(load_default="fact_check", validate=OneOf(["fact_check", "source"]))
    rating = PlainText(LONGEST_TITLE, load_default=None, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Rebuttal:
        """The rebuttal."""
        return Rebuttal(**data)


class ClaimSchema(Schema):
    """One documented statement with its rebuttal.

    Loads a ``models.Claim`` and refuses unknown fields; the read-only ones are accepted, whatever
    they hold, and ignored. ``ClaimSchema(partial=("id",))`` takes a claim whose id comes from
    elsewhere: its id is then empty.
    """

    id = Identifier(RESERVED_IDS, required=True)
    text = PlainText(LONGEST_TEXT, required=True)
    title = PlainText(LONGEST_TITLE, load_default=None, allow_none=True)
    language = Language(
        load_default="en", metadata={"description": "Of `text`, `title` and `rebuttal`."}
    )
    wordings = ByLanguage(
        Items(PlainText(LONGEST_TEXT), most=100),
        load_default=dict,
        metadata={"description": "Further phrasings by language; each is searched."},
    )
    narrative = fields.Nested(NarrativeSchema, load_default=None, allow_none=True)
    first_seen = PartialDate(load_default=None, allow_none=True)
    last_seen = PartialDate(dump_only=True, allow_none=True)
    keywords = Items(PlainText(100), most=50, load_default=list)
    appearances = Items(fields.Nested(AppearanceSchema), most=500, load_default=list)
    rebuttal = PlainText(
        LONGEST_REBUTTAL,
        required=True,
        metadata={"description": "The known rebuttal, in one to three sentences."},
    )
    rebuttals = Items(fields.Nested(RebuttalSchema), most=200, load_default=list)
    facts_as_of = PartialDate(
        load_default=None,
        allow_none=True,
        metadata={"description": "The date of the facts in `rebuttal`, where they may change."},
    )
    reviewed = Flag(
        load_default=False, metadata={"description": "Whether an editor has checked the entry."}
    )
    revision = fields.Integer(dump_only=True)
    updated = UtcTime(dump_only=True, metadata={"type": "string", "format": "date-time"})

    @pre_load
    def ignore_read_only(self, data: Any, **_: Any) -> Any:
        """What was read can be sent back."""
        if not isinstance(data, Mapping):
            return data
        return {name: value for name, value in data.items() if name not in READ_ONLY}

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Claim:
        """The claim, not saved yet."""
        data.setdefault("id", "")
        for name in ("keywords", "appearances", "rebuttals"):
            data[name] = tuple(data[name])
        data["wordings"] = {
            language: tuple(texts) for language, texts in data["wordings"].items() if texts
        }
        return Claim(**data)


class NewClaimSchema(ClaimSchema):
    """A claim as it is sent. Without an `id` it is that of the address, or one is made.

    Read-only fields are accepted, whatever they hold, and ignored: what was read can be sent back.
    """

    id = Identifier(RESERVED_IDS)


class MatchedClaimSchema(ClaimSchema):
    """A claim inside a match: without its further wordings."""

    class Meta:
        exclude = ("wordings",)
