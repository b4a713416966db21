"""Refuses what cannot be answered in time, before any work is done for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from flask import Flask, request

from service.api.parts import Parts, parts
from service.api.problems import on_service_error
from service.errors import Overloaded

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ENCODING = {
    "/match": "matching.match",
    "/match/batch": "matching.match_batch",
    "/scan": "matching.scan",
}
"""Where the encoder is waited for: the addresses and their views."""

Tell = Callable[["WSGIEnvironment", int, float], Iterable[tuple[str, str]]]
"""Told of each refusal: the request, the status, and how many seconds it took. Gives the headers
that every answer has."""


def refuse_when_full(app: Flask, parts_of_app: Parts, tell: Tell | None) -> None:
    """Answer 503 at once, before a body is read, while as many wait as may.

    Before Flask sees the request where there is somebody to ``tell``, else by a hook of its.
    """

    def look() -> None:
        if request.endpoint in ENCODING.values() and parts().engine.full():
            raise Overloaded

    app.before_request(look)
    if tell is not None:
        app.wsgi_app = _Door(app, parts_of_app, tell)  # type: ignore[method-assign]


class _Door:
    """The same before Flask, which would take ten times as long over it, and that just when there
    is no time. Browsers, scripts of other origins and what is mounted below an address are let in:
    their answers are made for them."""

    def __init__(self, app: Flask, known: Parts, tell: Tell) -> None:
        self._app, self._inside = app, app.wsgi_app
        self._engine, self._tell = known.engine, tell
        self._refusals: dict[str, tuple[list[tuple[str, str]], bytes]] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        full = (
            path in ENCODING
            and environ["REQUEST_METHOD"] == "POST"
            and "HTTP_ORIGIN" not in environ
            and "text/" not in environ.get("HTTP_ACCEPT", "")
            and not environ.get("SCRIPT_NAME")
            and self._engine.full()
        )
        if not full:
            return self._inside(environ, start_response)
        began = time.perf_counter()
        headers, body = self._refusal(path)
        more = self._tell(environ, 503, time.perf_counter() - began)
        start_response("503 SERVICE UNAVAILABLE", [*headers, *more])
        return [body]

    def _refusal(self, path: str) -> tuple[list[tuple[str, str]], bytes]:
        if path not in self._refusals:
            with self._app.test_request_context(path, method="POST"):
                response = on_service_error(Overloaded())
                self._refusals[path] = (list(response.headers), response.get_data())
        return self._refusals[path]
