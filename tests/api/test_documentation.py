"""GET /docs, /openapi.json and the committed openapi.yaml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from service.api.specification import openapi_document, openapi_yaml
from service.schemas.claim import ClaimSchema
from service.schemas.examples import CLAIM, MATCH_REQUEST
from service.schemas.match import MatchQuerySchema

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "service" / "web" / "static"


def test_committed_document_is_the_generated_one() -> None:
    committed = (ROOT / "openapi.yaml").read_text(encoding="utf-8")
    assert committed == openapi_yaml(), "Run: refrain openapi > openapi.yaml"


def test_document_of_the_service_is_that_of_a_bare_application(app: Flask) -> None:
    assert openapi_yaml(app) == openapi_yaml()


def test_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(yaml.safe_load(openapi_yaml())).validate()


def test_document_is_served(client: FlaskClient) -> None:
    assert client.get("/openapi.json").get_json() == yaml.safe_load(openapi_yaml())


def test_every_view_of_the_interface_is_documented(app: Flask) -> None:
    undocumented = {"pages.docs", "pages.static", "documents.openapi_json"}
    paths = {
        re.sub(r"<(\w+)>", r"{\1}", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in undocumented
    }
    assert paths == set(openapi_document()["paths"])


def operations() -> list[tuple[str, dict[str, Any]]]:
    return [
        (path, operation)
        for path, methods in openapi_document()["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]


@pytest.mark.parametrize(("path", "operation"), operations())
def test_every_operation_has_a_summary_and_its_problems(
    path: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    assert any(status.startswith("2") for status in operation["responses"])
    assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
    for name, response in openapi_document()["components"]["responses"].items():
        assert list(response["content"]) == ["application/problem+json"], name


def test_documented_errors_of_matching_are_complete() -> None:
    responses = openapi_document()["paths"]["/match"]["post"]["responses"]
    assert set(responses) == {"200", "400", "401", "413", "415", "422", "503", "default"}


def test_examples_are_what_the_schemas_take_and_give() -> None:
    assert MatchQuerySchema().load(MATCH_REQUEST).text == MATCH_REQUEST["text"]
    again = ClaimSchema().dump(ClaimSchema().load(CLAIM))
    read_only = {"last_seen": "2025-04-30", "revision": 0, "updated": "1970-01-01T00:00:00Z"}
    assert again == CLAIM | read_only


def test_docs_load_nothing_from_elsewhere(client: FlaskClient) -> None:
    response = client.get("/docs")
    assert response.status_code == 200
    assert not re.search(r"https?:|//\w", response.text)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', response.text)
    assert len(addresses) >= 5
    for address in addresses:
        with client.get(address) as asset:
            assert asset.status_code == 200, address
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy


@pytest.mark.parametrize("name", ["docs.js", "refrain.css", "swagger-ui/swagger-ui.css"])
def test_assets_name_no_other_host(name: str) -> None:
    text = (STATIC / name).read_text(encoding="utf-8")
    loaded = re.findall(
        r"""(?:url\(|@import|src=|fetch\()\s*["']?\s*(https?:[^"')]+|//[^"')]+)""", text
    )
    assert loaded == []


def test_bundled_licence_is_kept() -> None:
    assert "Apache License" in (STATIC / "swagger-ui" / "LICENSE").read_text(encoding="utf-8")
    assert "swagger-ui-dist" in (STATIC / "README.md").read_text(encoding="utf-8")


def test_every_operation_tells_which_key_it_takes() -> None:
    security = {path: operation.get("security") for path, operation in operations()}
    assert security["/health"] is None
    assert security["/match"] == [{"key": []}, {}]
    assert security["/claims/batch"] == security["/feedback"] == [{"key": []}]
    writing = openapi_document()["paths"]["/claims/{claim_id}"]["put"]
    assert {"200", "201", "401", "403", "412", "428"} <= writing["responses"].keys()
