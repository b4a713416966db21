"""Asks an engine what a set wants to know; keeps what came back, not what it means."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from service.evaluation.sets import Article, Documents, EvaluationSet, Query
from service.models import (
    Claim,
    EngineDescription,
    EngineInfo,
    Match,
    MatchQuery,
    MatchResult,
    Relation,
    Tier,
)

DEPTH = 20
"""How many matches of each query are judged; no measure looks deeper."""

SLICE = 64
"""Queries that are put to the engine at a time."""


class Asked(Protocol):
    """What evaluation needs of an engine."""

    def find_matches(self, queries: Sequence[MatchQuery]) -> list[MatchResult]: ...
    def describe(self) -> EngineDescription: ...
    def info(self) -> EngineInfo: ...


class Records(Protocol):
    """What evaluation needs of the catalogue that the engine searches."""

    def claims_by_id(self, claim_ids: Collection[str]) -> dict[str, Claim]: ...


class Finding(Protocol):
    """A sentence that a scan has found, in code points, with its matches, best first."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def matches(self) -> Sequence[Match]: ...


Scan = Callable[[str], Sequence[Finding]]
"""What an article's findings are, as an editor would be shown them."""


@dataclass(frozen=True, slots=True)
class Bench:
    """An engine, the records it searches, and its scan where it has one."""

    engine: Asked
    records: Records
    scan: Scan | None = None


EngineFor = Callable[[Documents | None], AbstractContextManager[Bench]]
"""Opens an engine over documents, or over the catalogue in use."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One match of an answer; ``text`` is the wording that matched."""

    claim_id: str
    score: float
    relation: Relation
    tier: Tier
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The best matches of a query, at most ``DEPTH``, without those it was to leave out."""

    query: Query
    shown: tuple[Shown, ...]

    @property
    def score(self) -> float:
        """That of the first match; minus infinity without one, below every threshold."""
        return self.shown[0].score if self.shown else -float("inf")

    @property
    def right(self) -> bool:
        """Whether the first match is gold."""
        return bool(self.shown) and self.shown[0].claim_id in self.query.gold

    def rank_of_gold(self) -> int | None:
        """The rank of the first gold match, from 1; None where there is none."""
        ranks = (
            rank for rank, match in enumerate(self.shown, 1) if match.claim_id in self.query.gold
        )
        return next(ranks, None)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A finding of a scan, by its first match."""

    start: int
    end: int
    first: Shown


@dataclass(frozen=True, slots=True)
class Scanned:
    """An article with what was found in it."""

    article: Article
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, eq=False)
class Run:
    """What an engine made of a set.

    ``scanned`` is None where the engine cannot scan. ``gold`` are the gold claims that the
    searched catalogue has, ``unknown`` the ids of those that it has not.
    """

    set: EvaluationSet
    answers: tuple[Answer, ...]
    neutral: tuple[Answer, ...]
    scanned: tuple[Scanned, ...] | None
    gold: Mapping[str, Claim]
    unknown: tuple[str, ...]
    engine: EngineDescription
    info: EngineInfo


class Told(Protocol):
    """Opens the progress of a number of sentences."""

    def __call__(
        self, what: str, total: int, /
    ) -> AbstractContextManager[Callable[[int], None]]: ...


def run_sets(
    sets: Sequence[EvaluationSet], engine_for: EngineFor, told: Told
) -> Iterator[tuple[Run, float]]:
    """Runs every set, and how many seconds the answers of its group took, in the order of sets.

    Sets over the same documents share one engine, and a sentence that is in several of them is
    asked once.
    """
    groups: dict[Documents | None, list[EvaluationSet]] = {}
    for one in sets:
        groups.setdefault(one.documents, []).append(one)
    for documents, members in groups.items():
        with engine_for(documents) as bench:
            sentences = dict.fromkeys(
                query for one in members for query in (*one.queries, *one.neutral)
            )
            began = time.perf_counter()
            name = documents.name if documents else "the catalogue"
            with told(f"Matching against {name}", len(sentences)) as step:
                answers = ask(bench.engine, list(sentences), step)
            seconds = time.perf_counter() - began
            for one in members:
                yield _gather(one, bench, answers), seconds


def ask(
    engine: Asked, queries: Sequence[Query], step: Callable[[int], None] | None = None
) -> dict[Query, Answer]:
    """The engine's answer to each query, by the default options but with no lowest score.

    The language is not told: finding it out is part of what is measured.
    """
    answers = {}
    spare = max((len(query.without) for query in queries), default=0)
    for start in range(0, len(queries), SLICE):
        asked = queries[start : start + SLICE]
        results = engine.find_matches(
            [MatchQuery(query.text, limit=DEPTH + spare, min_score=0.0) for query in asked]
        )
        for query, result in zip(asked, results, strict=True):
            kept = [match for match in result.matches if match.claim.id not in query.without]
            answers[query] = Answer(query, tuple(_shown(match) for match in kept[:DEPTH]))
        if step:
            step(len(asked))
    return answers


def _gather(one: EvaluationSet, bench: Bench, answers: Mapping[Query, Answer]) -> Run:
    wanted = {claim_id for query in one.queries for claim_id in query.gold}
    for article in one.articles:
        for span in (*article.claims, *article.rejects):
            wanted |= span.gold
    gold = bench.records.claims_by_id(sorted(wanted))
    scan = bench.scan
    return Run(
        set=one,
        answers=tuple(answers[query] for query in one.queries),
        neutral=tuple(answers[query] for query in one.neutral),
        scanned=tuple(_scanned(scan, article) for article in one.articles) if scan else None,
        gold=gold,
        unknown=tuple(sorted(wanted - set(gold))),
        engine=bench.engine.describe(),
        info=bench.engine.info(),
    )


def _scanned(scan: Scan, article: Article) -> Scanned:
    found = [finding for finding in scan(article.text) if finding.matches]
    return Scanned(
        article,
        tuple(Sighting(one.start, one.end, _shown(one.matches[0])) for one in found),
    )


def _shown(match: Match) -> Shown:
    return Shown(match.claim.id, match.score, match.relation, match.tier, match.matched.text)
