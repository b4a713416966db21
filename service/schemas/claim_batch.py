"""Many claims at once in JSON, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema
from marshmallow.validate import OneOf

from service.models import Claim
from service.schemas.answer import AnswerSchema
from service.schemas.claim import NewClaimSchema
from service.schemas.fields import Items

MOST_IN_BATCH = 1_000
"""The most claims of a batch, and the most wordings of all of them together."""


class ClaimBatchSchema(Schema):
    """Claims to add; loads a list of ``models.Claim``, those without an id with an empty one."""

    claims = Items(fields.Nested(NewClaimSchema), least=1, most=MOST_IN_BATCH, required=True)

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """No id twice, and no more wordings than are encoded while the caller waits."""
        claims: list[Claim] = data["claims"]
        if sum(len(claim.phrasings()) for claim in claims) > MOST_IN_BATCH:
            message = f"Must not have more than {MOST_IN_BATCH:,} wordings in all."
            raise ValidationError(message, "claims")
        seen: dict[str, int] = {}
        repeated: dict[int, Any] = {}
        for at, claim in enumerate(claims):
            if claim.id and seen.setdefault(claim.id, at) != at:
                repeated[at] = {"id": [f"The claim at {seen[claim.id]} has the same id."]}
        if repeated:
            raise ValidationError({"claims": repeated})

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> list[Claim]:
        """The claims."""
        claims: list[Claim] = data["claims"]
        return claims


@dataclass(frozen=True, slots=True)
class BatchedClaim:
    """What became of one claim."""

    id: str
    revision: int
    outcome: str


@dataclass(frozen=True, slots=True)
class ClaimBatchAnswer:
    """What became of each claim, in the order in which they came."""

    claims: list[BatchedClaim]


class BatchedClaimSchema(AnswerSchema):
    """What became of one claim. `revision` is its ETag without the quotes."""

    id = fields.String()
    revision = fields.Integer()
    outcome = fields.String(validate=OneOf(["added", "unchanged"]))


class ClaimBatchAnswerSchema(AnswerSchema):
    """What became of a batch, in its order; dumps a ``ClaimBatchAnswer``."""

    claims = fields.List(fields.Nested(BatchedClaimSchema))
