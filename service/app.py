"""The Flask application: the only wiring of HTTP."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask, Response, g, request

from service import logs
from service.api.access import guard
from service.api.load import refuse_when_full
from service.api.origins import allow_origins
from service.api.parts import Parts, install
from service.api.specification import openapi_document, openapi_yaml, register_api
from service.catalogue.protocol import EditedCatalogue
from service.matching.following import FollowingEngine
from service.settings import Settings
from service.telemetry import Telemetry
from service.web.pages import pages

__all__ = ["create_app", "openapi_document", "openapi_yaml"]

LARGEST_BODY = 2 * 1024 * 1024

_REQUEST_ID_IN_ENVIRON = "HTTP_" + logs.REQUEST_ID.upper().replace("-", "_")

HARDENED = {"X-Content-Type-Options": "nosniff"}
"""Tells browsers to take the media type at its word."""

log = logging.getLogger("service.access")

OTHER = "other"
"""The route and method of what fits no route, so that no caller can make new labels."""


def create_app(
    settings: Settings,
    catalogue: EditedCatalogue,
    engine: FollowingEngine,
    telemetry: Telemetry | None = None,
) -> Flask:
    """The application over a catalogue and an engine that follows it.

    It reads neither before the first request, so that the port may open while they load.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    telemetry = telemetry or Telemetry()
    told = Told(telemetry)
    follow_requests(app, told)  # first, so that what is refused is counted too
    parts = Parts(catalogue, engine, telemetry.shown, settings.publisher.strip())
    install(app, parts)
    register_api(app)
    app.register_blueprint(pages)
    guard(app, require_key=settings.require_key)
    # where keys are needed, whoever has none is to hear of that
    refuse_when_full(app, parts, None if settings.require_key else told.at_the_door)
    app.after_request(harden)
    allow_origins(app, settings.cors_origins)
    return app


def harden(response: Response) -> Response:
    """Give an answer the headers that all have."""
    response.headers.update(HARDENED)
    return response


class Told:
    """Tells the figures and the log of each request that was answered."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    def __call__(self, method: str, route: str, status: int, seconds: float) -> None:
        """``method`` and ``route`` must be of a bounded set."""
        self._telemetry.answered(method, route, status, seconds)
        facts = {"method": method, "route": route, "status": status}
        log.info("answered", extra={**facts, "ms": round(1000 * seconds, 1)})

    def at_the_door(
        self, environ: Mapping[str, Any], status: int, seconds: float
    ) -> Iterable[tuple[str, str]]:
        """The same of a request that was answered before Flask saw it, by the name in the headers
        that are returned, which its answer must have."""
        name = logs.request_id(environ.get(_REQUEST_ID_IN_ENVIRON))
        logs.bind(request_id=name)
        self(environ["REQUEST_METHOD"], environ["PATH_INFO"], status, seconds)
        logs.unbind()
        return [(logs.REQUEST_ID, name), *HARDENED.items()]


def follow_requests(app: Flask, told: Told) -> None:
    """Tell of each request, by a name that the answer bears too.

    Of the address only the route is told: what was asked is nobody's business. To be called before
    others hook into requests.
    """

    def begin() -> None:
        g.began = time.perf_counter()
        g.request_id = logs.request_id(request.headers.get(logs.REQUEST_ID))
        logs.bind(request_id=g.request_id)

    def end(response: Response) -> Response:
        rule = request.url_rule
        method, route = (request.method, rule.rule) if rule else (OTHER, OTHER)
        told(method, route, response.status_code, time.perf_counter() - g.began)
        response.headers[logs.REQUEST_ID] = g.request_id
        return response

    def forget(_error: BaseException | None) -> None:
        logs.unbind()

    app.before_request(begin)
    app.after_request(end)
    app.teardown_request(forget)
