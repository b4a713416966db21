"""Fits a calibration to judged sentences, and says by cross-validation what it is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from service.inference.verifier import Verifier
from service.matching.calibrated import HOPELESS, MOST_READ, first_of, how_many_to_read
from service.matching.calibration import Calibration, Logistic, side_values, verified_values
from service.matching.engine import CatalogueEngine
from service.matching.features import Features, features
from service.matching.judging import Case
from service.models import MatchQuery, Tier
from service.text import plain

Label = Literal["repeats", "rejects", "unclear", "neither"]
_SIDES = ("repeats", "rejects")

FOLDS = 5
ALARMS: Mapping[Tier, float] = {"match": 0.01, "related": 0.05}
"""The share of ordinary sentences that may reach a tier."""

REGULARISATION = 0.3
BASE_RATE = 0.6
"""The share of sentences about a claim that probabilities are fitted for, in English and in other
languages alike: the examples have very different shares of them."""
LATER_WEIGHT = 0.5
"""How much a candidate behind the first counts for the cheap model: it is seldom shown."""
NEIGHBOUR_WEIGHT = 0.2
"""How much a sentence counts that was written to look like one about a claim: the groups have as
many of those as of sentences that repeat, far more than articles do."""
LONE_WEIGHT = 0.3
"""How much a sentence counts whose claim stands in the catalogue for the fit alone, in a single
wording: documented claims have more, and are found more surely."""
_SLICE = 64
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence and what it is about.

    ``claim_id`` None: it is about no documented claim. ``unclear``: it is about the claim, and
    nobody said on which side. ``group`` keeps sentences together that were written for the same
    claim. ``ordinary`` sentences are those whose false alarms count. ``lone``: the claim stands
    in the catalogue for the fit alone. ``first_only``: of the candidates behind the first nothing
    is known.
    """

    text: str
    language: str
    claim_id: str | None
    label: Label
    group: str
    ordinary: bool = False
    lone: bool = False
    first_only: bool = False


@dataclass(frozen=True, eq=False)
class _Row:
    """An example with its candidates' features and which of them are right, and what the verifier
    says of the first ones, shape ``(<= MOST_READ, 3)``."""

    example: Example
    features: Features
    right: NDArray[np.bool_]
    answers: NDArray[np.float32]

    @property
    def weight(self) -> float:
        neighbour = self.example.label == "neither" and not self.example.ordinary
        return (NEIGHBOUR_WEIGHT if neighbour else 1.0) * (LONE_WEIGHT if self.example.lone else 1)

    def first_label(self) -> Label:
        return self.example.label if self.right[0] else "neither"


def fit(
    engine: CatalogueEngine,
    verifier: Verifier | None,
    examples: Sequence[Example],
    *,
    name: str,
    made: Mapping[str, Any],
) -> Calibration:
    """A calibration for the engine's encoder and this verifier.

    The engine's catalogue must hold the claims that the examples name, and the verifier must not
    have been trained on the examples. Thresholds and the report come from models that saw no
    sentence of the same group.

    Raises:
        ValueError: there are too few examples to fit or to judge.
    """
    rows = _rows(engine, verifier, examples)
    ordinary = sum(row.example.ordinary for row in rows)
    if ordinary < 1 / min(ALARMS.values()) or len(rows) < 200:
        raise ValueError(
            "At least 200 sentences and 100 ordinary ones are needed; "
            f"there are {len(rows)} and {ordinary}."
        )
    folds = np.array([crc32(row.example.group.encode()) % FOLDS for row in rows])
    scores, sides = np.zeros(len(rows)), np.full(len(rows), np.nan)
    right = np.zeros(len(rows), np.bool_)
    for fold in range(FOLDS):
        own = np.flatnonzero(folds == fold)
        parts = _fit(
            [row for row, other in zip(rows, folds, strict=True) if other != fold], verifier
        )
        for place in own:
            scores[place], sides[place], right[place] = _judge(parts, rows[place])
    plain = np.array([row.example.ordinary for row in rows])
    tiers: dict[Tier, float] = {
        tier: round(threshold(scores[plain], share), 4) for tier, share in ALARMS.items()
    }
    cheap, about, side = _fit(rows, verifier)
    report = {**made, "examples": len(rows), **_report(rows, scores, sides, right)}
    return Calibration(
        name,
        engine.info().fingerprint,
        verifier.fingerprint if verifier else None,
        cheap,
        about,
        side,
        tiers,
        report,
    )


def threshold(scores: NDArray[np.float64], share: float) -> float:
    """The lowest score that at most that share of the scores reach or pass."""
    ordered = np.sort(scores)[::-1]
    allowed = int(share * len(ordered) + 1e-9)
    return float(min(1.0, np.nextafter(ordered[allowed], 2.0)))


def _rows(
    engine: CatalogueEngine, verifier: Verifier | None, examples: Sequence[Example]
) -> list[_Row]:
    cases: list[tuple[Example, Case, Features]] = []
    for start in range(0, len(examples), _SLICE):
        part = examples[start : start + _SLICE]
        queries = [MatchQuery(each.text, language=each.language, min_score=0.0) for each in part]
        snapshot, found = engine.cases(queries)
        for example, case in zip(part, found, strict=True):
            if case is not None and len(case.candidates):
                values = features(
                    snapshot, case.text, case.language, case.candidates, case.wordings, case.claims
                )
                cases.append((example, case, values))
    if not cases:
        return []
    read = [[plain(each.text) for each in case.wordings[:MOST_READ]] for _, case, _ in cases]
    pairs = [
        (plain(case.text), wording)
        for (_, case, _), wordings in zip(cases, read, strict=True)
        for wording in wordings
    ]
    answers = verifier.verify(pairs) if verifier else np.zeros((len(pairs), 3), np.float32)
    ends = np.cumsum([len(wordings) for wordings in read])
    return [
        _Row(
            example, values, np.array([claim.id == example.claim_id for claim in case.claims]), own
        )
        for (example, case, values), own in zip(cases, np.split(answers, ends[:-1]), strict=True)
    ]


