"""The application over fakes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import create_app
from service.settings import Settings
from tests.fakes import FakeCatalogue, FakeEngine


def make_app(engine: FakeEngine | None = None, catalogue: FakeCatalogue | None = None) -> Flask:
    """The real application with fakes where the catalogue and the engine belong."""
    catalogue = catalogue or FakeCatalogue()
    return create_app(Settings(), catalogue, engine or FakeEngine(catalogue))


def post_json(client: FlaskClient, body: Any) -> TestResponse:
    """Posts ``body`` to ``/match``; in ASCII, which can say what UTF-8 cannot."""
    return client.post("/match", data=json.dumps(body), content_type="application/json")


def assert_problem(response: TestResponse, status: int, *pointers: str) -> dict[str, Any]:
    """Check that the answer is a problem of this status that names these fields; return it."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    body: dict[str, Any] = response.get_json(force=True)
    assert set(body) - {"failing"} == {"type", "title", "status", "detail", "instance", "errors"}
    assert body["status"] == status
    assert [fault["pointer"] for fault in body["errors"]] == list(pointers)
    assert all(set(fault) == {"pointer", "detail"} for fault in body["errors"])
    return body


@pytest.fixture(name="engine")
def _engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture(name="app")
def _app(engine: FakeEngine) -> Flask:
    return make_app(engine, engine.catalogue)


@pytest.fixture(name="client")
def _client(app: Flask) -> FlaskClient:
    return app.test_client()


Poster = Callable[..., TestResponse]


@pytest.fixture(name="match")
def _match(client: FlaskClient) -> Poster:
    """Posts the given fields to ``/match``."""

    def post(**fields: Any) -> TestResponse:
        return post_json(client, fields)

    return post
