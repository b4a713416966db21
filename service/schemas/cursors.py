"""Opaque places in long answers: what comes back as ``cursor``."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields

from service.models import CLAIM_ID

# Each kind names its order, so that a cursor of one is not taken for that of another.
_IN_CLAIMS = re.compile(r"id(?:@([0-9]{1,18}))?:(.+)\Z", re.DOTALL)
_IN_HISTORY = re.compile(r"rev:([0-9]{1,18})\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """Behind the claim ``after``; ``revision`` is the catalogue's when the first page was read."""

    after: str
    revision: int | None


class ClaimCursor(fields.String):
    """A place in the list of claims; loads a ``Place``."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found = _IN_CLAIMS.match(_opened(super()._deserialize(value, attr, data, **kwargs)))
        if not found or not CLAIM_ID.match(found[2]):
            raise _foreign()
        return Place(found[2], int(found[1]) if found[1] else None)


class RevisionCursor(fields.String):
    """A place in a history; loads the revision that the page begins behind."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found = _IN_HISTORY.match(_opened(super()._deserialize(value, attr, data, **kwargs)))
        if not found:
            raise _foreign()
        return int(found[1])


def claim_cursor(after: str, revision: int | None = None) -> str:
    """The cursor of the page that begins behind the claim ``after``."""
    return _closed(f"id:{after}" if revision is None else f"id@{revision}:{after}")


def revision_cursor(before: int) -> str:
    """The cursor of the page that begins behind the revision ``before``."""
    return _closed(f"rev:{before}")


def _closed(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode()


def _opened(cursor: str) -> str:
    try:
        return base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (UnicodeError, binascii.Error):
        return ""


def _foreign() -> ValidationError:
    return ValidationError("Must be a `next_cursor` as it came.")
