"""The marshmallow fields of the house: stricter than marshmallow's own about JSON types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields

from service.models import CLAIM_ID, date_span
from service.schemas.languages import LANGUAGES
from service.schemas.text import host_name, plain_text, web_address

LONGEST_URL = 2_000
LONGEST_HOST = 253


class PlainText(fields.String):
    """Trimmed plain text of 1 to ``longest`` characters."""

    def __init__(self, longest: int, **options: Any) -> None:
        self.longest = longest
        metadata = {"minLength": 1, "maxLength": longest, **options.pop("metadata", {})}
        super().__init__(metadata=metadata, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return self.checked(plain_text(text, self.longest))
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def checked(self, text: str) -> str:
        """The value of this kind that ``text`` stands for; raises ValueError with the reason."""
        return text


class WebAddress(PlainText):
    """An http or https URL."""

    def __init__(self, **options: Any) -> None:
        super().__init__(LONGEST_URL, metadata={"format": "uri"}, **options)

    def checked(self, text: str) -> str:
        return web_address(text)


class HostName(PlainText):
    """A host name, normalised: lower case, without ``www.``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(LONGEST_HOST, metadata={"format": "hostname"}, **options)

    def checked(self, text: str) -> str:
        return host_name(text)


class Identifier(fields.String):
    """The id of a claim or a narrative; ``reserved`` ones are refused."""

    def __init__(self, reserved: frozenset[str] = frozenset(), **options: Any) -> None:
        self.reserved = reserved
        metadata = {"pattern": CLAIM_ID.pattern.replace(r"\Z", "$")}
        super().__init__(metadata=metadata, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not CLAIM_ID.match(text):
            raise ValidationError(
                "Must be 1 to 128 lower-case letters, digits and hyphens, no hyphen first."
            )
        if text in self.reserved:
            raise ValidationError("This id is reserved.")
        return text


class PartialDate(fields.String):
    """An ISO 8601 year, month or day, kept as text."""

    def __init__(self, **options: Any) -> None:
        metadata = {"pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$", **options.pop("metadata", {})}
        messages: dict[str, Any] = {"invalid": "Must be text: YYYY, YYYY-MM or YYYY-MM-DD."}
        super().__init__(metadata=metadata, error_messages=messages, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            date_span(text)
        except ValueError as error:
            raise ValidationError(str(error)) from error
        return text


class Language(fields.String):
    """An ISO 639-1 code."""

    def __init__(self, **options: Any) -> None:
        metadata = {"pattern": "^[a-z]{2}$", **options.pop("metadata", {})}
        super().__init__(metadata=metadata, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text not in LANGUAGES:
            raise ValidationError("Must be an ISO 639-1 code, such as en or uk.")
        return text


class Flag(fields.Boolean):
    """``true`` or ``false`` and nothing that merely reads like them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Fraction(fields.Float):
    """A number of JSON, dumped with four digits: more would be noise."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> float | None:
        return None if value is None else round(float(value), 4)


class Items(fields.List[Any]):
    """A JSON array of at most ``most`` and at least ``least`` entries; an object is no array."""

    def __init__(self, inner: fields.Field[Any], *, most: int, least: int = 0, **options: Any):
        self.most, self.least = most, least
        metadata = {"maxItems": most, **({"minItems": least} if least else {})}
        super().__init__(inner, metadata=metadata | options.pop("metadata", {}), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise self.make_error("invalid")
        if len(value) > self.most:
            raise ValidationError(f"Must not have more than {self.most:,} entries.")
        if len(value) < self.least:
            raise ValidationError(f"Must have at least {self.least} entry.")
        return super()._deserialize(value, attr, data, **kwargs)


class ByLanguage(fields.Dict):
    """A JSON object from ISO 639-1 codes to ``values``.

    marshmallow reports a fault in a mapping below an extra ``key`` or ``value``; those steps are
    taken out, so that a pointer leads to the place in the JSON.
    """

    def __init__(self, values: fields.Field[Any], **options: Any) -> None:
        super().__init__(keys=Language(), values=values, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]
        except ValidationError as error:
            if not isinstance(error.messages, Mapping):
                raise
            raise ValidationError(
                {at: faults.get("key") or faults["value"] for at, faults in error.messages.items()}
            ) from error


class UtcTime(fields.Field[datetime]):
    """A moment in UTC, dumped to the second with ``Z``."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}Z"
