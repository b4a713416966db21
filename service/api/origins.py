"""Lets pages and browser extensions of other origins call the interface (CORS)."""

from __future__ import annotations

from collections.abc import Collection

from flask import Flask, Response, request

ANY = "*"
PREFLIGHT_IS_GOOD_FOR_S = 600

_ALLOWED_HEADERS = "Authorization, Content-Type, If-Match, If-None-Match"
_EXPOSED_HEADERS = "ETag, Location, Retry-After, WWW-Authenticate"


def allow_origins(app: Flask, origins: Collection[str]) -> None:
    """Tell browsers that scripts of these origins may read answers; ``*`` stands for any.

    Cookies play no part: a key is sent in a header, by a script that knows it.
    """
    if not origins:
        return

    def answer(response: Response) -> Response:
        response.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin is None or not (origin in origins or ANY in origins):
            return response
        response.headers["Access-Control-Allow-Origin"] = ANY if ANY in origins else origin
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            # Flask has put the methods of this very address into Allow
            response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
            response.headers["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
            response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_IS_GOOD_FOR_S)
        return response

    app.after_request(answer)
