"""POST /match: good queries and the shape of their answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.models import ClaimFilter, MatchQuery
from service.schemas.examples import MATCH_ANSWER, MATCH_REQUEST, NO_MATCH_ANSWER
from tests.api.conftest import Poster
from tests.fakes import FakeEngine

TEXT = "Western peacekeepers are a cover for the occupation of western Ukraine."


def shape(value: Any) -> Any:
    """The names in a JSON document, all the way down."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None


def test_known_claim_comes_first_with_its_rebuttal(match: Poster) -> None:
    response = match(text=TEXT)
    assert response.status_code == 200
    best = response.json["matches"][0] if response.json else {}
    assert best["claim"]["id"] == "peacekeepers-occupy-west-ukraine"
    assert (
        best["claim"]["rebuttal"] == "The published plans foresee a small force after a ceasefire."
    )


def test_answer_has_the_documented_shape_to_the_letter(match: Poster) -> None:
    answer = match(text=TEXT, limit=1).get_json()
    expected = shape(MATCH_ANSWER)
    expected["matches"][0]["probabilities"] = None
    expected["matches"][0]["terms"] = []
    assert shape(answer) == expected
    assert answer["query"] == {"text": TEXT, "language": "en", "truncated": False}
    assert answer["no_match"] is None
    assert answer["engine"] == {
        "encoder": "fake@0000",
        "verifier": None,
        "calibration": None,
        "calibrated": False,
        "catalogue_revision": 19,
    }


def test_match_has_the_documented_order_and_values(match: Poster) -> None:
    best = match(text=TEXT, limit=1).get_json()["matches"][0]
    assert list(best) == list(MATCH_ANSWER["matches"][0])
    assert best["score"] == 1.0
    assert (best["tier"], best["relation"], best["probabilities"]) == ("related", "unclear", None)
    assert best["matched"] == {"text": TEXT, "language": "en", "field": "text"}
    assert best["claim"]["updated"] == "2026-11-22T09:00:00Z"
    assert best["claim"]["last_seen"] == "2025-04-30"
    assert "wordings" not in best["claim"]


def test_no_match_is_an_ordinary_answer_with_a_reason(match: Poster) -> None:
    response = match(text="Cats sleep all day", min_score=0.9)
    assert response.status_code == 200
    answer = response.get_json()
    assert answer["matches"] == []
    assert shape(answer) == shape(NO_MATCH_ANSWER)
    assert answer["no_match"]["code"] == "below_min_score"


def test_filters_that_nothing_has_are_an_ordinary_empty_answer(match: Poster) -> None:
    answer = match(text=TEXT, narratives=["no-such-narrative"]).get_json()
    assert answer["no_match"]["code"] == "filters_left_nothing"
    assert answer["no_match"]["best_score"] is None


def test_defaults_are_those_of_the_interface(match: Poster, engine: FakeEngine) -> None:
    match(text="  trimmed \n")
    assert engine.queries == [MatchQuery(text="trimmed")]
    assert engine.queries[0].limit == 5


def test_every_option_reaches_the_engine_normalised(match: Poster, engine: FakeEngine) -> None:
    response = match(
        text=TEXT,
        language="uk",
        limit=50,
        min_score=1,
        relations=["rejects", "repeats", "rejects"],
        narratives=["a", "a", "b"],
        rebuttal_languages=["en"],
        rebuttal_publishers=["WWW.EUvsDisinfo.EU.", "перевірка.укр"],
        since="2022-02-24",
        until="2022",
    )
    assert response.status_code == 200
    assert engine.queries == [
        MatchQuery(
            text=TEXT,
            language="uk",
            limit=50,
            min_score=1.0,
            relations=("rejects", "repeats"),
            filter=ClaimFilter(
                narratives=("a", "b"),
                rebuttal_languages=("en",),
                rebuttal_publishers=("euvsdisinfo.eu", "xn--80adia0a0aic1r.xn--j1amh"),
                since="2022-02-24",
                until="2022",
            ),
        )
    ]


def test_nulls_stand_for_the_defaults(match: Poster, engine: FakeEngine) -> None:
    assert match(text="x", language=None, min_score=None, since=None, until=None).status_code == 200
    assert engine.queries == [MatchQuery(text="x")]


@pytest.mark.parametrize(
    "text",
    [
        "الغرب يحتل أوكرانيا",
        "\u202eright to left override",
        "🕊️🇺🇦👩‍👩‍👧",
        "e\u0301 and é",
        "two\r\nlines\tand a tab",
        "𝕴𝖓 𝖙𝖍𝖊 astral plane",
        "\U0010fffd private",
    ],
)
def test_text_of_any_script_comes_back_to_the_letter(match: Poster, text: str) -> None:
    response = match(text=text)
    assert response.status_code == 200
    assert response.get_json()["query"]["text"] == text


def test_answer_is_utf8_and_not_stored(client: FlaskClient) -> None:
    body = json.dumps({"text": "Хто окупує?"}, ensure_ascii=False).encode()
    response = client.post("/match", data=body, content_type="application/json")
    assert "Хто окупує?".encode() in response.data
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_text_of_the_greatest_length_is_taken_after_trimming(match: Poster) -> None:
    assert match(text=" " * 10 + "🕊" * 2000 + " " * 10).status_code == 200


def test_limit_bounds_the_matches(match: Poster) -> None:
    assert len(match(text=TEXT, limit=2, min_score=0).get_json()["matches"]) == 2


def test_documented_request_works(client: FlaskClient) -> None:
    assert client.post("/match", json=MATCH_REQUEST).status_code == 200
