"""Bootstrap intervals: how far a figure would move with other sentences of the same kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

RESAMPLES = 2000
LEVEL = 0.95

Statistic = Callable[[Rows, Rows], Floats]
"""A figure for many samples at once: from the chosen queries, shape ``(samples, queries)``, and
the chosen neutral sentences, shape ``(samples, neutral)``, to ``(samples,)``."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with the limits of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Sampling:
    """The sample as it is, and samples drawn from it with replacement."""

    queries: Rows
    neutral: Rows
    drawn_queries: Rows
    drawn_neutral: Rows

    @classmethod
    def of(cls, strata: Sequence[Rows], neutral: int, seed: Sequence[int]) -> Sampling:
        """Draws within each stratum of queries, and among the neutral sentences; seeded."""
        random = np.random.default_rng(list(seed))
        rows = [np.asarray(stratum, np.int64) for stratum in strata]
        drawn = [
            stratum[random.integers(len(stratum), size=(RESAMPLES, len(stratum)))]
            for stratum in rows
            if len(stratum)
        ]
        none = np.empty((RESAMPLES, 0), np.int64)
        return cls(
            queries=np.concatenate([np.empty(0, np.int64), *rows])[None],
            neutral=np.arange(neutral)[None],
            drawn_queries=np.concatenate([none, *drawn], axis=1),
            drawn_neutral=random.integers(neutral, size=(RESAMPLES, neutral)) if neutral else none,
        )

    def estimate(self, statistic: Statistic) -> Estimate:
        """The figure with its percentile interval (Efron 1979); samples without it are left out."""
        value = float(statistic(self.queries, self.neutral)[0])
        drawn = statistic(self.drawn_queries, self.drawn_neutral)
        drawn = drawn[~np.isnan(drawn)]
        if np.isnan(value) or not len(drawn):
            return Estimate(value, value, value)
        low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return Estimate(value, float(low), float(high))
