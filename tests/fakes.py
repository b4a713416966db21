"""Fakes of our own protocols: a catalogue in memory, an encoder of hashed words, an engine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

import numpy as np

from service.catalogue.planning import Expected
from service.catalogue.protocol import EditedCatalogue, EncodedTexts
from service.catalogue.writing import Saved
from service.errors import ClaimNotFound, NarrativeNotFound, NotReady
from service.inference.protocol import EncodedQueries, Vectors
from service.models import (
    Appearance,
    Change,
    ChangedClaims,
    Claim,
    ClaimFilter,
    EditorJudgement,
    EngineDescription,
    EngineInfo,
    Key,
    Match,
    MatchQuery,
    MatchResult,
    Narrative,
    NarrativeSummary,
    NoMatch,
    Rebuttal,
    Wording,
    date_span,
)

PEACEKEEPERS = Narrative("western-troops-peacekeepers", "Western troops and peacekeepers")
LEGITIMACY = Narrative("zelensky-legitimacy", "Zelensky is not legitimate")

CLAIMS = (
    Claim(
        id="peacekeepers-occupy-west-ukraine",
        text="Western peacekeepers are a cover for the occupation of western Ukraine.",
        title="Peacekeepers to occupy western Ukraine",
        rebuttal="The published plans foresee a small force after a ceasefire.",
        narrative=PEACEKEEPERS,
        wordings={"ru": ("Под видом миротворцев Запад оккупирует Украину.",)},
        first_seen="2024-11-29",
        keywords=("peacekeepers", "occupation"),
        appearances=(Appearance("TASS", date="2025-04-30", language="ru"),),
        rebuttals=(
            Rebuttal(
                "EUvsDisinfo",
                title="The West prepares to occupy Ukraine",
                url="https://www.euvsdisinfo.eu/report/one",
                date="2025-04",
                language="en",
            ),
        ),
        reviewed=True,
        revision=17,
        updated=datetime(2026, 11, 22, 9, tzinfo=UTC),
    ),
    Claim(
        id="svr-100k-peacekeepers",
        text="The West will send 100,000 peacekeepers to Ukraine, the SVR says.",
        rebuttal="The SVR showed no evidence.",
        narrative=PEACEKEEPERS,
        first_seen="2024-11-29",
        revision=18,
        updated=datetime(2026, 11, 22, 9, 0, 1, tzinfo=UTC),
    ),
    Claim(
        id="zelensky-term-expired",
        text="Zelensky's term has expired and he may sign nothing.",
        rebuttal="Ukraine's law forbids elections under martial law.",
        narrative=LEGITIMACY,
        revision=19,
        updated=datetime(2026, 11, 22, 9, 0, 2, tzinfo=UTC),
    ),
)


class FakeEncoder:
    """Hashed bags of words: deterministic, alike where words are shared."""

    name = "fake"
    fingerprint = hashlib.sha256(b"fake").hexdigest()

    def __init__(self, dimension: int = 256, languages: frozenset[str] | None = None) -> None:
        self.dimension = dimension
        self.languages = languages
        self.longest = 200
        """Words that are seen; further ones are cut off."""

    def encode_queries(self, texts: Sequence[str]) -> EncodedQueries:
        truncated = tuple(len(_words(text)) > self.longest for text in texts)
        return EncodedQueries(self._vectors(texts), truncated)

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        if progress:
            progress(len(texts))
        return self._vectors(texts)

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in _words(text)[: self.longest] or [""]:
                digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=4).digest()
                row[int.from_bytes(digest) % self.dimension] += 1
        normalised: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return normalised


@dataclass
class FakeKeys:
    """Keys by their secrets, in clear."""

    by_secret: dict[str, Key] = field(default_factory=dict)

    def find(self, secret: str) -> Key | None:
        return self.by_secret.get(secret)


@dataclass
class FakeFeedback:
    """Judgements in a list."""

    judgements: list[EditorJudgement] = field(default_factory=list)

    def add(self, judgement: EditorJudgement) -> None:
        self.judgements.append(judgement)


class FakeCatalogue:
    """Claims in memory, to be read only: whatever is about writing uses the real catalogue."""

    def __init__(self, claims: Iterable[Claim] = CLAIMS) -> None:
        self.keys = FakeKeys()
        self.feedback = FakeFeedback()
        self.records: Mapping[str, Claim] = {
            claim.id: claim for claim in sorted(claims, key=lambda claim: claim.id)
        }

    def revision(self) -> int:
        return max((claim.revision for claim in self.records.values()), default=0)

    def claim(self, claim_id: str) -> Claim:
        if claim_id not in self.records:
            raise ClaimNotFound(claim_id)
        return self.records[claim_id]

    def claims_by_id(self, claim_ids: Collection[str]) -> dict[str, Claim]:
        return {at: claim for at, claim in self.records.items() if at in claim_ids}

    def claims(
        self, filter: ClaimFilter, *, words: str | None, after: str | None, limit: int
    ) -> list[Claim]:
        wanted = (words or "").lower().split()
        found = [
            claim
            for claim in self.records.values()
            if (after is None or claim.id > after)
            and passes(filter, claim)
            and all(word in _searched(claim) for word in wanted)
        ]
        return found[:limit]

    def narratives(self) -> list[NarrativeSummary]:
        known = {claim.narrative for claim in self.records.values() if claim.narrative}
        return [self.narrative(one.id) for one in sorted(known, key=lambda one: one.id)]

    def narrative(self, narrative_id: str) -> NarrativeSummary:
        claims = [
            claim
            for claim in self.records.values()
            if claim.narrative and claim.narrative.id == narrative_id
        ]
        if not claims or claims[0].narrative is None:
            raise NarrativeNotFound(narrative_id)
        return NarrativeSummary(
            narrative=claims[0].narrative,
            claims=len(claims),
            appearances=sum(len(claim.appearances) for claim in claims),
            first_seen=min((c.first_seen for c in claims if c.first_seen), default=None),
            last_seen=max((c.last_seen for c in claims if c.last_seen), default=None),
            by_month={"2024-11": 1, "2025-04": 1},
        )

    def changes_since(
        self,
        revision: int,
        filter: ClaimFilter,
        *,
        words: str | None,
        after: str | None,
        limit: int,
    ) -> ChangedClaims:
        raise NotImplementedError

    def history(self, claim_id: str, *, before: int | None, limit: int) -> list[Change]:
        raise NotImplementedError

    def unchanged(self, incoming: Sequence[Claim], *, expected: Expected) -> Saved | None:
        raise NotImplementedError

    def save(
        self,
        incoming: Sequence[Claim],
        *,
        who: str,
        encoded: EncodedTexts | None,
        expected: Expected = "anything",
    ) -> Saved:
        raise NotImplementedError

    def remove(self, claim_id: str, *, who: str, expected: Expected = "anything") -> int:
        raise NotImplementedError


class FakeEngine:
    """Answers by the cosine of a ``FakeEncoder``, without a calibration."""

    def __init__(
        self,
        catalogue: EditedCatalogue | None = None,
        encoder: FakeEncoder | None = None,
        failing: tuple[str, ...] = (),
        fault: Exception | None = None,
    ) -> None:
        self.catalogue: EditedCatalogue = catalogue or FakeCatalogue()
        self.encoder = encoder or FakeEncoder()
        self.down = failing
        self.is_full = False
        self.fault = fault
        self.queries: list[MatchQuery] = []
        """Every query that came."""
        self.encoder_id = 1
        """The catalogue's number for the encoder."""
        self.encoded: list[Claim] = []
        """Every claim that was encoded."""
        self.refreshed = 0
        """How often the engine was told to catch up. It always reads the catalogue as it is."""

    def failing(self) -> tuple[str, ...]:
        return self.down

    def full(self) -> bool:
        return self.is_full

    def find_matches(self, queries: Sequence[MatchQuery]) -> list[MatchResult]:
        self._check()
        self.queries.extend(queries)
        return [self._result(query) for query in queries]

    def language_of(self, text: str) -> str | None:
        self._check()
        return "en"

    def describe(self) -> EngineDescription:
        self._check()
        return EngineDescription("fake@0000", None, None, False, self.catalogue.revision())

    def encode_wordings(self, claims: Sequence[Claim]) -> EncodedTexts:
        self._check()
        self.encoded.extend(claims)
        texts = [text for claim in claims for _, _, text in claim.phrasings()]
        vectors = self.encoder.encode_passages(texts)
        return EncodedTexts(self.encoder_id, dict(zip(texts, vectors, strict=True)))

    def refresh(self) -> None:
        self.refreshed += 1

    def info(self) -> EngineInfo:
        self._check()
        claims = self._claims()
        return EngineInfo(
            encoder=self.encoder.name,
            fingerprint=self.encoder.fingerprint,
            dimension=self.encoder.dimension,
            languages=self.encoder.languages,
            verifier=None,
            calibration=None,
            tiers=None,
            wordings=sum(len(claim.phrasings()) for claim in claims),
            claims=len(claims),
            revision=self.catalogue.revision(),
        )

    def _check(self) -> None:
        if self.fault:
            raise self.fault
        if self.down:
            raise NotReady(self.down)

    def _claims(self) -> list[Claim]:
        return self.catalogue.claims(ClaimFilter(), words=None, after=None, limit=10_000)

    def _result(self, query: MatchQuery) -> MatchResult:
        encoded = self.encoder.encode_queries([query.text])
        least = 0.1 if query.min_score is None else query.min_score
        candidates = [c for c in self._claims() if passes(query.filter, c)]
        found = sorted(
            (self._match(encoded.vectors, claim) for claim in candidates),
            key=lambda match: (-match.score, match.claim.id),
        )
        kept = tuple(m for m in found if m.score >= least and m.relation in query.relations)
        return MatchResult(
            text=query.text,
            language=query.language or "en",
            truncated=encoded.truncated[0],
            matches=kept[: query.limit],
            no_match=None if kept else self._no_match(found),
        )

    def _match(self, query: Vectors, claim: Claim) -> Match:
        phrasings = claim.phrasings()
        similarities = (self.encoder.encode_passages([p[2] for p in phrasings]) @ query.T)[:, 0]
        best = int(similarities.argmax())
        language, field, text = phrasings[best]
        return Match(
            score=min(1.0, max(0.0, float(similarities[best]))),
            tier="related",
            relation="unclear",
            probabilities=None,
            matched=Wording(best, claim.id, language, field, text),
            terms=(),
            claim=claim,
        )

    def _no_match(self, found: list[Match]) -> NoMatch:
        if found:
            reason = "No claim is near enough."
            return NoMatch("below_min_score", found[0].score, len(found), reason)
        if self._claims():
            return NoMatch("filters_left_nothing", None, 0, "The filters leave no claim.")
        return NoMatch("catalogue_empty", None, 0, "The catalogue is empty.")


