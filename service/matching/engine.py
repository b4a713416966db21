"""Answers queries from one catalogue: encode, search, fuse, judge, join."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from service.catalogue.catalogue import EncodedTexts
from service.catalogue.protocol import CatalogueReader
from service.encoding import encode_claims
from service.index.protocol import Ids
from service.index.snapshot import Snapshot
from service.inference.protocol import Encoder, Vectors, speaks
from service.matching.candidates import Candidates, find_candidates
from service.matching.explaining import best_wording, carrying_terms
from service.matching.judging import JUDGED, Case, CosineJudge, Judge, Judgement
from service.matching.language import detect
from service.matching.records import Record, RecordCache
from service.models import (
    Claim,
    ClaimFilter,
    EngineDescription,
    EngineInfo,
    Match,
    MatchQuery,
    MatchResult,
    NoMatch,
    NoMatchCode,
    Wording,
)
from service.observing import NOBODY, Observer, Stage
from service.text import plain

FINGERPRINT_SHOWN = 8

REMEMBERED = 1_000
"""So many answers are kept; their claims are those of the record cache."""


class SearchedCatalogue(CatalogueReader, Protocol):
    """What matching needs of the catalogue beyond reading claims."""

    def passing(self, filter: ClaimFilter) -> Ids: ...
    def wordings_by_id(self, wording_ids: Sequence[int]) -> dict[int, Wording]: ...
    def changed_wordings(self, since: int) -> tuple[int, dict[str, list[Wording]]]: ...
    def encoder_id(self, fingerprint: str, name: str, dimension: int) -> int: ...
    def vectors_of(
        self, encoder: int, wording_ids: Sequence[int]
    ) -> dict[int, NDArray[np.float32]]: ...


@dataclass(frozen=True, slots=True)
class _Found:
    """A query on its way: its language, and its candidates or why there are none."""

    query: MatchQuery
    language: str | None
    truncated: bool
    candidates: Candidates | None = None
    records: tuple[Record, ...] = ()
    matched: tuple[Wording, ...] = ()
    no_match: NoMatch | None = None


class CatalogueEngine:
    """Implements ``Engine``. Safe to use from several threads: a search works on one snapshot."""

    def __init__(
        self,
        catalogue: SearchedCatalogue,
        encoder: Encoder,
        snapshot: Snapshot,
        judge: Judge | None = None,
        full: Callable[[], bool] = lambda: False,
        observer: Observer = NOBODY,
    ) -> None:
        """``snapshot`` must have been made with this catalogue and encoder.

        ``full`` tells whether the encoder has as many queries waiting as it may have.
        """
        self._observer = observer
        self._catalogue = catalogue
        self._encoder = encoder
        self._snapshot = snapshot
        self._judge = judge or CosineJudge()
        self._full = full
        self._records = RecordCache(catalogue)
        self._refreshing = threading.Lock()
        self._remembering = threading.Lock()
        self._answers: LRUCache[tuple[int, MatchQuery], MatchResult] = LRUCache(REMEMBERED)
        self._encoder_id = catalogue.encoder_id(
            encoder.fingerprint, encoder.name, encoder.dimension
        )
        self._tell_of_index()

    @property
    def encoder(self) -> Encoder:
        """What queries are encoded with."""
        return self._encoder

    @property
    def snapshot(self) -> Snapshot:
        """What is searched now."""
        return self._snapshot

    def judged_by(self, judge: Judge) -> CatalogueEngine:
        """The same engine with another judge."""
        return CatalogueEngine(
            self._catalogue, self._encoder, self._snapshot, judge, self._full, self._observer
        )

    def full(self) -> bool:
        """Whether a query would be refused now."""
        return self._full()

    def failing(self) -> tuple[str, ...]:
        """The catalogue where it cannot be read; nothing else can fail once loaded."""
        try:
            self._catalogue.revision()
        except Exception:  # whatever is wrong with the database, the answer is "not ready"
            return ("catalogue",)
        return ()

    def refresh(self) -> None:
        """Catches up with what has changed in the catalogue since the snapshot."""
        with self._refreshing:
            self._take_up(self._snapshot)

    def adopt(self, base: Snapshot) -> None:
        """Searches another snapshot of the same catalogue from now on, caught up first."""
        with self._refreshing:
            self._take_up(base)

    def _take_up(self, snapshot: Snapshot) -> None:
        revision, changed = self._catalogue.changed_wordings(snapshot.revision)
        if revision != snapshot.revision:
            new = [
                wording.id
                for claim_id, wordings in changed.items()
                for wording in wordings
                if speaks(self._encoder, wording.language)
                and snapshot.roster.claim_of(wording.id) != claim_id
            ]
            vectors = self._catalogue.vectors_of(self._encoder_id, new)
            claims = self._catalogue.claims_by_id(list(changed))
            snapshot = snapshot.changed(revision, changed, claims, vectors)
            self._records.forget(changed)
        if snapshot is not self._snapshot:
            self._snapshot = snapshot
            self._tell_of_index()

    def encode_wordings(self, claims: Sequence[Claim]) -> EncodedTexts:
        """The vectors of what the encoder speaks of the claims, for whoever will save them."""
        return encode_claims(self._encoder, self._encoder_id, claims)

    def describe(self) -> EngineDescription:
        """Who answers, and from which revision."""
        return EngineDescription(
            encoder=f"{self._encoder.name}@{self._encoder.fingerprint[:FINGERPRINT_SHOWN]}",
            verifier=self._judge.verifier,
            calibration=self._judge.calibration,
            calibrated=self._judge.tiers is not None,
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
            verifier=self._judge.verifier,
            calibration=self._judge.calibration,
            tiers=self._judge.tiers,
            wordings=len(snapshot.roster),
            claims=snapshot.roster.claim_count,
            revision=snapshot.revision,
        )

    def language_of(self, text: str) -> str | None:
        """The language of a text, one of the catalogue's where it can be."""
        return detect(plain(text), self._snapshot.roster.present_languages).language

    def find_matches(self, queries: Sequence[MatchQuery]) -> list[MatchResult]:
        """One result per query, in order; encoded and judged in one go.

        What was asked lately is answered again from memory, until the catalogue changes.
        """
        revision = self._snapshot.revision
        with self._remembering:
            known = {
                query: self._answers[revision, query]
                for query in queries
                if (revision, query) in self._answers
            }
        if known:
            self._observer.looked_up(len(known), 0)
        asked = [query for query in dict.fromkeys(queries) if query not in known]
        if asked:
            revision, answers = self._answer(asked)
            fresh = dict(zip(asked, answers, strict=True))
            known |= fresh
            with self._remembering:
                self._answers.update({(revision, query): fresh[query] for query in asked})
        return [known[query] for query in queries]

    def _answer(self, queries: Sequence[MatchQuery]) -> tuple[int, list[MatchResult]]:
        """The revision that was searched, and one result per query."""
        snapshot, found = self._found(queries)
        searched = [each for each in found if each.candidates is not None]
        cases = [case for each in searched if (case := _case(each))]
        with self._timed("verify"):
            judgements = self._judge.judge(snapshot, cases)
        judged = dict(zip(map(id, searched), judgements, strict=True))
        with self._timed("catalogue"):
            answers = [self._result(snapshot, each, judged.get(id(each), [])) for each in found]
        return snapshot.revision, answers

    def cases(self, queries: Sequence[MatchQuery]) -> tuple[Snapshot, list[Case | None]]:
        """What the queries would be judged by, for whoever fits a calibration."""
        snapshot, found = self._found(queries)
        return snapshot, [_case(each) for each in found]

    def _found(self, queries: Sequence[MatchQuery]) -> tuple[Snapshot, list[_Found]]:
        with self._timed("encode"):
            encoded = self._encoder.encode_queries([query.text for query in queries])
        snapshot = self._snapshot
        with self._timed("search"):
            found = [
                self._search(snapshot, query, vector, truncated)
                for query, vector, truncated in zip(
                    queries, encoded.vectors, encoded.truncated, strict=True
                )
            ]
        return snapshot, found

    @contextmanager
    def _timed(self, stage: Stage) -> Iterator[None]:
        began, worked = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            self._observer.spent(stage, time.perf_counter() - began, time.thread_time() - worked)

    def _tell_of_index(self) -> None:
        snapshot = self._snapshot
        roster = snapshot.roster
        self._observer.took_up(snapshot.revision, len(roster), roster.claim_count)

    def _search(
        self, snapshot: Snapshot, query: MatchQuery, vector: Vectors, truncated: bool
    ) -> _Found:
        def nothing(code: NoMatchCode, language: str | None, reason: str) -> _Found:
            return _Found(query, language, truncated, no_match=NoMatch(code, None, 0, reason))

        present = snapshot.roster.present_languages
        if not present:
            return nothing("catalogue_empty", query.language, "The catalogue holds no claim yet.")
        language, covered = query.language, query.language in present
        if language is None:
            detected = detect(plain(query.text), present)
            language, covered = detected.language, detected.covered
        if not covered:
            reason = f"The catalogue has no wording in the language {language!r}."
            return nothing("language_not_covered", language, reason)
        allowed = self._catalogue.passing(query.filter) if query.filter else None
        if allowed is not None and not len(allowed):
            return nothing("filters_left_nothing", language, "No claim passes the filters.")
        seen = vector if speaks(self._encoder, language) else None
        candidates = find_candidates(snapshot, query.text, seen, language, query.limit, allowed)
        if not len(candidates):
            return nothing("below_min_score", language, "No claim shares a word with the text.")
        return self._joined(snapshot, _Found(query, language, truncated, candidates))

    def _joined(self, snapshot: Snapshot, found: _Found) -> _Found:
        """With the records of the candidates that are judged, and the wording of each that matched.

        A claim that was deleted since the search began is left out.
        """
        candidates = found.candidates
        assert candidates is not None
        judged = max(found.query.limit, JUDGED)
        claim_ids = [snapshot.roster.claim_ids[place] for place in candidates.places[:judged]]
        records = self._records.read(claim_ids, snapshot.roster)
        present = [row for row, claim_id in enumerate(claim_ids) if claim_id in records]
        kept = [records[claim_ids[row]] for row in present]
        matched = []
        for row, record in zip(present, kept, strict=True):
            nearest = int(candidates.best_wordings[row])
            by_id = {wording.id: wording for wording in record.wordings}
            matched.append(
                by_id.get(nearest)
                or best_wording(found.query.text, found.language, record.wordings)
            )
        return _Found(
            found.query,
            found.language,
            found.truncated,
            candidates.chosen(present),
            tuple(kept),
            tuple(matched),
        )

    def _result(
        self, snapshot: Snapshot, found: _Found, judgements: Sequence[Judgement]
    ) -> MatchResult:
        query = found.query
        lowest = self._judge.min_score if query.min_score is None else query.min_score
        order = sorted(range(len(judgements)), key=lambda row: -judgements[row].rank)
        passing = [row for row in order if judgements[row].score >= lowest]
        shown = [row for row in passing if judgements[row].relation in query.relations]
        no_match = found.no_match
        if not shown and no_match is None:
            best = max((judged.score for judged in judgements), default=None)
            considered = found.candidates.total if found.candidates is not None else 0
            no_match = (
                NoMatch(
                    "filters_left_nothing",
                    best,
                    considered,
                    "No match has one of the relations asked for.",
                )
                if passing
                else NoMatch(
                    "below_min_score", best, considered, f"No claim scored {lowest:g} or more."
                )
            )
        matches = tuple(
            self._match(snapshot, found, row, judgements[row]) for row in shown[: query.limit]
        )
        return MatchResult(query.text, found.language, found.truncated, matches, no_match)

    def _match(self, snapshot: Snapshot, found: _Found, row: int, judged: Judgement) -> Match:
        assert found.candidates is not None
        place = int(found.candidates.places[row])
        return Match(
            score=judged.score,
            tier=judged.tier,
            relation=judged.relation,
            probabilities=judged.probabilities,
            matched=found.matched[row],
            terms=carrying_terms(snapshot, found.query.text, found.language, place),
            claim=found.records[row].claim,
        )


def _case(found: _Found) -> Case | None:
    if found.candidates is None:
        return None
    claims = [record.claim for record in found.records]
    return Case(found.query.text, found.language, found.candidates, found.matched, claims)
