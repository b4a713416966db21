"""What is found at a bearable rate of false alarms, and where precision is traded for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.evaluation.intervals import Floats

RATES = (0.01, 0.02, 0.05)


def allowed_alarms(rate: float, neutral: int) -> int:
    """How many of so many neutral sentences may raise an alarm at ``rate``."""
    return int(np.floor(rate * neutral + 1e-9))  # 0.29 * 100 is 28.999999999999996


def bars(neutral: Floats, rate: float) -> Floats:
    """The score that a match must exceed so that at most ``rate`` of the neutral ones do.

    ``neutral`` are the scores of the neutral sentences' first matches, shape ``(…, sentences)``.
    The lowest threshold that so few of them reach is the next number above the bar. Returns shape
    ``(…,)``; minus infinity where all may pass.
    """
    count = neutral.shape[-1]
    allowed = allowed_alarms(rate, count)
    if allowed >= count:
        return np.full(neutral.shape[:-1], -np.inf)
    place = count - 1 - allowed
    return np.partition(neutral, place, axis=-1)[..., place]


@dataclass(frozen=True, eq=False)
class Curve:
    """Precision and recall as the threshold falls; each of shape ``(points,)``."""

    thresholds: Floats
    precision: Floats
    recall: Floats


def precision_recall(right: Floats, wrong: Floats, queries: int) -> Curve:
    """The curve over first matches.

    ``right`` are the scores of first matches that are gold, ``wrong`` those of all others, of
    neutral sentences too; precision is the share of right ones among the shown, recall their share
    of ``queries``.
    """
    right, wrong = right[np.isfinite(right)], wrong[np.isfinite(wrong)]
    thresholds = np.unique(np.concatenate([right, wrong]))[::-1]
    hits = len(right) - np.searchsorted(np.sort(right), thresholds, "left")
    alarms = len(wrong) - np.searchsorted(np.sort(wrong), thresholds, "left")
    return Curve(thresholds, hits / np.maximum(hits + alarms, 1), hits / max(queries, 1))
