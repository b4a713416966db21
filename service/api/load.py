"""Refuses what cannot be answered in time, before any work is done for it."""

from __future__ import annotations

from flask import Flask, request

from service.api.parts import parts
from service.errors import Overloaded

ENCODING = frozenset({"matching.match", "matching.match_batch", "matching.scan"})
"""The views that wait for the encoder."""


def refuse_when_full(app: Flask) -> None:
    """Answer 503 at once, before a body is read, while as many wait as may."""

    def look() -> None:
        if request.endpoint in ENCODING and parts().engine.full():
            raise Overloaded

    app.before_request(look)
