"""What all answers have in common: every field is always there."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema
from marshmallow.fields import Field


class AnswerSchema(Schema):
    """A shape that is only dumped. OpenAPI tells that its fields are always there."""

    def on_bind_field(self, field_name: str, field_obj: Field[Any]) -> None:
        """Nothing is left out of an answer; what is unknown is null."""
        field_obj.required = True
