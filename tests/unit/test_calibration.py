"""Probabilities, relations and tiers; calibrations that do not fit are refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.catalogue.catalogue import Catalogue
from service.errors import CalibrationError
from service.inference.verifier import LogProbabilities, log_softmax
from service.matching import calibrated
from service.matching.calibrated import (
    CalibratedJudge,
    first_of,
    order_of,
    relation_of,
    to_read,
)
from service.matching.calibration import (
    SIDE_NAMES,
    VERIFIED_NAMES,
    Calibration,
    Logistic,
    read_calibration,
)
from service.matching.engine import CatalogueEngine
from service.matching.features import NAMES
from service.matching.fitting import calibration_error, threshold
from service.models import MatchQuery, Probabilities
from tests.fakes import CLAIMS
from tests.unit.test_engine import engine_over

SENTENCE = "Western peacekeepers are a cover for the occupation of western Ukraine"


def weighing(names: Sequence[str], **weights: float) -> Logistic:
    """A logistic regression that looks at a few values, unstandardised."""
    values = np.array([weights.get(name.replace(" ", "_"), 0.0) for name in names])
    nothing = np.zeros(len(names))
    return Logistic(nothing, nothing + 1, values, weights.get("bias", 0.0))


CALIBRATION = Calibration(
    name="test",
    encoder="e" * 64,
    verifier="v" * 64,
    cheap=weighing(NAMES, best_cosine=8, bias=-4),
    about=weighing((*NAMES, *VERIFIED_NAMES), about=1),
    side=weighing(SIDE_NAMES, side=1),
    tiers={"match": 0.8, "related": 0.3},
    made={},
)


class FakeVerifier:
    """Answers by words: 'denied' rejects, 'perhaps' cannot tell, 'weather' is about neither."""

    name = "fake"
    fingerprint = "v" * 64

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def verify(self, pairs: Sequence[tuple[str, str]]) -> LogProbabilities:
        self.asked += pairs
        rows = []
        for query, _ in pairs:
            if "denied" in query:
                rows.append([0.0, 6.0, 0.0])
            elif "perhaps" in query:
                rows.append([4.0, 4.0, 0.0])
            elif "weather" in query:
                rows.append([0.0, 0.0, 6.0])
            else:
                rows.append([6.0, 0.0, 0.0])
        return log_softmax(np.array(rows, np.float32))


@pytest.fixture
def verifier() -> FakeVerifier:
    return FakeVerifier()


@pytest.fixture
def engine(catalogue: Catalogue, tmp_path: Path, verifier: FakeVerifier) -> CatalogueEngine:
    catalogue.save(CLAIMS, who="test", encoded=None)
    engine = engine_over(catalogue, tmp_path / "snapshots")
    return engine.judged_by(CalibratedJudge(CALIBRATION, verifier))


def first(engine: CatalogueEngine, text: str) -> Any:
    [result] = engine.find_matches([MatchQuery(text, min_score=0.0)])
    return result.matches[0]


def test_a_repetition_is_a_match(engine: CatalogueEngine) -> None:
    found = first(engine, SENTENCE)
    assert (found.claim.id, found.relation, found.tier) == (
        "peacekeepers-occupy-west-ukraine", "repeats", "match",
    )  # fmt: skip
    assert found.probabilities is not None
    total = found.probabilities.repeats + found.probabilities.rejects + found.probabilities.neither
    assert total == pytest.approx(1)
    assert found.score == pytest.approx(1 - found.probabilities.neither)


def test_a_denial_is_shown_as_rejects_and_never_as_a_match(engine: CatalogueEngine) -> None:
    found = first(engine, f"They denied it: {SENTENCE}")
    assert (found.relation, found.tier) == ("rejects", "related")
    assert found.score > 0.8


def test_where_the_verifier_cannot_tell_the_relation_is_unclear(engine: CatalogueEngine) -> None:
    found = first(engine, f"{SENTENCE}, perhaps")
    assert (found.relation, found.tier) == ("unclear", "related")


def test_a_sentence_that_only_sounds_alike_matches_nothing(engine: CatalogueEngine) -> None:
    [result] = engine.find_matches([MatchQuery(f"{SENTENCE}, weather")])
    assert result.matches == ()
    assert result.no_match is not None
    assert result.no_match.code == "below_min_score"


def test_a_text_of_fewer_than_five_words_is_never_a_match(engine: CatalogueEngine) -> None:
    assert first(engine, "Peacekeepers to occupy Ukraine").tier == "related"


def test_only_the_first_candidate_is_read_and_no_other_scores_higher(
    engine: CatalogueEngine, verifier: FakeVerifier
) -> None:
    [result] = engine.find_matches([MatchQuery(f"{SENTENCE}, weather", min_score=0.0)])
    assert len(verifier.asked) == 1
    scores = [match.score for match in result.matches]
    assert scores == sorted(scores, reverse=True)
    assert [match.relation for match in result.matches[1:]] == ["unclear"] * (len(scores) - 1)


def test_a_close_second_is_read_too_and_comes_first_where_it_is_meant(
    engine: CatalogueEngine, monkeypatch: pytest.MonkeyPatch, verifier: FakeVerifier
) -> None:
    [before] = engine.find_matches([MatchQuery(SENTENCE, min_score=0.0)])
    neither, repeats = [0.0, 0.0, 6.0], [6.0, 0.0, 0.0]
    monkeypatch.setattr(calibrated, "HOPELESS", 0.0)
    monkeypatch.setattr(calibrated, "RIVAL", 0.0)
    monkeypatch.setattr(
        verifier, "verify", lambda _: log_softmax(np.array([neither, repeats], np.float32))
    )
    [after] = engine.find_matches([MatchQuery(f"{SENTENCE}!", min_score=0.0)])
    first, second, *others = after.matches
    assert (first.claim, second.claim) == (before.matches[1].claim, before.matches[0].claim)
    assert (first.relation, first.tier) == ("repeats", "match")
    assert second.score < 0.5
    assert all(match.score <= second.score for match in others)


@pytest.mark.parametrize(
    ("about", "first"), [([0.5], 0), ([0.5, 0.6], 0), ([0.5, 0.8], 1), ([0.9, 0.1], 0)]
)
def test_the_second_comes_first_where_it_clearly_leads(about: list[float], first: int) -> None:
    assert first_of(about) == first


@pytest.mark.parametrize(
    ("cheap", "read"),
    [
        ([], []),
        ([0.1, 0.12, 0.05], []),
        ([0.8], [0]),
        ([0.8, 0.3], [0]),
        ([0.8, 0.5], [0, 1]),
        ([0.8, 0.5, 0.5], [0, 1]),
        ([0.8, 0.3, 0.5], [0]),
        ([0.1, 0.2, 0.9], [2]),
        ([0.6, 0.1, 0.9], [2, 0]),
    ],
)
def test_so_many_are_read(cheap: list[float], read: list[int]) -> None:
    assert to_read(np.array(cheap)) == read


@pytest.mark.parametrize(
    ("cheap", "order"),
    [
        ([], []),
        ([0.5, 0.54, 0.2], [0, 1, 2]),
        ([0.5, 0.4, 0.6], [2, 0, 1]),
        ([0.3], [0]),
        ([0.1] * 8 + [0.9], [*range(9)]),
    ],
)
def test_another_than_the_first_of_the_search_is_first_where_its_features_lead(
    cheap: list[float], order: list[int]
) -> None:
    assert order_of(np.array(cheap)) == order


def test_the_candidate_whose_features_lead_is_read_and_shown_first(
    engine: CatalogueEngine, verifier: FakeVerifier
) -> None:
    [before] = engine.find_matches([MatchQuery(SENTENCE, min_score=0.0)])
    later = replace(CALIBRATION, cheap=weighing(NAMES, rank=1, bias=-2))
    judge = CalibratedJudge(later, verifier)
    verifier.asked.clear()
    [after] = engine.judged_by(judge).find_matches([MatchQuery(SENTENCE, min_score=0.0)])
    assert len(before.matches) > 2
    claims = [match.claim for match in before.matches]
    assert [match.claim for match in after.matches] == [claims[-1], *claims[:-1]]
    assert verifier.asked[0][1] == after.matches[0].matched.text
    scores = [match.score for match in after.matches]
    assert scores == sorted(scores, reverse=True)


def test_what_is_hopeless_is_not_read(engine: CatalogueEngine, verifier: FakeVerifier) -> None:
    engine.find_matches([MatchQuery("Tomatoes ripen slowly in the north")])
    assert verifier.asked == []


def test_a_batch_is_read_as_one_batch(engine: CatalogueEngine, verifier: FakeVerifier) -> None:
    engine.find_matches([MatchQuery(SENTENCE), MatchQuery("Zelensky's term has expired")])
    assert len(verifier.asked) == 2


def test_the_engine_tells_what_judges(engine: CatalogueEngine) -> None:
    described = engine.describe()
    assert (described.verifier, described.calibration) == ("fake@vvvvvvvv", "test")
    assert described.calibrated
    assert engine.info().tiers == {"match": 0.8, "related": 0.3}


def test_the_tiers_can_be_set() -> None:
    judge = CalibratedJudge(CALIBRATION, FakeVerifier(), {"match": 0.9})
    assert judge.tiers == {"match": 0.9, "related": 0.3}


@pytest.mark.parametrize(
    ("repeats", "rejects", "relation"),
    [
        (0.9, 0.05, "repeats"),
        (0.05, 0.9, "rejects"),
        (0.45, 0.45, "unclear"),
        (0.09, 0.01, "repeats"),
        (0.5, 0.45, "unclear"),
    ],
)
def test_a_relation_has_to_lead_clearly(repeats: float, rejects: float, relation: str) -> None:
    found = Probabilities(repeats, rejects, 1 - repeats - rejects)
    assert relation_of(found, spoken=True) == relation


@pytest.mark.parametrize(
    ("repeats", "rejects", "relation"),
    [(0.6, 0.3, "unclear"), (0.66, 0.24, "repeats"), (0.3, 0.6, "rejects")],
)
def test_in_a_language_that_the_encoder_does_not_speak_repeats_has_to_lead_more(
    repeats: float, rejects: float, relation: str
) -> None:
    found = Probabilities(repeats, rejects, 1 - repeats - rejects)
    assert relation_of(found, spoken=False) == relation


def test_a_calibration_is_read_as_it_was_written() -> None:
    again = read_calibration(json.dumps(CALIBRATION.as_json()))
    assert again.as_json() == CALIBRATION.as_json()


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"features": ["another"]},
        {"tiers": {"match": 0.5}},
        {"tiers": {"match": 2, "related": 0}},
        {"about": None},
        {"verifier": None},
        {"cheap": {"mean": [0], "scale": [1], "weights": [1], "bias": 0}},
        {"extra": 1},
    ],
)
def test_a_calibration_that_does_not_fit_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CalibrationError):
        read_calibration(json.dumps(CALIBRATION.as_json() | change))


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 100_000])
def test_a_damaged_calibration_is_refused(text: str) -> None:
    with pytest.raises(CalibrationError):
        read_calibration(text)


def test_a_calibration_without_verifier_needs_none() -> None:
    cheap_only = replace(CALIBRATION, verifier=None, about=None, side=None)
    assert read_calibration(json.dumps(cheap_only.as_json())).about is None


@pytest.mark.parametrize(("share", "expected"), [(0.1, 9), (0.15, 9), (0.5, 5), (0.99, 1)])
def test_a_threshold_lets_at_most_its_share_through(share: float, expected: int) -> None:
    scores = np.arange(1, 11) / 10
    reached = threshold(scores, share)
    assert (scores >= reached).mean() <= share
    assert reached > expected / 10 - 1e-9


def test_the_calibration_error_is_the_gap_in_each_bin_by_its_share() -> None:
    scores = np.array([0.95, 0.95, 0.15, 0.15])
    truth = np.array([True, False, False, False])
    assert calibration_error(scores, truth) == pytest.approx(0.5 * 0.45 + 0.5 * 0.15)