def passes(filter: ClaimFilter, claim: Claim) -> bool:
    """Whether a claim is among those that ``filter`` leaves."""
    languages = {rebuttal.language for rebuttal in claim.rebuttals}
    hosts = [
        (urlsplit(r.url).hostname or "").removeprefix("www.") for r in claim.rebuttals if r.url
    ]
    return (
        (not filter.narratives or (claim.narrative and claim.narrative.id) in filter.narratives)
        and (not filter.rebuttal_languages or bool(languages & set(filter.rebuttal_languages)))
        and (
            not filter.rebuttal_publishers
            or any(
                host == wanted or host.endswith("." + wanted)
                for host in hosts
                for wanted in filter.rebuttal_publishers
            )
        )
        and _overlaps(filter, claim)
    )


def _overlaps(filter: ClaimFilter, claim: Claim) -> bool:
    if filter.since is None and filter.until is None:
        return True
    if claim.first_seen is None or claim.last_seen is None:
        return False
    since = date_span(filter.since)[0] if filter.since else date.min
    until = date_span(filter.until)[1] if filter.until else date.max
    return date_span(claim.first_seen)[0] <= until and date_span(claim.last_seen)[1] >= since


def _searched(claim: Claim) -> str:
    texts = [text for _, _, text in claim.phrasings()]
    return "\n".join([*texts, *claim.keywords]).lower()


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
