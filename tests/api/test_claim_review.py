"""GET /claims/{id} as schema.org ClaimReview."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.api.specification import openapi_document
from service.settings import Settings
from tests.api.conftest import Desk, assert_problem, make_app
from tests.fakes import CLAIMS
from tests.vocabulary import faults

PEACEKEEPERS = "/claims/peacekeepers-occupy-west-ukraine"
LD = "application/ld+json"


@pytest.fixture(name="signed")
def _signed() -> FlaskClient:
    return make_app(settings=Settings(publisher="The Example Desk")).test_client()


def review(client: FlaskClient, **headers: str) -> TestResponse:
    return client.get(PEACEKEEPERS, headers={"Accept": LD} | headers)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (LD, LD),
        ("application/ld+json, */*;q=0.1", LD),
        ("application/json;q=0.5, application/ld+json", LD),
        ("APPLICATION/LD+JSON", LD),
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json, application/ld+json", "application/json"),
        ("application/ld+json;q=0, */*", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ("image/png", "application/json"),
        ("nonsense;;q=,", "application/json"),
    ],
)
def test_accept_decides_what_is_sent(
    signed: FlaskClient, accept: str | None, media_type: str
) -> None:
    response = signed.get(PEACEKEEPERS, headers={"Accept": accept} if accept else {})
    assert response.status_code == 200
    assert response.mimetype == media_type
    assert response.vary.as_set() == {"accept"}


def test_a_claim_is_one_review_by_the_newsroom(signed: FlaskClient) -> None:
    body = review(signed).get_json(force=True)
    assert list(faults(body, "ClaimReview")) == []
    assert body["author"] == {"@type": "Organization", "name": "The Example Desk"}
    assert (body["claimReviewed"], body["reviewBody"]) == (CLAIMS[0].text, CLAIMS[0].rebuttal)
    assert [work["name"] for work in body["citation"]] == [r.title for r in CLAIMS[0].rebuttals]
    assert body["url"] == body["@id"] == "http://localhost" + PEACEKEEPERS


@pytest.mark.parametrize("publisher", ["", "  "])
def test_without_a_publisher_nobody_is_named_as_the_author(publisher: str) -> None:
    client = make_app(settings=Settings(publisher=publisher)).test_client()
    response = review(client)
    assert response.status_code == 200
    body: dict[str, Any] = response.get_json(force=True)
    assert list(faults(body, "ClaimReview")) == []
    assert not {"author", "publisher", "creator", "reviewRating"} & body.keys()


def test_the_etags_of_both_forms_differ_and_each_answers_304(signed: FlaskClient) -> None:
    plain = signed.get(PEACEKEEPERS).headers["ETag"]
    tag = review(signed).headers["ETag"]
    assert tag != plain == '"17"'
    assert review(signed, **{"If-None-Match": tag}).status_code == 304
    assert review(signed, **{"If-None-Match": tag}).vary.as_set() == {"accept"}
    assert review(signed, **{"If-None-Match": plain}).status_code == 200
    assert signed.get(PEACEKEEPERS, headers={"If-None-Match": tag}).status_code == 200


def test_another_publisher_changes_the_etag(client: FlaskClient, signed: FlaskClient) -> None:
    assert review(client).headers["ETag"] != review(signed).headers["ETag"]


def test_the_etag_of_a_review_replaces_no_claim(desk: Desk, editor: FlaskClient) -> None:
    body = {"text": "Grain goes to the rich.", "rebuttal": "It does not."}
    place = editor.post("/claims", json=body).headers["Location"]
    tag = editor.get(place, headers={"Accept": LD}).headers["ETag"]
    assert_problem(editor.put(place, json=body, headers={"If-Match": tag}), 412)


def test_an_unknown_claim_is_a_problem_all_the_same(client: FlaskClient) -> None:
    assert_problem(client.get("/claims/nobody", headers={"Accept": LD}), 404)


def test_only_a_rated_fact_check_goes_out_as_its_own_review(
    desk: Desk, editor: FlaskClient
) -> None:
    check = {"publisher": "Checkers", "url": "https://checkers.example/1", "rating": "False"}
    rebuttals = [
        check,
        check | {"url": "https://checkers.example/2", "rating": None},
        check | {"publisher": "A newspaper", "kind": "source"},
    ]
    body = {"text": "Grain goes to the rich.", "rebuttal": "No.", "rebuttals": rebuttals}
    place = editor.post("/claims", json=body).headers["Location"]
    found = editor.get(place, headers={"Accept": LD}).get_json(force=True)
    assert list(faults(found, "ClaimReview")) == []
    kinds = [work["@type"] for work in found["citation"]]
    assert kinds == ["ClaimReview", "CreativeWork", "CreativeWork"]
    assert "reviewRating" not in found["citation"][2]


def test_the_review_is_documented_with_a_valid_example() -> None:
    answer = openapi_document()["paths"]["/claims/{claim_id}"]["get"]["responses"]["200"]
    assert set(answer["content"]) == {"application/json", LD}
    assert list(faults(answer["content"][LD]["example"], "ClaimReview")) == []
    assert set(answer["headers"]) == {"ETag", "Vary"}
