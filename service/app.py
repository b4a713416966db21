"""The Flask application: the only wiring of HTTP."""

from __future__ import annotations

import logging
import time

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

REQUEST_ID = "X-Request-Id"
"""The header by which a caller names a request, and an answer bears that name."""

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
    follow_requests(app, telemetry)  # first, so that what is refused is counted too
    install(app, Parts(catalogue, engine, telemetry.shown, settings.publisher.strip()))
    register_api(app)
    app.register_blueprint(pages)
    guard(app, require_key=settings.require_key)
    refuse_when_full(app)
    app.after_request(harden)
    allow_origins(app, settings.cors_origins)
    return app


def harden(response: Response) -> Response:
    """Tell browsers to take the media type at its word."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def follow_requests(app: Flask, telemetry: Telemetry) -> None:
    """Tell ``telemetry`` and the log of each request, by a name that the answer bears too.

    Of the address only the route is told: what was asked is nobody's business. To be called before
    others hook into requests.
    """

    def begin() -> None:
        g.began = time.perf_counter()
        g.request_id = logs.request_id(request.headers.get(REQUEST_ID))
        logs.bind(request_id=g.request_id)

    def end(response: Response) -> Response:
        rule = request.url_rule
        method, route = (request.method, rule.rule) if rule else (OTHER, OTHER)
        seconds = time.perf_counter() - g.began
        telemetry.answered(method, route, response.status_code, seconds)
        facts = {"method": method, "route": route, "status": response.status_code}
        log.info("answered", extra={**facts, "ms": round(1000 * seconds, 1)})
        response.headers[REQUEST_ID] = g.request_id
        return response

    def forget(_error: BaseException | None) -> None:
        logs.unbind()

    app.before_request(begin)
    app.after_request(end)
    app.teardown_request(forget)
