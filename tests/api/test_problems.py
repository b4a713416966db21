"""Errors that no single resource owns, and their page for browsers."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from service.errors import CatalogueError, InvalidInput, ServiceError
from service.schemas.faults import faults
from tests.api.conftest import assert_problem, make_app
from tests.fakes import FakeEngine

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


class Renamed(CatalogueError):
    """A subclass that the table of statuses does not know."""


def answer(fault: Exception) -> tuple[int, str]:
    client = make_app(FakeEngine(fault=fault)).test_client()
    response = client.post("/match", json={"text": "SECRET text"})
    assert_problem(response, response.status_code)
    return response.status_code, response.text


def test_unknown_address_answers_404_problem_with_a_relative_instance(client: FlaskClient) -> None:
    assert assert_problem(client.get("/nothing/hére?q=1"), 404)["instance"] == "/nothing/h%C3%A9re"
    elsewhere = client.get("/", environ_overrides={"PATH_INFO": "//evil.example/x"})
    assert assert_problem(elsewhere, 404)["instance"] == "/evil.example/x"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/match", {"POST", "OPTIONS"}),
        ("PUT", "/match", {"POST", "OPTIONS"}),
        ("POST", "/health", {"GET", "HEAD", "OPTIONS"}),
        ("PATCH", "/claims", {"GET", "HEAD", "OPTIONS", "POST"}),
    ],
)
def test_wrong_method_answers_405_problem_with_allow(
    client: FlaskClient, method: str, path: str, allowed: set[str]
) -> None:
    response = client.open(path, method=method)
    assert_problem(response, 405)
    assert set(response.headers["Allow"].split(", ")) == allowed


def test_fault_of_ours_answers_500_without_inner_detail(caplog: pytest.LogCaptureFixture) -> None:
    status, body = answer(RuntimeError("inner detail about SECRET text"))
    assert status == 500
    assert "inner" not in body
    assert "RuntimeError" in caplog.text
    assert "test_problems.py" in caplog.text or "fakes.py" in caplog.text
    assert "SECRET" not in caplog.text


def test_message_of_the_operating_system_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert answer(OSError(28, "No space left on device"))[0] == 500
    assert "No space left on device" in caplog.text


def test_error_of_a_subclass_has_the_status_of_its_nearest_class() -> None:
    assert answer(Renamed("cannot open /srv/secret"))[0] == 503
    assert answer(ServiceError("inner"))[0] == 500


def test_inner_message_of_the_catalogue_is_not_shown() -> None:
    assert "/srv/secret" not in answer(Renamed("cannot open /srv/secret"))[1]


def test_invalid_input_found_below_the_schemas_names_its_place() -> None:
    client = make_app(FakeEngine(fault=InvalidInput({"/text": "Wrong."}))).test_client()
    assert_problem(client.post("/match", json={"text": "a"}), 422, "/text")


@pytest.mark.parametrize(
    ("path", "status"), [("/nothing", 404), ("/claims/nobody", 404), ("/claims?limit=0", 422)]
)
def test_browser_gets_an_html_error_page(client: FlaskClient, path: str, status: int) -> None:
    response = client.get(path, headers=BROWSER)
    assert response.status_code == status
    assert response.mimetype == "text/html"
    assert str(status) in response.text
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "Accept" in response.headers["Vary"]


def test_error_page_escapes_what_came(client: FlaskClient) -> None:
    response = client.get("/claims?<script>=1", headers=BROWSER)
    assert "<script>" not in response.text
    assert "&lt;script&gt;" in response.text


@pytest.mark.parametrize(
    "accept", [None, "*/*", "application/json", "application/json, text/html", "text/html;q=0"]
)
def test_all_others_get_problem_json(client: FlaskClient, accept: str | None) -> None:
    headers = {"Accept": accept} if accept else {}
    assert_problem(client.get("/nothing", headers=headers), 404)


def test_pointers_lead_into_nested_shapes() -> None:
    tree = {"a": {0: {"b/c": ["x"], "_schema": ["y", "z"]}}, "_schema": ["w"]}
    assert list(faults(tree)) == [
        ("/a/0/b~1c", "x"),
        ("/a/0", "y"),
        ("/a/0", "z"),
        ("", "w"),
    ]
