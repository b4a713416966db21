"""The Flask application: the only wiring of HTTP."""

from __future__ import annotations

import time

from flask import Flask, Response, g, request

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
    count_requests(app, telemetry)  # first, so that what is refused is counted too
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


def count_requests(app: Flask, telemetry: Telemetry) -> None:
    """Tell ``telemetry`` of each request. To be called before others hook into requests."""

    def begin() -> None:
        g.began = time.perf_counter()

    def count(response: Response) -> Response:
        rule = request.url_rule
        method, route = (request.method, rule.rule) if rule else (OTHER, OTHER)
        telemetry.answered(method, route, response.status_code, time.perf_counter() - g.began)
        return response

    app.before_request(begin)
    app.after_request(count)
