"""Curves as the coordinates of an SVG drawing; the template draws them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.evaluation.alarms import RATES, bars, precision_recall
from service.evaluation.calibration import Bin, Candidates, reliability
from service.evaluation.running import Run

SIZE = 300
"""The side of the drawing's square in SVG units; the axes' labels lie outside it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A point with a label."""

    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """A stepped line, and the points of the three false-alarm rates."""

    points: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins as bars from what was said to what came true."""

    bins: tuple[tuple[Bin, Mark], ...]
    base_rate: float
    count: int


def precision_recall_chart(run: Run) -> PrecisionRecall | None:
    """None without a query."""
    if not run.answers:
        return None
    right = np.array([answer.score for answer in run.answers if answer.right])
    wrong = np.array([answer.score for answer in run.answers if not answer.right])
    heard = np.array([answer.score for answer in run.neutral])
    curve = precision_recall(right, np.concatenate([wrong, heard]), len(run.answers))
    places = [_at(x, y) for x, y in zip(curve.recall, curve.precision, strict=True)]
    marks = []
    for rate in RATES if len(heard) else ():
        above = np.flatnonzero(curve.thresholds > bars(heard, rate))
        if len(above):
            last = above[-1]
            x, y = _at(curve.recall[last], curve.precision[last])
            marks.append(Mark(x, y, f"{rate:.0%} false alarms, from {curve.thresholds[last]:.3f}"))
    return PrecisionRecall(" ".join(f"{x:.1f},{y:.1f}" for x, y in places), tuple(marks))


def reliability_chart(run: Run, base_rate: float | None) -> Reliability | None:
    """None without neutral sentences: scores of queries alone say nothing of false alarms."""
    if not run.answers or not run.neutral:
        return None
    found = Candidates.of(run.answers, run.neutral, base_rate)
    bins = []
    for one in reliability(found):
        x, y = _at(one.score, one.right)
        bins.append((one, Mark(x, y, f"{one.count}")))
    return Reliability(tuple(bins), found.base_rate(), len(found.scores))


def _at(x: float, y: float) -> tuple[float, float]:
    """From the unit square to the drawing, whose y axis points down."""
    return float(x) * SIZE, (1 - float(y)) * SIZE
