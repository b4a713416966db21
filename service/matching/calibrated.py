"""Judges candidates with a calibration: probabilities, relations and tiers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from service.index.snapshot import Snapshot
from service.inference.verifier import Verifier
from service.matching.calibration import Calibration
from service.matching.features import Features, features
from service.matching.judging import JUDGED, Case, Judgement
from service.models import Probabilities, Relation, Tier
from service.text import plain

HOPELESS = 0.15
"""A candidate whose features give it less is not verified: of those that are right, hardly any."""

AHEAD = 0.05
"""So much more its features have to give a candidate than they give the search's first one to come
before it: in cross-validation the right claim is then first for 0.93 of the English sentences that
reject one, not 0.90, since what they share with its rebuttal counts too."""

MOST_READ = 2
RIVAL = 0.5
"""The second candidate is verified too where its features give it at least this share of what they
give the first: where the two are close, it may be the one that is meant. Reading the next only
where the first is not meant, or three, found no more in cross-validation."""

LEAD = 0.2
"""So much likelier than the first the second has to be to come before it: of two claims that say
nearly the same the one that the search prefers stays first."""

SURE = 0.55
"""How much of P(repeats) + P(rejects) a relation needs, else it is ``unclear``."""

SURE_OF_REPEATS = 0.7
"""How much of it ``repeats`` needs in a language that the encoder does not speak. In
cross-validation 5 % of what rejects a claim is then shown as ``repeats``, not 8 %, for one right
relation in forty."""

SURE_OF_MATCH = 0.7
"""How much of it the tier ``match`` needs: a denial shown as a match is the worst of errors. In
cross-validation this halves them, for one match in twenty in English and one in ten elsewhere."""

LEAST_WORDS = 5
"""A text of fewer words is never more than ``related``."""


class CalibratedJudge:
    """Implements ``Judge``: verifies the first candidate unless it is hopeless, and a close second.

    The first is the search's, or another whose features lead; the second comes before it where it
    was read and is clearly likelier. Else candidates keep the order of the search, and none scores
    higher than the one before it: where the first was read and found to be about something else,
    the others, which fit less well, are not shown in its place.
    """

    def __init__(
        self,
        calibration: Calibration,
        verifier: Verifier | None,
        tiers: Mapping[Tier, float] | None = None,
    ) -> None:
        """``tiers`` replace thresholds of the calibration."""
        self._calibration = calibration
        self._verifier = verifier
        self.tiers: Mapping[Tier, float] = {**calibration.tiers, **(tiers or {})}
        self.calibration = calibration.name
        self.verifier = f"{verifier.name}@{verifier.fingerprint[:8]}" if verifier else None

    @property
    def min_score(self) -> float:
        """The threshold of the tier ``related``."""
        return self.tiers["related"]

    def judge(self, snapshot: Snapshot, cases: Sequence[Case]) -> list[list[Judgement]]:
        """See ``Judge``. The candidates of all cases are verified as one batch."""
        rows = [
            features(
                snapshot, case.text, case.language, case.candidates, case.wordings, case.claims
            )
            for case in cases
        ]
        cheap = [self._calibration.cheap(each) if len(each) else np.empty(0) for each in rows]
        read = [(number, row) for number, scores in enumerate(cheap) for row in to_read(scores)]
        verified = self._verify(cases, rows, read)
        return [
            self._judgements(case, number, scores, verified)
            for number, (case, scores) in enumerate(zip(cases, cheap, strict=True))
        ]

    def _verify(
        self, cases: Sequence[Case], rows: Sequence[Features], read: Sequence[tuple[int, int]]
    ) -> dict[tuple[int, int], Probabilities]:
        if not read or self._verifier is None:
            return {}
        pairs = [
            (plain(cases[number].text), plain(cases[number].wordings[row].text))
            for number, row in read
        ]
        answers = self._verifier.verify(pairs)
        values = np.stack([rows[number][row] for number, row in read])
        found = self._calibration.verified(values, answers)
        return {
            place: Probabilities(*(float(value) for value in probabilities))
            for place, probabilities in zip(read, found, strict=True)
        }

    def _judgements(
        self,
        case: Case,
        number: int,
        scores: NDArray[np.float64],
        verified: Mapping[tuple[int, int], Probabilities],
    ) -> list[Judgement]:
        found = [verified.get((number, row)) for row in range(len(scores))]
        order = order_of(scores)
        # those that were read come first in the order
        about = [1.0 - each.neither for row in order if (each := found[row]) is not None]
        if about:
            order.insert(0, order.pop(first_of(about)))
        highest = 1.0
        judged: dict[int, Judgement] = {}
        for place, row in enumerate(order):
            probabilities = found[row]
            score = float(scores[row]) if probabilities is None else 1.0 - probabilities.neither
            score = highest = min(score, highest)
            relation = relation_of(
                probabilities, spoken=case.candidates.evidence.cosine is not None
            )
            tier = self._tier(case, score, probabilities)
            judged[row] = Judgement(score, tier, relation, probabilities, -float(place))
        return [judged[row] for row in range(len(scores))]

    def _tier(self, case: Case, score: float, probabilities: Probabilities | None) -> Tier:
        long_enough = len(case.text.split()) >= LEAST_WORDS
        sure = score >= self.tiers["match"] and _repeats(probabilities, SURE_OF_MATCH)
        return "match" if sure and long_enough else "related"


def order_of(cheap: NDArray[np.float64]) -> list[int]:
    """The candidates by what their features alone give them, shape ``(n,)``: as the search has
    them, but for the best one, which comes first where it leads."""
    order = list(range(len(cheap)))
    if order:
        best = int(cheap[:JUDGED].argmax())
        order.insert(0, order.pop(best if cheap[best] >= cheap[0] + AHEAD else 0))
    return order


def to_read(cheap: NDArray[np.float64]) -> list[int]:
    """Which candidates are verified, by what their features alone give them: the first ones of the
    order, or none."""
    order = order_of(cheap)
    if not order or cheap[order[0]] < HOPELESS:
        return []
    floor = max(HOPELESS, RIVAL * cheap[order[0]])
    return [order[0], *takewhile(lambda row: cheap[row] >= floor, order[1:MOST_READ])]


def first_of(about: Sequence[float]) -> int:
    """Which of the candidates that were read, in their order, comes first."""
    likeliest = max(range(len(about)), key=about.__getitem__)
    return likeliest if about[likeliest] >= about[0] + LEAD else 0


def relation_of(probabilities: Probabilities | None, *, spoken: bool) -> Relation:
    """``unclear`` where nothing was verified, or where neither relation clearly leads.

    ``spoken``: the encoder speaks the query's language.
    """
    if probabilities is None:
        return "unclear"
    about = probabilities.repeats + probabilities.rejects
    if _repeats(probabilities, SURE if spoken else SURE_OF_REPEATS):
        return "repeats"
    return "rejects" if probabilities.rejects >= SURE * about else "unclear"


def _repeats(probabilities: Probabilities | None, share: float) -> bool:
    """Whether so much of what is about the claim repeats it."""
    if probabilities is None:
        return False
    return probabilities.repeats >= share * (probabilities.repeats + probabilities.rejects)
