"""The words of the house as frozen dataclasses; they know no database, no HTTP and no model."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

Relation = Literal["repeats", "rejects", "unclear"]
Tier = Literal["match", "related"]
RebuttalKind = Literal["fact_check", "source"]
WordingField = Literal["text", "title", "wording"]
NoMatchCode = Literal[
    "below_min_score", "filters_left_nothing", "language_not_covered", "catalogue_empty"
]

Verdict = Literal["same", "related", "wrong"]
Scope = Literal["match", "edit"]
ChangeAction = Literal["create", "update", "delete"]

RELATIONS: tuple[Relation, ...] = ("repeats", "rejects", "unclear")

CLAIM_ID = re.compile(r"^[a-z0-9][a-z0-9-]{0,127}\Z")
"""What a claim's or a narrative's id looks like."""

RESERVED_IDS = frozenset({"batch"})

_PARTIAL_DATE = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z", re.ASCII)


def date_span(value: str) -> tuple[date, date]:
    """The first and last day of an ISO 8601 year, month or day (``2024`` is the whole year).

    Raises:
        ValueError: the value is not ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``, or names no real day.
    """
    found = _PARTIAL_DATE.match(value)
    if not found:
        raise ValueError("Use YYYY, YYYY-MM or YYYY-MM-DD.")
    year, month, day = (int(part) if part else None for part in found.groups())
    if not year:
        raise ValueError("The year 0000 does not exist.")
    try:
        if month is None:
            return date(year, 1, 1), date(year, 12, 31)
        if day is None:
            return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
        return date(year, month, day), date(year, month, day)
    except (ValueError, calendar.IllegalMonthError) as error:
        raise ValueError("There is no such day.") from error


@dataclass(frozen=True, slots=True)
class Narrative:
    """The recurring storyline that groups claims."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Rebuttal:
    """A fact-check, or another source, that answers a claim."""

    publisher: str
    title: str | None = None
    url: str | None = None
    date: str | None = None
    language: str | None = None
    kind: RebuttalKind = "fact_check"
    rating: str | None = None


@dataclass(frozen=True, slots=True)
class Appearance:
    """Where and when a claim was spread."""

    outlet: str
    url: str | None = None
    archived_url: str | None = None
    date: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """One phrasing of a claim in one language; what is indexed.

    ``id`` is the catalogue's number for it: it never changes and is never given again.
    """

    id: int
    claim_id: str
    language: str
    field: WordingField
    text: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One documented statement with its rebuttal.

    ``language`` is that of ``text``, ``title`` and ``rebuttal``. ``wordings`` maps an ISO 639-1
    code to further phrasings. ``revision`` and ``updated`` are the catalogue's; 0 and the epoch
    for a claim that has not been saved.
    """

    id: str
    text: str
    rebuttal: str
    title: str | None = None
    language: str = "en"
    narrative: Narrative | None = None
    wordings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    first_seen: str | None = None
    keywords: tuple[str, ...] = ()
    appearances: tuple[Appearance, ...] = ()
    rebuttals: tuple[Rebuttal, ...] = ()
    facts_as_of: str | None = None
    reviewed: bool = False
    revision: int = 0
    updated: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @property
    def last_seen(self) -> str | None:
        """The latest of ``first_seen`` and the appearances' dates, by its last day."""
        dates = [self.first_seen, *(appearance.date for appearance in self.appearances)]
        known = [value for value in dates if value]
        return max(known, key=lambda value: (date_span(value)[1], len(value)), default=None)

    def phrasings(self) -> list[tuple[str, WordingField, str]]:
        """Every ``(language, field, text)`` to index: text, title, then the wordings."""
        found: list[tuple[str, WordingField, str]] = [(self.language, "text", self.text)]
        if self.title:
            found.append((self.language, "title", self.title))
        for language, texts in self.wordings.items():
            found.extend((language, "wording", text) for text in texts)
        return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class NarrativeSummary:
    """A narrative with what the catalogue counts for it.

    ``by_month`` maps ``YYYY-MM`` to the number of dated appearances in that month (a claim's
    ``first_seen`` counts where none of its appearances is dated).
    """

    narrative: Narrative
    claims: int
    appearances: int
    first_seen: str | None
    last_seen: str | None
    by_month: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ClaimFilter:
    """Which claims may be found. Empty fields do not narrow.

    Publishers are host names, lower case without ``www.``; subdomains match. ``since`` and
    ``until`` are partial dates and form a closed interval.
    """

    narratives: tuple[str, ...] = ()
    rebuttal_languages: tuple[str, ...] = ()
    rebuttal_publishers: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None

    def __bool__(self) -> bool:
        return self != ClaimFilter()


