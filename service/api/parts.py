"""What the views work with: the one place that looks into Flask's ``current_app``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from service.catalogue.protocol import EditedCatalogue
from service.matching.following import FollowingEngine

_KEY = "refrain"


@dataclass(frozen=True, slots=True)
class Parts:
    """The catalogue that is read and edited, the engine that answers, the figures on both, and who
    publishes the claims."""

    catalogue: EditedCatalogue
    engine: FollowingEngine
    metrics: Callable[[], tuple[bytes, str]]
    publisher: str = ""


def install(app: Flask, parts: Parts) -> None:
    """Give the views of ``app`` their parts."""
    app.extensions[_KEY] = parts


def parts() -> Parts:
    """The parts of the application that handles the request."""
    return cast(Parts, current_app.extensions[_KEY])