def _fit(
    rows: Sequence[_Row], verifier: Verifier | None
) -> tuple[Logistic, Logistic | None, Logistic | None]:
    balance = _balance(rows)
    values = np.concatenate([row.features for row in rows])
    labels = np.concatenate([row.right & (row.example.label != "neither") for row in rows])
    weights = np.concatenate(
        [
            weight * np.where(np.arange(len(row.right)) == 0, 1.0, LATER_WEIGHT)
            for row, weight in zip(rows, balance, strict=True)
        ]
    )
    cheap = _logistic(values, labels, weights)
    if verifier is None:
        return cheap, None, None
    firsts = np.stack([row.features[0] for row in rows])
    answers = np.stack([row.answers[0] for row in rows])
    truth = np.array([row.first_label() for row in rows])
    # fitted on the first of what will be verified: with the second ones it was a little worse
    read = cheap(firsts) >= HOPELESS
    seen = np.hstack([firsts, verified_values(firsts, answers)])
    about = _logistic(seen[read], (truth != "neither")[read], balance[read])
    sided = np.isin(truth, _SIDES)
    side = _logistic(
        side_values(firsts[sided], answers[sided]), truth[sided] == "repeats", balance[sided]
    )
    return cheap, about, side


def _balance(rows: Sequence[_Row]) -> NDArray[np.float64]:
    """A weight per example, with which ``BASE_RATE`` of them are about their first candidate."""
    weights = np.array([row.weight for row in rows])
    about = np.array([row.first_label() != "neither" for row in rows])
    english = np.array([row.example.language == "en" for row in rows])
    for group in (english, ~english):
        wanted, other = weights[group & about].sum(), weights[group & ~about].sum()
        if wanted and other:
            weights[group & ~about] *= wanted * (1 - BASE_RATE) / (BASE_RATE * other)
    return weights


def _logistic(
    values: NDArray[np.float64], labels: NDArray[np.bool_], weights: NDArray[np.float64]
) -> Logistic:
    if labels.all() or not labels.any():
        raise ValueError(
            f"The {len(labels)} examples of one probability are all of one kind. Sentences that "
            "come close to a claim without being about it, and others that reject one, are needed."
        )
    mean, scale = values.mean(0), values.std(0)
    scale = np.where(scale < _TINY, 1.0, scale)
    model = LogisticRegression(C=REGULARISATION, max_iter=5000)
    model.fit((values - mean) / scale, labels, sample_weight=weights)
    return Logistic(mean, scale, model.coef_[0], float(model.intercept_[0]))


def _judge(
    parts: tuple[Logistic, Logistic | None, Logistic | None], row: _Row
) -> tuple[float, float, bool]:
    """What ``CalibratedJudge`` says of the candidate that it puts first: its score, how much of it
    is P(repeats) (NaN where nothing was read), and whether it is the right one."""
    cheap, about, side = parts
    scores = cheap(row.features)
    count = how_many_to_read(scores)
    if about is None or side is None or not count:
        return float(scores[0]), float("nan"), bool(row.right[0])
    read = slice(0, 1 if row.example.first_only else count)
    values, answers = row.features[read], row.answers[read]
    found = about(np.hstack([values, verified_values(values, answers)]))
    first = first_of(found.tolist())
    repeats = side(side_values(values, answers))[first]
    return float(found[first]), float(repeats), bool(row.right[first])


def _report(
    rows: Sequence[_Row],
    scores: NDArray[np.float64],
    sides: NDArray[np.float64],
    right: NDArray[np.bool_],
) -> dict[str, Any]:
    """What cross-validation says: recall at false alarms, relations, calibration error, cost."""
    plain = np.array([row.example.ordinary for row in rows])
    truth = np.where(right, [row.example.label for row in rows], "neither")
    wanted = np.array([row.example.label != "neither" for row in rows])
    english = np.array([row.example.language == "en" for row in rows])
    report: dict[str, Any] = {}
    for group, inside in (("English", english), ("other languages", ~english)):
        asked, about = wanted & inside, (truth != "neither") & inside
        alarms = scores[plain & inside] if (plain & inside).sum() >= 100 else scores[plain]
        judged = about & ~np.isnan(sides) & np.isin(truth, _SIDES)
        report[group] = {
            "queries": int(asked.sum()),
            "right claim first": _mean(about[asked]),
            "recall at 1, 2, 5 % false alarms": [
                _mean((about & (scores >= threshold(alarms, share)))[asked])
                for share in (0.01, 0.02, 0.05)
            ],
            "relation right": _mean((sides >= 0.5)[judged] == (truth == "repeats")[judged]),
            "verified": _mean(~np.isnan(sides[inside])),
            "calibration error": round(
                calibration_error(scores[inside], (truth != "neither")[inside]), 4
            )
            if inside.any()
            else None,
            "base rate": _mean((truth != "neither")[inside]),
        }
    return {"cross-validation": report}


def calibration_error(
    scores: NDArray[np.float64], truth: NDArray[np.bool_], bins: int = 10
) -> float:
    """Expected calibration error over bins of equal width (Naeini, Cooper and Hauskrecht 2015)."""
    if not len(scores):
        return float("nan")
    places = np.minimum((scores * bins).astype(int), bins - 1)
    error = 0.0
    for place in np.unique(places):
        own = places == place
        error += own.mean() * abs(scores[own].mean() - truth[own].mean())
    return float(error)


def _mean(values: NDArray[Any]) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None
