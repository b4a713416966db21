"""The OpenAPI document, made from the blueprints and their schemas."""

from __future__ import annotations

import re
from typing import Any, cast

import yaml
from flask import Blueprint, Flask, Response, current_app, json
from flask_smorest import Api  # type: ignore[import-untyped]

from service import __version__
from service.api import claims, editing, feedback, matching, narratives, operations
from service.api.access import NEEDS, Need
from service.api.blueprint import PROBLEM_NAMES
from service.api.problems import MEDIA_TYPE, PROBLEMS, register_problems
from service.schemas.problem import ProblemSchema

_EXTENSION = "refrain-openapi"
_DESCRIPTION = (
    "Has this Kremlin claim been made before, and what is the known rebuttal?\n\n"
    "Dates are ISO 8601 (`2024`, `2024-11` or `2024-11-29`), languages ISO 639-1 codes, times in "
    "UTC. Fields may be added, never renamed or dropped. Every error is "
    "`application/problem+json`."
)
_KEY = "key"
_SECURITY_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "Made by `refrain keys create`. `edit` opens what `match` opens.",
}
_CHALLENGE = {"WWW-Authenticate": {"schema": {"type": "string"}}}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}

documents = Blueprint("documents", __name__)


class ResourceApi(Api):  # type: ignore[misc]
    """flask-smorest's registry of blueprints with our errors in place of its own."""

    DEFAULT_ERROR_RESPONSE_NAME = "Problem"

    def _register_error_handlers(self) -> None:
        register_problems(self._app)

    def _register_responses(self) -> None:
        components = self.spec.components
        components.schema("Problem", schema=ProblemSchema)
        components.response("Problem", _problem("Any other error."))
        for status, name in PROBLEM_NAMES.items():
            sent = {503: _RETRY_AFTER, 401: _CHALLENGE, 403: _CHALLENGE}.get(status)
            headers = {"headers": sent} if sent else {}
            components.response(name, _problem(PROBLEMS[status][0] + ".") | headers)
        components.security_scheme(_KEY, _SECURITY_SCHEME)


def register_api(app: Flask) -> None:
    """Give ``app`` all views of the interface, its errors and its OpenAPI document."""
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    api = ResourceApi(
        app,
        spec_kwargs={
            "title": "Refrain",
            "version": __version__,
            "openapi_version": "3.1.0",
            "info": {
                "description": _DESCRIPTION,
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
        },
    )
    for resource in (matching, claims, editing, feedback, narratives, operations):
        api.register_blueprint(resource.blueprint)
    app.register_blueprint(documents)
    document = _tidied(api.spec.to_dict())
    _tell_needs(app, document)
    app.extensions[_EXTENSION] = document


def openapi_document(app: Flask | None = None) -> dict[str, Any]:
    """The OpenAPI document of ``app``; of a bare application, without any parts, where None."""
    if app is None:
        app = Flask(__name__, static_folder=None)
        register_api(app)
    return cast(dict[str, Any], app.extensions[_EXTENSION])


def openapi_yaml(app: Flask | None = None) -> str:
    """The document as YAML: sorted, so that the committed file changes only where it must."""
    plain = json.loads(json.dumps(openapi_document(app)))
    return yaml.safe_dump(plain, allow_unicode=True, sort_keys=True, width=100)


@documents.get("/openapi.json")
def openapi_json() -> Response:
    """The OpenAPI document of the running service."""
    return Response(json.dumps(openapi_document(current_app)), mimetype="application/json")


def _tidied(document: dict[str, Any]) -> dict[str, Any]:
    """The document without two things that marshmallow says and we do not mean."""
    for schema in document["components"]["schemas"].values():
        if schema.get("additionalProperties") is False:
            del schema["additionalProperties"]  # fields may be added to any shape
    for path in document["paths"].values():
        for parameter in path.get("get", {}).get("parameters", []):
            schema = parameter["schema"]
            if schema.get("default", "") is None:  # a query string has no null
                del schema["default"]
                schema["type"] = "string"
    return document


def _tell_needs(app: Flask, document: dict[str, Any]) -> None:
    """Add to each operation which key it takes, and that it refuses others."""
    for rule in app.url_map.iter_rules():
        path = document["paths"].get(re.sub(r"<(\w+)>", r"{\1}", rule.rule), {})
        need = NEEDS[rule.endpoint]
        for method in {method.lower() for method in rule.methods or ()} & path.keys():
            operation = path[method]
            operation["description"] = "\n\n".join(
                [*filter(None, [operation.get("description")]), f"Needs {need.value}."]
            )
            if need is Need.NOTHING:
                continue
            optional: list[dict[str, Any]] = [{}] if need is Need.READING else []
            operation["security"] = [{_KEY: []}, *optional]
            refused = {401} | ({403} if need is Need.EDITING else set())
            for status in refused:
                reference = f"#/components/responses/{PROBLEM_NAMES[status]}"
                operation["responses"][str(status)] = {"$ref": reference}


def _problem(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
