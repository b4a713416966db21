"""Keys: who may call what, and that nothing is written for the others."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.api import access
from service.api.access import NEEDS, Need, guard
from service.catalogue.keys import PREFIX
from service.settings import Settings
from tests.api.conftest import Desk, assert_problem, make_app

CLAIM = {"id": "grain", "text": "Grain goes to the rich.", "rebuttal": "No."}
JUDGED = {"text": "Grain for the rich", "claim_id": "grain", "verdict": "same"}
CHANGED = {"text": "Another.", "rebuttal": "No."}

WRITES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/claims", {"json": CLAIM | {"id": "other"}}),
    ("PUT", "/claims/other", {"json": CHANGED}),
    ("PUT", "/claims/grain", {"json": CHANGED, "headers": {"If-Match": "*"}}),
    ("DELETE", "/claims/grain", {"headers": {"If-Match": "*"}}),
    ("POST", "/claims/batch", {"json": {"claims": [CLAIM | {"id": "other"}]}}),
]
JUDGING = ("POST", "/feedback", {"json": JUDGED})
READS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/match", {"json": {"text": "grain"}}),
    ("GET", "/claims", {}),
    ("HEAD", "/claims", {}),
    ("GET", "/claims/grain", {}),
    ("GET", "/claims/grain/history", {}),
    ("GET", "/narratives", {}),
    ("GET", "/info", {}),
]
OPEN = ["/health", "/ready", "/openapi.json", "/docs"]
WRONG_BYTES = PREFIX + "A" * 43


def ask(client: FlaskClient, request: tuple[str, str, dict[str, Any]], authorization: str) -> Any:
    method, path, options = request
    headers = {"Authorization": authorization, **options.get("headers", {})}
    if not authorization:
        del headers["Authorization"]
    return client.open(path, method=method, **{**options, "headers": headers})


@pytest.fixture(name="desk_with_claim")
def _desk_with_claim(desk: Desk) -> Desk:
    assert desk.client(desk.key("edit")).post("/claims", json=CLAIM).status_code == 201
    return desk


@pytest.fixture(name="strict")
def _strict(desk_with_claim: Desk) -> FlaskClient:
    """A service that wants a key for everything."""
    settings = Settings(require_key=True)
    desk = desk_with_claim
    return make_app(desk.engine, desk.catalogue, settings).test_client()


def revoked(desk: Desk) -> str:
    secret = desk.key("edit", "gone")
    desk.catalogue.keys.revoke("gone")
    return secret


@pytest.mark.parametrize("request_", [*WRITES, JUDGING])
@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {WRONG_BYTES}",
        f"Bearer {WRONG_BYTES}x",
        f"bearer {WRONG_BYTES[:-1]}",
        f"Basic {WRONG_BYTES}",
        "Basic ZWRpdG9yOnBhc3M=",
        "Bearer rfr_é",
        "Bearer a=b",
        "revoked",
        "lower-cased",
    ],
)
def test_without_a_key_in_force_nothing_is_written(
    desk_with_claim: Desk, request_: tuple[str, str, dict[str, Any]], authorization: str
) -> None:
    desk = desk_with_claim
    if authorization == "revoked":
        authorization = f"Bearer {revoked(desk)}"
    if authorization == "lower-cased":
        authorization = f"Bearer {desk.key('edit', 'second').lower()}"
    response = ask(desk.client(), request_, authorization)
    assert_problem(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")
    assert desk.catalogue.revision() == 1
    assert list(desk.catalogue.feedback.all()) == []


@pytest.mark.parametrize("request_", WRITES)
def test_a_key_to_match_does_not_write(
    desk_with_claim: Desk, request_: tuple[str, str, dict[str, Any]]
) -> None:
    desk = desk_with_claim
    response = ask(desk.client(), request_, f"Bearer {desk.key('match')}")
    assert "edit" in assert_problem(response, 403)["detail"]
    assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]
    assert desk.catalogue.revision() == 1


@pytest.mark.parametrize("request_", WRITES)
def test_a_key_to_edit_writes(
    desk_with_claim: Desk, request_: tuple[str, str, dict[str, Any]]
) -> None:
    desk = desk_with_claim
    response = ask(desk.client(), request_, f"bearer  {desk.key('edit', 'second')}")
    assert response.status_code in (200, 201, 204)
    assert desk.catalogue.revision() == 2


@pytest.mark.parametrize("scope", ["match", "edit"])
def test_either_key_may_judge(desk_with_claim: Desk, scope: Any) -> None:
    desk = desk_with_claim
    response = ask(desk.client(), JUDGING, f"Bearer {desk.key(scope, 'a judge')}")
    assert response.status_code == 202


def test_a_body_is_not_read_before_the_key(desk: Desk) -> None:
    class Unread(io.BytesIO):
        def readinto(self, *args: Any) -> Any:
            raise AssertionError("read")

        read = readinto

    response = desk.client().post(
        "/claims/batch", input_stream=Unread(b"{}"), content_type="application/json"
    )
    assert_problem(response, 401)


@pytest.mark.parametrize("request_", READS)
def test_reading_is_open_by_default(
    desk_with_claim: Desk, request_: tuple[str, str, dict[str, Any]]
) -> None:
    for authorization in ("", f"Bearer {WRONG_BYTES}", "Basic ZWRpdG9yOnBhc3M="):
        assert ask(desk_with_claim.client(), request_, authorization).status_code == 200


@pytest.mark.parametrize("request_", READS)
def test_reading_takes_a_key_where_keys_are_required(
    desk_with_claim: Desk, strict: FlaskClient, request_: tuple[str, str, dict[str, Any]]
) -> None:
    for authorization in ("", f"Bearer {WRONG_BYTES}", f"Bearer {revoked(desk_with_claim)}"):
        assert ask(strict, request_, authorization).status_code == 401
    for secret in (desk_with_claim.key("match"), desk_with_claim.key("edit", "second")):
        assert ask(strict, request_, f"Bearer {secret}").status_code == 200


@pytest.mark.parametrize("path", OPEN)
def test_some_addresses_never_need_a_key(strict: FlaskClient, path: str) -> None:
    assert strict.get(path).status_code == 200


def test_addresses_that_do_not_exist_need_no_key(strict: FlaskClient) -> None:
    assert_problem(strict.get("/nothing"), 404)
    assert_problem(strict.patch("/claims"), 405)


def test_a_key_that_is_revoked_is_refused_by_the_next_request(desk: Desk) -> None:
    client = desk.client(desk.key("edit", "desk"))
    assert client.post("/claims", json=CLAIM).status_code == 201
    desk.catalogue.keys.revoke("desk")
    assert_problem(client.delete("/claims/grain", headers={"If-Match": "*"}), 401)
    assert desk.catalogue.revision() == 1


def test_using_a_key_is_noted(desk: Desk) -> None:
    client = desk.client(desk.key("edit"))
    assert desk.catalogue.keys.all()[0].last_used is None
    client.post("/claims", json=CLAIM)
    used = desk.catalogue.keys.all()[0].last_used
    assert used is not None
    assert abs((datetime.now(UTC) - used).total_seconds()) < 60


def test_no_answer_and_no_log_shows_a_key(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    secret = desk.key("match")
    for client in (desk.client(secret), desk.client(WRONG_BYTES)):
        response = client.post("/claims", json=CLAIM)
        assert secret not in response.text + str(response.headers)
        assert WRONG_BYTES not in response.text
    assert secret not in caplog.text
    assert WRONG_BYTES not in caplog.text


def test_a_view_that_nobody_is_allowed_to_call_cannot_be_served() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/secret", "secret", lambda: "everything")
    with pytest.raises(LookupError, match="secret"):
        guard(app, require_key=False)


def test_every_view_that_changes_something_needs_a_key() -> None:
    writing = {"POST", "PUT", "PATCH", "DELETE"}
    asking = {name for name in NEEDS if name.startswith("matching.")}
    for rule in make_app().url_map.iter_rules():
        if (rule.methods or set()) & writing and rule.endpoint not in asking:
            assert NEEDS[rule.endpoint] in (Need.EDITING, Need.JUDGING), rule.endpoint


def test_every_view_that_writes_is_tried_without_a_right_to() -> None:
    rules = make_app().url_map.bind("localhost")
    tried = {rules.match(path, method=method)[0] for method, path, _ in [*WRITES, JUDGING]}
    assert tried == {name for name, need in NEEDS.items() if need in (Need.EDITING, Need.JUDGING)}


def test_only_what_is_public_by_contract_needs_nothing() -> None:
    free = {name for name, need in access.NEEDS.items() if need is Need.NOTHING}
    assert {name for name in free if not name.startswith("pages.")} == {
        "operations.health",
        "operations.ready",
        "documents.openapi_json",
    }
