"""Log lines: one per request, findable by its name, and silent about what was asked."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from service import logs
from tests.api.conftest import make_app
from tests.fakes import FakeEngine

TEXT = "Tulips are cameras, the mayor confided."


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    levels = {name: logging.getLogger(name).level for name in logs.CHATTY}
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    for name, value in levels.items():
        logging.getLogger(name).setLevel(value)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_request_is_one_line_of_json_under_the_name_that_the_answer_bears(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up("INFO", "json")
    response = client.post("/match", json={"text": TEXT})
    [line] = lines(capsys)
    assert line["request_id"] == response.headers["X-Request-Id"]
    facts = {name: line[name] for name in ("event", "level", "method", "route", "status")}
    assert facts == {
        "event": "answered",
        "level": "info",
        "method": "POST",
        "route": "/match",
        "status": 200,
    }
    assert isinstance(line["ms"], float)
    assert "timestamp" in line


def test_lines_of_text_tell_the_same(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up("INFO", "text")
    client.get("/claims/tulips", headers={"X-Request-Id": "desk-7"})
    line = capsys.readouterr().err
    for part in ("answered", "request_id=desk-7", "route=/claims/<claim_id>", "status=404"):
        assert part in line


@pytest.mark.parametrize("name", ["desk-7", "a" * 128, "1/2:3@x.y+z="])
def test_a_caller_may_name_its_request(client: FlaskClient, name: str) -> None:
    assert client.get("/health", headers={"X-Request-Id": name}).headers["X-Request-Id"] == name


@pytest.mark.parametrize("name", ["", "a" * 129, "two words", 'x"y', "тюльпан"])
def test_an_ill_formed_name_is_replaced(client: FlaskClient, name: str) -> None:
    answer = client.get("/health", headers={"X-Request-Id": name.encode().decode("latin-1")})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-Id"])


def test_an_error_is_logged_with_the_name_of_its_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    client = make_app(FakeEngine(fault=RuntimeError("secret"))).test_client()
    logs.set_up("INFO", "json")
    client.post("/match", json={"text": TEXT}, headers={"X-Request-Id": "desk-8"})
    found = lines(capsys)
    assert {line["request_id"] for line in found} == {"desk-8"}
    assert {line["level"] for line in found} == {"error", "info"}


@pytest.mark.parametrize("style", ["json", "text"])
def test_no_line_tells_what_was_asked(
    client: FlaskClient, capsys: pytest.CaptureFixture[str], style: str
) -> None:
    logs.set_up("DEBUG", style)
    client.post("/match", json={"text": TEXT})
    client.post("/match", json={"text": TEXT, "limit": 0})
    client.get("/claims", query_string={"q": TEXT})
    client.get(f"/{TEXT}")
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 4
    assert "Tulips" not in said
    assert "mayor" not in said


def test_a_name_does_not_outlive_its_request(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up("INFO", "json")
    client.get("/health", headers={"X-Request-Id": "desk-9"})
    logging.getLogger("later").warning("something else")
    assert "request_id" not in lines(capsys)[-1]
