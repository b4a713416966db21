"""Every figure of the evaluation against values worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from service.evaluation import articles, calibration, ranking, relations
from service.evaluation.alarms import allowed_alarms, bars, precision_recall
from service.evaluation.figures import Figure, figures_of, is_headline
from service.evaluation.intervals import Rows, Sampling
from service.evaluation.running import Answer, Run, Scanned, Shown, Sighting
from service.evaluation.sets import Article, EvaluationSet, Query, Span, neutral_for
from service.models import EngineDescription, EngineInfo, Relation, Tier


def answer(
    gold: str,
    *found: tuple[str, float] | tuple[str, float, Relation],
    tier: Tier = "related",
    **about: str,
) -> Answer:
    query = Query("q", "text", frozenset(gold.split()), **about)  # type: ignore[arg-type]
    shown = [
        Shown(one[0], one[1], one[2] if len(one) == 3 else "unclear", tier, "wording")
        for one in found
    ]
    return Answer(query, tuple(shown))


def run(
    answers: Sequence[Answer] = (),
    neutral: Sequence[Answer] = (),
    scanned: Sequence[Scanned] | None = None,
    calibrated: bool = False,
) -> Run:
    info = EngineInfo("fake", "0", 1, None, None, None, {"match": 0.8, "related": 0.5}, 0, 0, 1)
    return Run(
        set=EvaluationSet("set", articles=tuple(one.article for one in scanned or ())),
        answers=tuple(answers),
        neutral=tuple(neutral),
        scanned=None if scanned is None else tuple(scanned),
        gold={},
        unknown=(),
        engine=EngineDescription("fake@0", None, None, calibrated, 1),
        info=info,
    )


def by_name(figures: Sequence[Figure], group: str = "all") -> Mapping[str, float]:
    return {one.measure: one.estimate.value for one in figures if one.group == group}


def test_ranking_measures_are_those_of_trec() -> None:
    values = ranking.by_query(
        [
            answer("a", ("a", 0.9), ("b", 0.8)),
            answer("a b", ("x", 0.9), ("a", 0.8), ("y", 0.7), ("b", 0.6)),
            answer("a", *((f"x{rank}", 0.5) for rank in range(5)), ("a", 0.1)),
            answer("a"),
        ]
    )
    assert values["P@1"].tolist() == [1, 0, 0, 0]
    assert values["MAP@5"].tolist() == pytest.approx([1, (1 / 2 + 2 / 4) / 2, 0, 0])
    assert values["S@5"].tolist() == [1, 1, 0, 0]
    assert values["R@20"].tolist() == [1, 1, 1, 0]


def test_equal_scores_are_ranked_as_the_engine_ranked_them() -> None:
    # trec_eval itself would put z before a
    assert ranking.by_query([answer("a", ("a", 0.5), ("z", 0.5))])["P@1"].tolist() == [1]


def test_no_answers_have_no_measures() -> None:
    assert all(len(values) == 0 for values in ranking.by_query([]).values())
    assert figures_of(run(), seed=0) == []


@pytest.mark.parametrize(
    ("rate", "neutral", "allowed"),
    [(0.01, 130, 1), (0.02, 130, 2), (0.05, 130, 6), (0.29, 100, 29), (0.01, 99, 0), (0.01, 0, 0)],
)
def test_at_most_the_share_of_neutral_sentences_may_pass(
    rate: float, neutral: int, allowed: int
) -> None:
    assert allowed_alarms(rate, neutral) == allowed


def test_recall_counts_what_scores_above_the_last_neutral_sentence_that_may_not_pass() -> None:
    # of 100 neutral sentences one may pass at 1 %, so a match must exceed the second highest
    neutral = [answer("", ("n", score)) for score in [0.9, 0.7, *[0.1] * 98]]
    answers = [
        answer("a", ("a", 0.71)),
        answer("a", ("a", 0.7)),  # a threshold that lets this through lets two neutral ones through
        answer("a", ("b", 0.99), ("a", 0.98)),  # the first match is not gold
        answer("a"),
    ]
    figures = by_name(figures_of(run(answers, neutral), seed=0))
    assert figures["recall at 1% alarms"] == pytest.approx(1 / 4)
    assert figures["recall at 2% alarms"] == pytest.approx(2 / 4)


def test_equal_neutral_scores_pass_together_or_not_at_all() -> None:
    scores = np.array([0.9, 0.9, *[0.1] * 98])
    assert bars(scores, 0.01) == 0.9
    assert bars(scores, 0.02) == 0.1


def test_neutral_sentences_that_match_nothing_never_raise_an_alarm() -> None:
    neutral = [answer("") for _ in range(3)]
    figures = by_name(figures_of(run([answer("a", ("a", 0.0)), answer("a")], neutral), seed=0))
    assert figures["recall at 1% alarms"] == pytest.approx(1 / 2)


def test_without_neutral_sentences_there_is_no_recall_at_a_rate() -> None:
    figures = by_name(figures_of(run([answer("a", ("a", 0.5))]), seed=0))
    assert set(figures) == {"MAP@5", "P@1", "S@5", "R@20"}


def test_precision_and_recall_fall_with_the_threshold() -> None:
    curve = precision_recall(np.array([0.9, 0.5]), np.array([0.9, 0.4, -np.inf]), queries=4)
    assert curve.thresholds.tolist() == [0.9, 0.5, 0.4]
    assert curve.precision.tolist() == pytest.approx([1 / 2, 2 / 3, 2 / 4])
    assert curve.recall.tolist() == pytest.approx([1 / 4, 2 / 4, 2 / 4])


def test_calibration_error_weighs_each_bin_by_its_sentences() -> None:
    answers = [answer("a", ("a", 0.95)), answer("a", ("b", 0.85)), answer("a", ("a", 1.0))]
    neutral = [answer("", ("b", 0.25)), answer("")]
    found = calibration.Candidates.of(answers, neutral, None)
    everything = np.arange(5)[None]
    # bins: [0.95, 1.0] both right, [0.85] wrong, [0.25] wrong, [0] wrong
    expected = (2 * abs(0.975 - 1) + 0.85 + 0.25 + 0) / 5
    assert calibration.expected_error(found, everything)[0] == pytest.approx(expected)
    assert found.base_rate() == pytest.approx(2 / 5)
    assert [(one.low, one.count) for one in calibration.reliability(found)] == [
        (0.0, 1),
        (0.2, 1),
        (0.8, 1),
        (0.9, 2),
    ]


def test_calibration_error_can_be_weighted_to_a_base_rate() -> None:
    found = calibration.Candidates.of(
        [answer("a", ("a", 0.8))], [answer("", ("b", 0.4)), answer("", ("b", 0.2))], 0.1
    )
    expected = 0.1 * 0.2 + 0.45 * 0.4 + 0.45 * 0.2
    assert calibration.expected_error(found, np.arange(3)[None])[0] == pytest.approx(expected)
    assert found.base_rate() == pytest.approx(0.1)


def test_a_relation_is_judged_by_the_gold_claims_match() -> None:
    answers = [
        answer("a", ("b", 0.9, "repeats"), ("a", 0.8, "rejects"), relation="rejects"),
        answer("a", ("a", 0.9, "repeats"), relation="rejects", language="de"),
        answer("a", ("a", 0.9, "unclear"), relation="repeats"),
        answer("a", ("b", 0.9, "repeats"), relation="repeats"),
        answer("a", ("a", 0.9, "repeats")),
    ]
    assert relations.confusion(answers) == {
        "repeats": {"repeats": 0, "rejects": 0, "unclear": 1, "not found": 1},
        "rejects": {"repeats": 1, "rejects": 1, "unclear": 0, "not found": 0},
    }
    figures = by_name(figures_of(run(answers), seed=0))
    assert figures["relation right"] == pytest.approx(1 / 4)
    assert figures["rejects shown as repeats"] == pytest.approx(1 / 2)


def test_a_calibrated_engine_is_judged_by_its_tiers_too() -> None:
    answers = [
        answer("a", ("a", 0.9, "repeats"), tier="match", relation="repeats"),
        answer("a", ("b", 0.9, "repeats"), tier="match", relation="rejects"),
    ]
    neutral = [answer("", ("a", 0.6)), answer("", ("a", 0.9), tier="match"), answer("")]
    figures = figures_of(run(answers, neutral, calibrated=True), seed=0)
    assert by_name(figures)["found as match"] == pytest.approx(1 / 2)
    assert by_name(figures)["rejects shown as match"] == pytest.approx(1)
    assert by_name(figures, "neutral sentences") == {
        "shown as match": pytest.approx(1 / 3),
        "shown as related": pytest.approx(2 / 3),
    }


def scanned(*sightings: tuple[int, int, str, Relation]) -> Scanned:
    article = Article(
        "art",
        "x" * 100,
        claims=(Span(0, 20, frozenset({"a"})), Span(20, 40, frozenset({"b", "c"}))),
        rejects=(Span(60, 80, frozenset({"d"})),),
    )
    found = [
        Sighting(start, end, Shown(claim, 0.9, relation, "related", "wording"))
        for start, end, claim, relation in sightings
    ]
    return Scanned(article, tuple(found))


@pytest.mark.parametrize(
    ("sighting", "expected"),
    [
        ((0, 20, "a", "repeats"), "right"),
        ((0, 10, "a", "unclear"), "right"),
        ((0, 9, "a", "repeats"), "false alarm"),  # less than half
        ((20, 40, "c", "repeats"), "right"),
        ((20, 40, "a", "repeats"), "false alarm"),  # another claim
        ((40, 60, "a", "repeats"), "false alarm"),
        ((40, 60, "a", "rejects"), "ignored"),
        ((60, 80, "d", "repeats"), "false alarm"),
        ((60, 80, "d", "rejects"), "ignored"),
        ((60, 80, "d", "unclear"), "ignored"),
    ],
)
def test_a_finding_is_right_on_half_of_its_sentence(
    sighting: tuple[int, int, str, Relation], expected: str
) -> None:
    found = scanned(sighting)
    assert articles.verdict(found, found.sightings[0], articles.SHOWN_AS_CLAIM) == expected


def test_articles_have_precision_recall_and_f1() -> None:
    one = scanned((0, 20, "a", "repeats"), (40, 60, "a", "unclear"), (60, 80, "d", "repeats"))
    other = scanned((20, 40, "b", "unclear"), (0, 20, "a", "rejects"))
    figures = by_name(figures_of(run(scanned=[one, other]), seed=0))
    assert figures["findings: precision"] == pytest.approx(2 / 4)
    assert figures["findings: recall"] == pytest.approx(2 / 4)
    assert figures["findings: F1"] == pytest.approx(1 / 2)
    assert figures["findings that repeat: precision"] == pytest.approx(1 / 2)
    assert figures["findings that repeat: recall"] == pytest.approx(1 / 4)
    assert figures["findings that repeat: F1"] == pytest.approx(1 / 3)


def test_articles_in_which_nothing_was_found_have_an_f1_of_0() -> None:
    figures = by_name(figures_of(run(scanned=[scanned()]), seed=0))
    assert np.isnan(figures["findings: precision"])
    assert figures["findings: F1"] == 0


def test_the_mean_of_languages_counts_each_language_once() -> None:
    right, wrong = ("a", 0.9), ("b", 0.9)
    answers = [
        *(answer("a", right, language="ru", style="quote") for _ in range(3)),
        answer("a", wrong, language="pl", style="social"),
        answer("a", right, language="en"),
    ]
    figures = figures_of(run(answers), seed=0)
    assert by_name(figures)["P@1"] == pytest.approx(4 / 5)
    assert by_name(figures, "mean of pl ru")["P@1"] == pytest.approx(1 / 2)
    assert by_name(figures, "other languages")["P@1"] == pytest.approx(3 / 4)
    assert by_name(figures, "language ru")["P@1"] == 1
    assert by_name(figures, "style social")["P@1"] == 0
    assert {one.group for one in figures if is_headline(one)} == {
        "all",
        "language en",
        "mean of pl ru",
    }


def test_intervals_are_the_same_for_the_same_seed() -> None:
    answers = [answer("a", ("a" if place % 3 else "b", place / 30)) for place in range(30)]
    neutral = [answer("", ("n", place / 40)) for place in range(20)]
    first, again, other = (
        figures_of(run(answers, neutral), seed=seed, base_rate=0.3) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    assert [one.estimate.value for one in first] == [one.estimate.value for one in other]
    for one in first:
        assert 0 <= one.estimate.low <= one.estimate.value <= one.estimate.high <= 1


def test_an_interval_covers_the_middle_of_a_binomial() -> None:
    values = np.array([1.0] * 50 + [0.0] * 50)

    def share(queries: Rows, _: Rows) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.asarray(values[queries].mean(axis=1))

    found = Sampling.of([np.arange(100)], 0, [0]).estimate(share)
    assert found.value == 0.5
    assert found.low == pytest.approx(0.5 - 1.96 * 0.05, abs=0.011)
    assert found.high == pytest.approx(0.5 + 1.96 * 0.05, abs=0.011)


def test_neutral_sentences_of_the_queries_language_serve_where_they_are_enough() -> None:
    english = [Query(str(place), "x", language="en") for place in range(100)]
    russian = [Query(str(place), "x", language="ru") for place in range(10)]
    everything = [*english, *russian]
    assert neutral_for([Query("q", "x", language="en")], everything) == tuple(english)
    assert neutral_for([Query("q", "x", language="ru")], everything) == tuple(everything)
