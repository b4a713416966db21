"""Answers queries from one catalogue with one encoder: encode, search, group, join."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.catalogue.protocol import CatalogueReader
from service.index.protocol import Ids
from service.index.snapshot import Snapshot
from service.inference.protocol import Encoder, Vectors, speaks
from service.models import (
    ClaimFilter,
    EngineDescription,
    EngineInfo,
    Hit,
    Match,
    MatchQuery,
    MatchResult,
    NoMatch,
    Wording,
)

UNCALIBRATED_MIN_SCORE = 0.3
"""The lowest score shown by default while scores are bare cosines: below it, with the bundled
encoder, sentences share hardly more than a language."""

FINGERPRINT_SHOWN = 8


class SearchedCatalogue(CatalogueReader, Protocol):
    """What matching needs of the catalogue beyond reading claims."""

    def passing(self, filter: ClaimFilter) -> Ids: ...
    def wordings_by_id(self, wording_ids: Sequence[int]) -> dict[int, Wording]: ...
    def changed_wordings(self, since: int) -> tuple[int, dict[str, list[Wording]]]: ...
    def encoder_id(self, fingerprint: str, name: str, dimension: int) -> int: ...
    def vectors_of(
        self, encoder: int, wording_ids: Sequence[int]
    ) -> dict[int, NDArray[np.float32]]: ...


class CatalogueEngine:
    """Implements ``Engine``. Safe to use from several threads: a search works on one snapshot."""

    def __init__(self, catalogue: SearchedCatalogue, encoder: Encoder, snapshot: Snapshot) -> None:
        """``snapshot`` must have been made with this catalogue and encoder."""
        self._catalogue = catalogue
        self._encoder = encoder
        self._snapshot = snapshot
        self._encoder_id = catalogue.encoder_id(
            encoder.fingerprint, encoder.name, encoder.dimension
        )

    def failing(self) -> tuple[str, ...]:
        """The catalogue where it cannot be read; nothing else can fail once loaded."""
        try:
            self._catalogue.revision()
        except Exception:  # whatever is wrong with the database, the answer is "not ready"
            return ("catalogue",)
        return ()

    def refresh(self) -> None:
        """Catches up with what has changed in the catalogue since the snapshot."""
        snapshot = self._snapshot
        revision, changed = self._catalogue.changed_wordings(snapshot.revision)
        if revision == snapshot.revision:
            return
        known = [snapshot.roster.wordings_of(claim_id) for claim_id in changed]
        old = np.concatenate([np.empty(0, np.int64), *known])
        present = {found.id: found for wordings in changed.values() for found in wordings}
        gone = np.setdiff1d(old, np.array(list(present), np.int64))
        added = [present[key] for key in sorted(set(present) - set(old.tolist()))]
        spoken = [found.id for found in added if speaks(self._encoder, found.language)]
        vectors = self._catalogue.vectors_of(self._encoder_id, spoken)
        self._snapshot = snapshot.changed(revision, gone, added, vectors)

    def describe(self) -> EngineDescription:
        """Who answers, and from which revision."""
        return EngineDescription(
            encoder=f"{self._encoder.name}@{self._encoder.fingerprint[:FINGERPRINT_SHOWN]}",
            verifier=None,
            calibration=None,
            calibrated=False,
            catalogue_revision=self._snapshot.revision,
        )

    def info(self) -> EngineInfo:
        """The engine's particulars."""
        snapshot = self._snapshot
        return EngineInfo(
            encoder=self._encoder.name,
            fingerprint=self._encoder.fingerprint,
            dimension=self._encoder.dimension,
            languages=self._encoder.languages,
            verifier=None,
            calibration=None,
            tiers=None,
            wordings=len(snapshot.roster),
            claims=snapshot.roster.claim_count,
            revision=snapshot.revision,
        )

    def find_matches(self, queries: Sequence[MatchQuery]) -> list[MatchResult]:
        """One result per query, in order; encoded in one go."""
        encoded = self._encoder.encode_queries([query.text for query in queries])
        snapshot = self._snapshot
        return [
            self._find(snapshot, query, vector, truncated)
            for query, vector, truncated in zip(
                queries, encoded.vectors, encoded.truncated, strict=True
            )
        ]

    def _find(
        self, snapshot: Snapshot, query: MatchQuery, vector: Vectors, truncated: bool
    ) -> MatchResult:
        def nothing(code: str, best: float | None, considered: int, reason: str) -> MatchResult:
            no_match = NoMatch(code, best, considered, reason)  # type: ignore[arg-type]
            return MatchResult(query.text, query.language, truncated, (), no_match)

        if not len(snapshot.roster):
            return nothing("catalogue_empty", None, 0, "The catalogue holds no claim yet.")
        if not speaks(self._encoder, query.language):
            return nothing(
                "language_not_covered",
                None,
                0,
                f"The encoder does not speak {query.language!r}.",
            )
        allowed = self._catalogue.passing(query.filter) if query.filter else None
        if allowed is not None and not len(allowed):
            return nothing("filters_left_nothing", None, 0, "No claim passes the filters.")
        best = self._best_hits(snapshot, vector, query.limit, allowed)
        if not best:
            return nothing("filters_left_nothing", None, 0, "No claim passes the filters.")
        matches = self._join(best)
        lowest = UNCALIBRATED_MIN_SCORE if query.min_score is None else query.min_score
        shown = [
            match
            for match in matches
            if match.score >= lowest and match.relation in query.relations
        ]
        if not shown:
            highest = max((match.score for match in matches), default=None)
            if highest is not None and highest >= lowest:
                reason = "No match has one of the relations asked for."
                return nothing("filters_left_nothing", highest, len(matches), reason)
            reason = f"No claim scored {lowest:g} or more."
            return nothing("below_min_score", highest, len(matches), reason)
        return MatchResult(query.text, query.language, truncated, tuple(shown), None)

    def _best_hits(
        self, snapshot: Snapshot, vector: Vectors, limit: int, allowed: Ids | None
    ) -> list[Hit]:
        """The best hit of each of the ``limit`` best claims."""
        depth = 4 * limit
        while True:
            hits = snapshot.dense.search([vector], depth, allowed)[0]
            best: dict[str, Hit] = {}
            for hit in hits:
                claim_id = snapshot.roster.claim_of(hit.wording_id)
                if claim_id is not None:
                    best.setdefault(claim_id, hit)
            if len(best) >= limit or len(hits) < depth:
                return list(best.values())[:limit]
            depth *= 4

    def _join(self, hits: Sequence[Hit]) -> list[Match]:
        wordings = self._catalogue.wordings_by_id([hit.wording_id for hit in hits])
        claims = self._catalogue.claims_by_id([found.claim_id for found in wordings.values()])
        matches = []
        for hit in hits:
            wording = wordings.get(hit.wording_id)
            claim = claims.get(wording.claim_id) if wording else None
            if wording is None or claim is None:
                continue  # deleted since the search began
            matches.append(
                Match(
                    score=min(1.0, max(0.0, hit.similarity)),
                    tier="related",
                    relation="unclear",
                    probabilities=None,
                    matched=wording,
                    terms=(),
                    claim=claim,
                )
            )
        return matches
