"""From evidence to a score, a relation and a tier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from service.index.snapshot import Snapshot
from service.matching.candidates import Candidates
from service.models import Claim, Probabilities, Relation, Tier, Wording

UNCALIBRATED_MIN_SCORE = 0.3
"""The lowest score shown by default while scores are bare cosines: below it, with the bundled
encoder, sentences share hardly more than a language."""


JUDGED = 8
"""So many of the best candidates are judged, even where fewer are asked for: a relation asked for,
or a better one, may stand behind the first. Which comes first is settled among these, however many
are asked for."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of one candidate. ``score`` lies in [0, 1]."""

    score: float
    tier: Tier
    relation: Relation
    probabilities: Probabilities | None
    rank: float
    """Matches are shown in falling order of it."""


@dataclass(frozen=True, slots=True)
class Case:
    """A query with its candidates. ``wordings`` are those that matched and ``claims`` their claims,
    one a candidate.
    """

    text: str
    language: str | None
    candidates: Candidates
    wordings: Sequence[Wording]
    claims: Sequence[Claim]


class Judge(Protocol):
    """Scores candidates; ``tiers`` None means that the scores are no probabilities."""

    @property
    def verifier(self) -> str | None: ...
    @property
    def calibration(self) -> str | None: ...
    @property
    def tiers(self) -> Mapping[Tier, float] | None: ...

    @property
    def min_score(self) -> float:
        """The lowest score that is shown unless a query asks for another."""
        ...

    def judge(self, snapshot: Snapshot, cases: Sequence[Case]) -> list[list[Judgement]]:
        """For each case one judgement per candidate, in order."""
        ...


class CosineJudge:
    """Implements ``Judge`` without a calibration: the best cosine, and nothing is called a match.

    Where the encoder does not speak the query's language, the score is the share of the query's
    character grams that the claim covers.
    """

    verifier = None
    calibration = None
    tiers = None
    min_score = UNCALIBRATED_MIN_SCORE

    def judge(self, snapshot: Snapshot, cases: Sequence[Case]) -> list[list[Judgement]]:
        """See ``Judge``."""
        judged = []
        for case in cases:
            evidence = case.candidates.evidence
            scores = evidence.grams if evidence.best_cosine is None else evidence.best_cosine
            judged.append(
                [
                    Judgement(
                        min(1.0, max(0.0, float(score))), "related", "unclear", None, float(rank)
                    )
                    for score, rank in zip(scores, case.candidates.fused, strict=True)
                ]
            )
        return judged
