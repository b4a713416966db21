"""Fits a calibration to judged sentences, and says by cross-validation what it is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from service.index.snapshot import Snapshot
from service.inference.verifier import Verifier
from service.matching.calibrated import HOPELESS, first_of, order_of, to_read
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
"""How much a candidate behind the search's first counts for the cheap model: it is shown less
often."""
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
    in the catalogue for the fit alone. ``judged``: the only candidate of which anything is known.
    """

    text: str
    language: str
    claim_id: str | None
    label: Label
    group: str
    ordinary: bool = False
    lone: bool = False
    judged: str | None = None


@dataclass(frozen=True, eq=False)
class _Row:
    """An example with its candidates' features, which of them are right, what the verifier would
    read of each, and what it says, shape ``(n, 3)``: NaN where it was not asked."""

    example: Example
    features: Features
    right: NDArray[np.bool_]
    pairs: Sequence[tuple[str, str]]
    answers: NDArray[np.float32]

    @property
    def weight(self) -> float:
        neighbour = self.example.label == "neither" and not self.example.ordinary
        return (NEIGHBOUR_WEIGHT if neighbour else 1.0) * (LONE_WEIGHT if self.example.lone else 1)

    def first(self, cheap: Logistic) -> int:
        """The candidate that features put first."""
        return order_of(cheap(self.features))[0]

    def read(self, cheap: Logistic) -> list[int]:
        """The candidates that would be verified."""
        return to_read(cheap(self.features))

    def label_of(self, candidate: int) -> Label:
        return self.example.label if self.right[candidate] else "neither"


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
    rows = _rows(engine, examples)
    ordinary = sum(row.example.ordinary for row in rows)
    if ordinary < 1 / min(ALARMS.values()) or len(rows) < 200:
        raise ValueError(
            "At least 200 sentences and 100 ordinary ones are needed; "
            f"there are {len(rows)} and {ordinary}."
        )
    folds = np.array([crc32(row.example.group.encode()) % FOLDS for row in rows])
    others = [[rows[place] for place in np.flatnonzero(folds != fold)] for fold in range(FOLDS)]
    cheap, *cheaps = (_fit_cheap(part) for part in (rows, *others))
    if verifier:
        _ask(verifier, rows, [cheap, *cheaps])
    scores, sides = np.zeros(len(rows)), np.full(len(rows), np.nan)
    right = np.zeros(len(rows), np.bool_)
    for fold, (part, model) in enumerate(zip(others, cheaps, strict=True)):
        verified = _fit_verified(part, model) if verifier else None
        for place in np.flatnonzero(folds == fold):
            scores[place], sides[place], right[place] = _judge(model, verified, rows[place])
    plain = np.array([row.example.ordinary for row in rows])
    tiers: dict[Tier, float] = {
        tier: round(threshold(scores[plain], share), 4) for tier, share in ALARMS.items()
    }
    about, side = _fit_verified(rows, cheap) if verifier else (None, None)
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


def _rows(engine: CatalogueEngine, examples: Sequence[Example]) -> list[_Row]:
    rows: list[_Row] = []
    for start in range(0, len(examples), _SLICE):
        part = examples[start : start + _SLICE]
        queries = [MatchQuery(each.text, language=each.language, min_score=0.0) for each in part]
        snapshot, found = engine.cases(queries)
        for example, case in zip(part, found, strict=True):
            row = _row(snapshot, example, case) if case is not None else None
            if row is not None and len(row.features):
                rows.append(row)
    return rows


def _row(snapshot: Snapshot, example: Example, case: Case) -> _Row:
    values = features(
        snapshot, case.text, case.language, case.candidates, case.wordings, case.claims
    )
    known = [
        place
        for place, claim in enumerate(case.claims)
        if example.judged is None or claim.id == example.judged
    ]
    return _Row(
        example,
        values[known],
        np.array([case.claims[place].id == example.claim_id for place in known], np.bool_),
        [(plain(case.text), plain(case.wordings[place].text)) for place in known],
        np.full((len(known), 3), np.nan, np.float32),
    )


def _ask(verifier: Verifier, rows: Sequence[_Row], cheaps: Sequence[Logistic]) -> None:
    """Has read what any of these models would have read, and the first even where it is hopeless:
    which side it is on can be learnt from it all the same."""
    asked = [
        (row, place)
        for row in rows
        for place in sorted({row.first(cheap) for cheap in cheaps}.union(*map(row.read, cheaps)))
    ]
    answers = verifier.verify([row.pairs[place] for row, place in asked])
    for (row, place), answer in zip(asked, answers, strict=True):
        row.answers[place] = answer


def _fit_cheap(rows: Sequence[_Row]) -> Logistic:
    balance = _balance(rows, [0] * len(rows))
    values = np.concatenate([row.features for row in rows])
    labels = np.concatenate([row.right & (row.example.label != "neither") for row in rows])
    weights = np.concatenate(
        [
            weight * np.where(np.arange(len(row.right)) == 0, 1.0, LATER_WEIGHT)
            for row, weight in zip(rows, balance, strict=True)
        ]
    )
    return _logistic(values, labels, weights)


def _fit_verified(rows: Sequence[_Row], cheap: Logistic) -> tuple[Logistic, Logistic]:
    places = [row.first(cheap) for row in rows]
    balance = _balance(rows, places)
    firsts = np.stack([row.features[place] for row, place in zip(rows, places, strict=True)])
    answers = np.stack([row.answers[place] for row, place in zip(rows, places, strict=True)])
    truth = np.array([row.label_of(place) for row, place in zip(rows, places, strict=True)])
    # fitted on the first of what will be verified: with the second ones it was a little worse
    read = cheap(firsts) >= HOPELESS
    seen = np.hstack([firsts, verified_values(firsts, answers)])
    about = _logistic(seen[read], (truth != "neither")[read], balance[read])
    sided = np.isin(truth, _SIDES)
    side = _logistic(
        side_values(firsts[sided], answers[sided]), truth[sided] == "repeats", balance[sided]
    )
    return about, side


def _balance(rows: Sequence[_Row], places: Sequence[int]) -> NDArray[np.float64]:
    """A weight per example, with which ``BASE_RATE`` of them are about the candidate at its
    place."""
    weights = np.array([row.weight for row in rows])
    about = np.array(
        [row.label_of(place) != "neither" for row, place in zip(rows, places, strict=True)]
    )
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
    cheap: Logistic, verified: tuple[Logistic, Logistic] | None, row: _Row
) -> tuple[float, float, bool]:
    """What ``CalibratedJudge`` says of the candidate that it puts first: its score, how much of it
    is P(repeats) (NaN where nothing was read), and whether it is the right one."""
    read = row.read(cheap)
    if verified is None or not read:
        first = row.first(cheap)
        score = float(cheap(row.features[first : first + 1])[0])
        return score, float("nan"), bool(row.right[first])
    about, side = verified
    values, answers = row.features[read], row.answers[read]
    found = about(np.hstack([values, verified_values(values, answers)]))
    first = first_of(found.tolist())
    repeats = side(side_values(values, answers))[first]
    return float(found[first]), float(repeats), bool(row.right[read[first]])


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
