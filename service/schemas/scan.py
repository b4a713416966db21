"""A batch of texts, an article, and their answers in JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import fields, post_load
from marshmallow.validate import Range

from service.models import EngineDescription, MatchQuery, MatchResult, ScanQuery, ScanResult
from service.schemas.answer import AnswerSchema
from service.schemas.fields import Items, PlainText
from service.schemas.match import (
    LONGEST_QUERY,
    MOST_MATCHES,
    EngineSchema,
    MatchOptionsSchema,
    MatchResultSchema,
    MatchSchema,
)

MOST_TEXTS = 128
LONGEST_ARTICLE = 100_000


class Verbatim(PlainText):
    """Plain text that is checked but kept to the letter, since places in it are answered."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        super()._deserialize(value, attr, data, **kwargs)
        return str(value)


class BatchQuerySchema(MatchOptionsSchema):
    """Texts to look up in one go; loads a list of ``models.MatchQuery``."""

    texts = Items(PlainText(LONGEST_QUERY), least=1, most=MOST_TEXTS, required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> list[MatchQuery]:
        """One query per text."""
        return [self.query(text, data) for text in data["texts"]]


class ScanQuerySchema(MatchOptionsSchema):
    """An article; loads a ``models.ScanQuery``."""

    text = Verbatim(LONGEST_ARTICLE, required=True)
    limit = fields.Integer(strict=True, load_default=1, validate=Range(1, MOST_MATCHES))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> ScanQuery:
        """The article with the options for its sentences."""
        return ScanQuery(data["text"], self.query("", data))


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """Results in the order of the texts, with the engine that gave them."""

    results: list[MatchResult]
    engine: EngineDescription


class BatchAnswerSchema(AnswerSchema):
    """The answer of `POST /match/batch`; dumps a ``BatchAnswer``."""

    results = fields.List(fields.Nested(MatchResultSchema))
    engine = fields.Nested(EngineSchema)


class FindingSchema(AnswerSchema):
    """A sentence of the article; `start` and `end` count Unicode code points."""

    start = fields.Integer()
    end = fields.Integer()
    text = fields.String()
    matches = fields.List(fields.Nested(MatchSchema))


class NarrativeFindingsSchema(AnswerSchema):
    """In how many findings a narrative occurs."""

    id = fields.String(attribute="narrative.id")
    title = fields.String(attribute="narrative.title")
    findings = fields.Integer()


@dataclass(frozen=True, slots=True)
class ScanAnswer:
    """A scan with the engine that made it."""

    result: ScanResult
    engine: EngineDescription


class ScanAnswerSchema(AnswerSchema):
    """The answer of `POST /scan`; dumps a ``ScanAnswer``."""

    language = fields.String(attribute="result.language", allow_none=True)
    sentences = fields.Integer(attribute="result.sentences")
    findings = fields.List(fields.Nested(FindingSchema), attribute="result.findings")
    narratives = fields.List(fields.Nested(NarrativeFindingsSchema), attribute="result.narratives")
    engine = fields.Nested(EngineSchema)
