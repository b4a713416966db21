"""The filters that narrow the claims, the same for matching and for reading the catalogue."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, validates_schema

from service.models import ClaimFilter, date_span
from service.schemas.fields import HostName, Identifier, Items, Language, PartialDate


class FilterSchema(Schema):
    """Which claims may be found; what is left out does not narrow."""

    narratives = Items(
        Identifier(),
        most=100,
        load_default=list,
        metadata={"description": "Only claims of these narratives, by id."},
    )
    rebuttal_languages = Items(
        Language(),
        most=50,
        load_default=list,
        metadata={"description": "Only claims with a rebuttal in one of these languages."},
    )
    rebuttal_publishers = Items(
        HostName(),
        most=100,
        load_default=list,
        metadata={"description": "Only claims rebutted on one of these hosts; subdomains match."},
    )
    since = PartialDate(
        load_default=None,
        allow_none=True,
        metadata={"description": "Only claims seen on or after this day, month or year."},
    )
    until = PartialDate(
        load_default=None,
        allow_none=True,
        metadata={"description": "Only claims seen on or before this day, month or year."},
    )

    @validates_schema
    def check_interval(self, data: dict[str, Any], **_: Any) -> None:
        """An interval that ends before it begins is a mistake, not an empty filter."""
        since, until = data.get("since"), data.get("until")
        if since and until and date_span(since)[0] > date_span(until)[1]:
            raise ValidationError("Must not lie before `since`.", "until")

    @staticmethod
    def claim_filter(data: dict[str, Any]) -> ClaimFilter:
        """The filter among the loaded options."""
        return ClaimFilter(
            narratives=tuple(dict.fromkeys(data["narratives"])),
            rebuttal_languages=tuple(dict.fromkeys(data["rebuttal_languages"])),
            rebuttal_publishers=tuple(dict.fromkeys(data["rebuttal_publishers"])),
            since=data["since"],
            until=data["until"],
        )