@dataclass(frozen=True, slots=True)
class MatchQuery:
    """One text to look up. ``min_score`` None stands for the threshold of the tier ``related``."""

    text: str
    language: str | None = None
    limit: int = 5
    min_score: float | None = None
    relations: tuple[Relation, ...] = RELATIONS
    filter: ClaimFilter = ClaimFilter()


@dataclass(frozen=True, slots=True)
class Hit:
    """What an index returns: an entry and its similarity to the query (cosine or BM25).

    ``id`` is a wording's in the dense index, a claim's place in the roster in the lexical one.
    """

    id: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Probabilities:
    """What the verifier says of a sentence and a claim; the three sum to 1."""

    repeats: float
    rejects: float
    neither: float


@dataclass(frozen=True, slots=True)
class Match:
    """A claim found for a query, scored and judged. ``score`` lies in [0, 1]."""

    score: float
    tier: Tier
    relation: Relation
    probabilities: Probabilities | None
    matched: Wording
    terms: tuple[str, ...]
    claim: Claim


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Why ``matches`` is empty. ``reason`` is for people and may change; ``code`` may not."""

    code: NoMatchCode
    best_score: float | None
    considered: int
    reason: str


@dataclass(frozen=True, slots=True)
class MatchResult:
    """The answer to one query, best match first. ``language`` is None where it is unknown."""

    text: str
    language: str | None
    truncated: bool
    matches: tuple[Match, ...]
    no_match: NoMatch | None


@dataclass(frozen=True, slots=True)
class EngineDescription:
    """What answered: names with the first digits of their fingerprints."""

    encoder: str
    verifier: str | None
    calibration: str | None
    calibrated: bool
    catalogue_revision: int


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What ``/info`` tells of the engine. ``languages`` None stands for all.

    ``tiers`` maps a tier to the lowest score that reaches it; None without a calibration.
    """

    encoder: str
    fingerprint: str
    dimension: int
    languages: frozenset[str] | None
    verifier: str | None
    calibration: str | None
    tiers: Mapping[Tier, float] | None
    wordings: int
    claims: int
    revision: int


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a claim's history. ``before`` is None for a creation, ``after`` for a deletion.

    Neither knows its revision and time: those of the entry are the ones of ``after``.
    """

    revision: int
    claim_id: str
    action: ChangeAction
    at: datetime
    who: str
    before: Claim | None
    after: Claim | None


@dataclass(frozen=True, slots=True)
class ChangedClaims:
    """A page of what has changed in the catalogue, ordered by id, read at one ``revision``.

    ``deleted`` are the ids that are not among the claims asked for (any more). ``last`` is the
    last id of the page where others follow, None otherwise.
    """

    revision: int
    claims: tuple[Claim, ...]
    deleted: tuple[str, ...]
    last: str | None


@dataclass(frozen=True, slots=True)
class Key:
    """A key to the HTTP interface, without its secret. ``edit`` opens what ``match`` opens."""

    id: int
    name: str
    scope: Scope
    created: datetime
    last_used: datetime | None
    revoked: datetime | None

    def opens(self, scope: Scope) -> bool:
        """Whether the key is good for what needs ``scope``."""
        return self.revoked is None and scope in (self.scope, "match")


@dataclass(frozen=True, slots=True)
class EditorJudgement:
    """What an editor says of a text and a claim that was shown for it.

    ``relation`` is what the editor says it is, None where left open. ``claim_revision``, ``score``
    (None where the claim was not found for the text) and ``engine`` tell what was judged.
    """

    text: str
    claim_id: str
    verdict: Verdict
    relation: Literal["repeats", "rejects"] | None = None
    claim_revision: int = 0
    score: float | None = None
    engine: EngineDescription | None = None
    who: str = ""
    at: datetime = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ScanQuery:
    """An article, and how each of its sentences is asked; the text of ``options`` is not used."""

    text: str
    options: MatchQuery


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence of an article with its matches; ``start`` and ``end`` count code points."""

    start: int
    end: int
    text: str
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class NarrativeCount:
    """In how many findings a narrative occurs."""

    narrative: Narrative
    findings: int


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan found; ``sentences`` is how many were looked up."""

    language: str | None
    sentences: int
    findings: tuple[Finding, ...]
    narratives: tuple[NarrativeCount, ...]
