"""How well a scan finds the sentences of an article that repeat a claim."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np

from service.evaluation.intervals import Floats, Rows
from service.evaluation.running import Scanned, Sighting
from service.evaluation.sets import Span
from service.models import Relation

Verdict = Literal["right", "false alarm", "ignored"]

SHOWN_AS_CLAIM: tuple[Relation, ...] = ("repeats", "unclear")
"""What an editor may take for a repetition; ``rejects`` never is."""

ONLY_REPEATS: tuple[Relation, ...] = ("repeats",)


@dataclass(frozen=True, slots=True)
class Tally:
    """Of one article: findings that are right, those that are false alarms, gold sentences that
    were found, and all gold sentences."""

    right: int
    alarms: int
    found: int
    gold: int


def verdict(scanned: Scanned, sighting: Sighting, counted: Collection[Relation]) -> Verdict:
    """What a finding is worth.

    A finding whose relation is not ``counted`` is ignored. It is right where it covers half of a
    sentence that repeats the claim it names. On a sentence that rejects that claim it is a false
    alarm as ``repeats``, and is ignored otherwise. Anything else is a false alarm.
    """
    first = sighting.first
    if first.relation not in counted:
        return "ignored"
    if any(_names(sighting, span) for span in scanned.article.claims):
        return "right"
    rejecting = any(_covers(sighting, span) for span in scanned.article.rejects)
    return "ignored" if rejecting and first.relation != "repeats" else "false alarm"


def found(scanned: Scanned, span: Span, counted: Collection[Relation]) -> bool:
    """Whether a finding covers this sentence and names its claim."""
    return any(
        sighting.first.relation in counted and _names(sighting, span)
        for sighting in scanned.sightings
    )


def tally(scanned: Scanned, counted: Collection[Relation]) -> Tally:
    """The counts of one article."""
    verdicts = [verdict(scanned, sighting, counted) for sighting in scanned.sightings]
    spans = scanned.article.claims
    return Tally(
        right=verdicts.count("right"),
        alarms=verdicts.count("false alarm"),
        found=sum(found(scanned, span, counted) for span in spans),
        gold=len(spans),
    )


def precision(tallies: Floats, rows: Rows) -> Floats:
    """Right findings among the counted, of ``tallies`` of shape ``(articles, 4)``; NaN without."""
    right, alarms, _, _ = _summed(tallies, rows)
    return _share(right, right + alarms)


def recall(tallies: Floats, rows: Rows) -> Floats:
    """Gold sentences that were found; NaN where there are none."""
    _, _, hit, gold = _summed(tallies, rows)
    return _share(hit, gold)


def f1(tallies: Floats, rows: Rows) -> Floats:
    """The harmonic mean of precision and recall; 0 where either is 0 or nothing was found."""
    exact = np.nan_to_num(precision(tallies, rows))
    complete = recall(tallies, rows)
    return np.where(exact + complete == 0, 0.0, _share(2 * exact * complete, exact + complete))


def _share(part: Floats, whole: Floats) -> Floats:
    share: Floats = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return share


def _summed(tallies: Floats, rows: Rows) -> Floats:
    summed: Floats = tallies[rows].sum(axis=1).T
    return summed


def _names(sighting: Sighting, span: Span) -> bool:
    return sighting.first.claim_id in span.gold and _covers(sighting, span)


def _covers(sighting: Sighting, span: Span) -> bool:
    """Whether the finding overlaps at least half of the sentence."""
    shared = min(sighting.end, span.end) - max(sighting.start, span.start)
    return 2 * shared >= span.end - span.start
