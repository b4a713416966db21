"""Whether a score of 0.8 is right eight times in ten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.evaluation.intervals import Floats, Rows
from service.evaluation.running import Answer

BINS = 10


@dataclass(frozen=True, eq=False)
class Candidates:
    """First candidates: their scores, whether they are right, and what each weighs.

    A sentence without a candidate counts as a score of 0 that is not right: the engine says, and
    rightly so where there is nothing to find, that no claim fits.
    """

    scores: Floats
    right: Floats
    weights: Floats

    @classmethod
    def of(
        cls, answers: Sequence[Answer], neutral: Sequence[Answer], share: float | None
    ) -> Candidates:
        """Of the queries, then of the neutral sentences.

        ``share`` weighs them so that queries make up that share of all; None leaves the mix.
        """
        both = [*answers, *neutral]
        weights = np.ones(len(both))
        if share is not None and answers and neutral:
            weights[: len(answers)] = share / len(answers)
            weights[len(answers) :] = (1 - share) / len(neutral)
        return cls(
            scores=np.array([max(0.0, answer.score) for answer in both]),
            right=np.array([answer.right for answer in both], np.float64),
            weights=weights,
        )

    def base_rate(self) -> float:
        """The share of first candidates that are right."""
        return float((self.right * self.weights).sum() / self.weights.sum())


@dataclass(frozen=True, slots=True)
class Bin:
    """A tenth of the scale: what was said, and what came true. ``count`` is unweighted."""

    low: float
    high: float
    count: int
    score: float
    right: float


def expected_error(found: Candidates, rows: Rows) -> Floats:
    """Expected calibration error over ten equal bins (Naeini et al. 2015).

    ``rows`` chooses candidates, shape ``(samples, chosen)``; returns ``(samples,)``. Each bin adds
    its weight times the distance between its mean score and its share of right candidates.
    """
    weights = found.weights[rows]
    gaps = (found.scores - found.right)[rows] * weights
    bins = _bin_of(found.scores)[rows]
    error = np.zeros(len(rows))
    for number in range(BINS):
        error += np.abs((gaps * (bins == number)).sum(axis=1))
    expected: Floats = error / weights.sum(axis=1)
    return expected


def reliability(found: Candidates) -> list[Bin]:
    """The bins that hold a candidate, lowest first."""
    bins = _bin_of(found.scores)
    filled = []
    for number in range(BINS):
        here = bins == number
        weights = found.weights[here]
        if here.any():
            filled.append(
                Bin(
                    low=number / BINS,
                    high=(number + 1) / BINS,
                    count=int(here.sum()),
                    score=float((found.scores[here] * weights).sum() / weights.sum()),
                    right=float((found.right[here] * weights).sum() / weights.sum()),
                )
            )
    return filled


def _bin_of(scores: Floats) -> Rows:
    """0 to 9; a score of 1 is in the last bin."""
    return np.clip((scores * BINS).astype(np.int64), 0, BINS - 1)
