"""GET /claims, /claims/{id}, /narratives: reading the catalogue."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from service.schemas.examples import CLAIM
from tests.api.conftest import assert_problem, make_app
from tests.fakes import FakeCatalogue

CLIENT = make_app().test_client()
PEACEKEEPERS = "/claims/peacekeepers-occupy-west-ukraine"
BAD_IDS = ["a\x00", "\x00", "A", "-a", "a b", "a" * 129, "a\n", "é", "%ff", "..", "'; DROP TABLE"]


def ids(client: FlaskClient, query: str) -> list[str]:
    response = client.get("/claims" + query)
    assert response.status_code == 200, response.text
    return [claim["id"] for claim in response.get_json()["claims"]]


def test_claim_has_the_documented_shape_with_wordings_and_an_etag(client: FlaskClient) -> None:
    response = client.get(PEACEKEEPERS)
    assert response.status_code == 200
    assert response.headers["ETag"] == '"17"'
    assert list(response.get_json()) == list(CLAIM)
    assert response.get_json()["wordings"] == CLAIM["wordings"]


@pytest.mark.parametrize("tag", ['"17"', 'W/"17"', '"1", "17"', "*"])
def test_unchanged_claim_answers_304_without_a_body(client: FlaskClient, tag: str) -> None:
    response = client.get(PEACEKEEPERS, headers={"If-None-Match": tag})
    assert response.status_code == 304
    assert response.data == b""
    assert response.headers["ETag"] == '"17"'


@pytest.mark.parametrize("tag", ['"16"', "17x", "", '"'])
def test_changed_claim_is_sent(client: FlaskClient, tag: str) -> None:
    assert client.get(PEACEKEEPERS, headers={"If-None-Match": tag}).status_code == 200


def test_unknown_claim_answers_404_problem(client: FlaskClient) -> None:
    body = assert_problem(client.get("/claims/nobody"), 404)
    assert body["instance"] == "/claims/nobody"
    assert "nobody" in body["detail"]


@pytest.mark.parametrize("bad", BAD_IDS)
@pytest.mark.parametrize("resource", ["claims", "narratives"])
def test_malformed_id_answers_404_problem(client: FlaskClient, resource: str, bad: str) -> None:
    assert_problem(client.get(f"/{resource}/{quote(bad, safe='')}"), 404)


def test_claims_come_ordered_by_id_page_by_page(client: FlaskClient) -> None:
    first = client.get("/claims?limit=2").get_json()
    assert list(first) == ["claims", "deleted", "revision", "next_cursor"]
    assert (first["deleted"], first["revision"]) == ([], 19)
    second = client.get("/claims", query_string={"limit": 2, "cursor": first["next_cursor"]})
    found = [claim["id"] for claim in first["claims"] + second.get_json()["claims"]]
    assert found == sorted(FakeCatalogue().records)
    assert second.get_json()["next_cursor"] is None


def test_last_full_page_has_no_cursor(client: FlaskClient) -> None:
    assert client.get("/claims?limit=3").get_json()["next_cursor"] is None


def test_words_narrow_the_list_whatever_their_case(client: FlaskClient) -> None:
    assert ids(client, "?q=SVR+peacekeepers") == ["svr-100k-peacekeepers"]
    assert ids(client, "?q=%20") == sorted(FakeCatalogue().records)


@pytest.mark.parametrize(
    "query",
    [
        "?narratives=zelensky-legitimacy",
        "?narratives=zelensky-legitimacy,nothing",
        "?narratives=nothing&narratives=zelensky-legitimacy",
    ],
)
def test_lists_are_given_by_commas_or_by_repeating(client: FlaskClient, query: str) -> None:
    assert ids(client, query) == ["zelensky-term-expired"]


def test_filters_are_those_of_matching(client: FlaskClient) -> None:
    found = ids(client, "?rebuttal_publishers=www.euvsdisinfo.eu&rebuttal_languages=en&since=2025")
    assert found == ["peacekeepers-occupy-west-ukraine"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=ten", "/limit"),
        ("limit=", "/limit"),
        ("limit=" + "9" * 5000, "/limit"),
        ("cursor=x", "/cursor"),
        ("cursor=aWQ6", "/cursor"),
        ("cursor=%C3%A9", "/cursor"),
        ("cursor=bmFtZTph", "/cursor"),
        ("changed_since=-1", "/changed_since"),
        ("changed_since=x", "/changed_since"),
        ("changed_since=1&cursor=aWQ6YQ==", "/cursor"),
        ("cursor=aWRAMTph", "/cursor"),
        ("since=yesterday", "/since"),
        ("since=2025&until=2024", "/until"),
        ("narratives=", "/narratives/0"),
        ("narratives=a,B", "/narratives/1"),
        ("narrative=a", "/narrative"),
        ("q=a%00", "/q"),
        ("q=" + "a" * 201, "/q"),
    ],
)
def test_bad_query_string_answers_422_naming_it(
    client: FlaskClient, query: str, pointer: str
) -> None:
    assert_problem(client.get("/claims?" + query), 422, pointer)


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_no_search_and_no_cursor_breaks_the_service(text: str) -> None:
    typed = quote(text, errors="replace", safe="")
    assert CLIENT.get(f"/claims?q={typed}").status_code in (200, 422)
    assert CLIENT.get(f"/claims?cursor={typed}").status_code in (200, 422)
    assert CLIENT.get(f"/claims/{typed}").status_code in (200, 308, 404)


def test_narratives_come_with_their_counts(client: FlaskClient) -> None:
    body = client.get("/narratives").get_json()
    assert list(body) == ["narratives"]
    assert body["narratives"][0] == client.get("/narratives/western-troops-peacekeepers").json
    assert body["narratives"][0] == {
        "id": "western-troops-peacekeepers",
        "title": "Western troops and peacekeepers",
        "claims": 2,
        "appearances": 1,
        "first_seen": "2024-11-29",
        "last_seen": "2025-04-30",
        "by_month": {"2024-11": 1, "2025-04": 1},
    }


def test_unknown_narrative_answers_404_problem(client: FlaskClient) -> None:
    assert_problem(client.get("/narratives/nothing"), 404)
