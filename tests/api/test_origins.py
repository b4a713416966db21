"""Cross-origin requests: a browser extension may ask, a stranger's page may not."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from service.settings import Settings
from tests.api.conftest import make_app

EXTENSION = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"
STRANGER = "https://stranger.example"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type",
}


def client(*origins: str) -> FlaskClient:
    return make_app(settings=Settings(cors_origins=origins, require_key=True)).test_client()


def names(header: str) -> set[str]:
    return {name.strip().lower() for name in header.split(",")}


@pytest.mark.parametrize("path", ["/match", "/match/batch", "/scan", "/claims", "/feedback"])
def test_a_preflight_request_is_answered_without_a_key(path: str) -> None:
    asked = client(EXTENSION).options(path, headers=PREFLIGHT | {"Origin": EXTENSION})
    assert asked.status_code == 200
    assert asked.headers["Access-Control-Allow-Origin"] == EXTENSION
    assert "post" in names(asked.headers["Access-Control-Allow-Methods"])
    allowed = names(asked.headers["Access-Control-Allow-Headers"])
    assert {"authorization", "content-type", "if-match"} <= allowed
    assert int(asked.headers["Access-Control-Max-Age"]) > 0
    assert "Access-Control-Allow-Credentials" not in asked.headers


def test_a_preflight_request_tells_of_put_and_delete() -> None:
    asked = client(EXTENSION).options("/claims/a", headers=PREFLIGHT | {"Origin": EXTENSION})
    assert {"get", "put", "delete"} <= names(asked.headers["Access-Control-Allow-Methods"])


def test_an_answer_may_be_read_by_the_origins_that_are_named() -> None:
    for path, status in (("/health", 200), ("/info", 401), ("/nothing", 404)):
        response = client("https://a.example", EXTENSION).get(path, headers={"Origin": EXTENSION})
        assert response.status_code == status
        assert response.headers["Access-Control-Allow-Origin"] == EXTENSION
        assert {"etag", "retry-after"} <= names(response.headers["Access-Control-Expose-Headers"])
        assert "origin" in names(response.headers["Vary"])


@pytest.mark.parametrize("origin", [STRANGER, "null", EXTENSION + ".example", "*", ""])
def test_others_are_told_nothing(origin: str) -> None:
    for response in (
        client(EXTENSION).get("/health", headers={"Origin": origin}),
        client(EXTENSION).options("/match", headers=PREFLIGHT | {"Origin": origin}),
        client().get("/health", headers={"Origin": EXTENSION}),
    ):
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_an_answer_that_depends_on_the_origin_says_so_to_caches() -> None:
    response = client(EXTENSION).get("/nothing")
    assert names(response.headers["Vary"]) == {"accept", "origin"}


def test_any_origin_may_be_allowed() -> None:
    response = client("*").get("/health", headers={"Origin": STRANGER})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
