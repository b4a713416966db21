"""POST /match/batch and POST /scan."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.conftest import assert_problem
from tests.fakes import FakeEngine

SENTENCE = "Western peacekeepers are a cover for the occupation of western Ukraine."


def post(client: FlaskClient, path: str, **body: Any) -> TestResponse:
    return client.post(path, data=json.dumps(body), content_type="application/json")


def test_a_batch_answers_in_order_with_one_engine(client: FlaskClient) -> None:
    answer = post(client, "/match/batch", texts=["Tomatoes ripen slowly.", SENTENCE], min_score=0.5)
    body = answer.get_json()
    assert answer.status_code == 200
    assert set(body) == {"results", "engine"}
    first, second = body["results"]
    assert set(first) == {"query", "matches", "no_match"}
    assert first["no_match"]["code"] == "below_min_score"
    assert second["query"]["text"] == SENTENCE
    assert second["matches"][0]["claim"]["id"] == "peacekeepers-occupy-west-ukraine"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_batch_is_asked_in_one_go_with_its_options(
    client: FlaskClient, engine: FakeEngine
) -> None:
    post(client, "/match/batch", texts=["one", "two"], limit=3, language="en")
    assert [(query.text, query.limit, query.language) for query in engine.queries] == [
        ("one", 3, "en"),
        ("two", 3, "en"),
    ]


@pytest.mark.parametrize("texts", [[], ["x"] * 129, "x", None, {"0": "x"}])
def test_a_batch_of_no_or_too_many_texts_is_refused(client: FlaskClient, texts: Any) -> None:
    assert_problem(post(client, "/match/batch", texts=texts), 422, "/texts")


def test_a_batch_of_128_texts_is_answered(client: FlaskClient) -> None:
    assert len(post(client, "/match/batch", texts=["x"] * 128).get_json()["results"]) == 128


def test_bad_texts_among_good_ones_are_named_by_their_place(client: FlaskClient) -> None:
    texts = ["fine", "", "fine", 3, "a\ud800"]
    assert_problem(
        post(client, "/match/batch", texts=texts), 422, "/texts/1", "/texts/3", "/texts/4"
    )


def test_a_batch_takes_no_single_text(client: FlaskClient) -> None:
    assert_problem(post(client, "/match/batch", texts=["x"], text="x"), 422, "/text")


def test_a_scan_finds_the_sentence_at_its_place(client: FlaskClient) -> None:
    text = f"  🕊️ Nothing happened.\r\n{SENTENCE} Tomatoes ripen."
    answer = post(client, "/scan", text=text, min_score=0.6)
    body = answer.get_json()
    assert answer.status_code == 200
    assert set(body) == {"language", "sentences", "findings", "narratives", "engine"}
    [finding] = body["findings"]
    assert set(finding) == {"start", "end", "text", "matches"}
    assert text[finding["start"] : finding["end"]] == finding["text"] == SENTENCE
    assert len(finding["matches"]) == 1
    assert body["sentences"] == 3
    assert body["narratives"] == [
        {
            "id": "western-troops-peacekeepers",
            "title": "Western troops and peacekeepers",
            "findings": 1,
        }
    ]
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("text", ["", "  \n ", "a" * 100_001, None, 7, ["x"], "a\x00b", "\ud800"])
def test_a_bad_article_is_refused(client: FlaskClient, text: Any) -> None:
    assert_problem(post(client, "/scan", text=text), 422, "/text")


def test_an_article_at_the_limit_is_scanned(client: FlaskClient) -> None:
    answer = post(client, "/scan", text=("Tomatoes ripen. " * 6_250)[:100_000])
    assert answer.status_code == 200
    assert answer.get_json()["sentences"] == 6_250


def test_an_article_of_one_endless_sentence_is_scanned(client: FlaskClient) -> None:
    answer = post(client, "/scan", text="word " * 10_000)
    assert (answer.status_code, answer.get_json()["sentences"]) == (200, 1)


@pytest.mark.parametrize("path", ["/match/batch", "/scan"])
def test_filters_that_leave_nothing_are_an_ordinary_answer(client: FlaskClient, path: str) -> None:
    asked = {"texts": [SENTENCE]} if path == "/match/batch" else {"text": SENTENCE}
    answer = post(client, path, **asked, narratives=["no-such-narrative"])
    assert answer.status_code == 200
