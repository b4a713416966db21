"""An error in JSON: RFC 9457, with the faults of single fields."""

from __future__ import annotations

from marshmallow import Schema, fields


class FaultSchema(Schema):
    """One fault. `pointer` (RFC 6901) leads to its place; it is empty for the whole request."""

    pointer = fields.String(required=True)
    detail = fields.String(required=True)


class ProblemSchema(Schema):
    """An error. `errors` is empty where no single field is to blame."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    errors = fields.List(fields.Nested(FaultSchema), required=True)
    failing = fields.List(
        fields.String(),
        metadata={"description": "With 503: the parts that cannot work yet."},
    )
