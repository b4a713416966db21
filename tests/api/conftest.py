"""The application over fakes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import create_app
from service.catalogue.catalogue import Catalogue
from service.catalogue.database import sqlite_url
from service.catalogue.protocol import EditedCatalogue
from service.models import Scope
from service.settings import Settings
from tests.fakes import FakeCatalogue, FakeEngine


def make_app(
    engine: FakeEngine | None = None,
    catalogue: EditedCatalogue | None = None,
    settings: Settings | None = None,
) -> Flask:
    """The real application with fakes where the catalogue and the engine belong."""
    catalogue = catalogue or FakeCatalogue()
    return create_app(settings or Settings(), catalogue, engine or FakeEngine(catalogue))


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


@dataclass
class Desk:
    """A newsroom's service on a real catalogue, and keys to it."""

    catalogue: Catalogue
    engine: FakeEngine
    app: Flask

    def key(self, scope: Scope, name: str | None = None) -> str:
        """The secret of a new key."""
        return self.catalogue.keys.create(name or f"the {scope} desk", scope)[1]

    def client(self, secret: str | None = None) -> FlaskClient:
        """A client that sends this key with each request."""
        client = self.app.test_client()
        if secret is not None:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return client


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Iterator[Desk]:
    catalogue = Catalogue(sqlite_url(tmp_path / "catalogue.sqlite"))
    catalogue.migrate()
    engine = FakeEngine(catalogue)
    encoder = engine.encoder
    engine.encoder_id = catalogue.encoder_id(encoder.fingerprint, encoder.name, encoder.dimension)
    yield Desk(catalogue, engine, make_app(engine, catalogue))
    catalogue.close()


@pytest.fixture(name="editor")
def _editor(desk: Desk) -> FlaskClient:
    """A client with a key that may write."""
    return desk.client(desk.key("edit"))
