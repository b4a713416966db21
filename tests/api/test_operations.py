"""GET /health, /ready, /info."""

from __future__ import annotations

from flask.testing import FlaskClient

from service import __version__
from tests.api.conftest import assert_problem, make_app
from tests.fakes import FakeEncoder, FakeEngine


def test_health_answers_while_everything_else_is_down() -> None:
    client = make_app(FakeEngine(failing=("catalogue",), fault=RuntimeError("x"))).test_client()
    response = client.get("/health")
    assert response.status_code == 200
    assert response.get_json() == {"status": "ok", "version": __version__}


def test_ready_answers_200_where_nothing_fails(client: FlaskClient) -> None:
    response = client.get("/ready")
    assert response.status_code == 200
    assert response.get_json() == {"status": "ready"}
    assert response.headers["Cache-Control"] == "no-store"


def test_ready_answers_503_problem_with_the_failing_checks() -> None:
    client = make_app(FakeEngine(failing=("encoder", "index"))).test_client()
    response = client.get("/ready")
    body = assert_problem(response, 503)
    assert body["failing"] == ["encoder", "index"]
    assert int(response.headers["Retry-After"]) > 0


def test_matching_while_loading_answers_503_with_retry_after() -> None:
    client = make_app(FakeEngine(failing=("index",))).test_client()
    for response in (client.post("/match", json={"text": "a"}), client.get("/info")):
        assert_problem(response, 503)
        assert int(response.headers["Retry-After"]) > 0


def test_info_describes_engine_index_and_limits(client: FlaskClient) -> None:
    assert client.get("/info").get_json() == {
        "version": __version__,
        "encoder": "fake",
        "fingerprint": FakeEncoder.fingerprint,
        "dimension": 256,
        "languages": None,
        "verifier": None,
        "calibration": None,
        "tiers": None,
        "index": {"wordings": 5, "claims": 3, "revision": 19},
        "limits": {
            "body_bytes": 2 * 1024 * 1024,
            "text_characters": 2000,
            "matches": 50,
            "claims_per_page": 200,
            "batch_bytes": 16 * 1024 * 1024,
            "batch_claims": 1000,
            "batch_wordings": 1000,
        },
    }


def test_info_lists_languages_in_order() -> None:
    engine = FakeEngine(encoder=FakeEncoder(languages=frozenset({"uk", "en"})))
    assert make_app(engine).test_client().get("/info").get_json()["languages"] == ["en", "uk"]
