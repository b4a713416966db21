"""What gunicorn's workers run: the application on the real parts."""

from __future__ import annotations

import logging
import os
import signal
from typing import TYPE_CHECKING

from flask import Flask

from service import memory
from service.app import create_app
from service.catalogue.catalogue import Catalogue
from service.errors import ServiceError
from service.matching.following import Follower, FollowingEngine
from service.matching.loading import LoadingEngine
from service.settings import Settings, read_settings
from service.telemetry import Telemetry

if TYPE_CHECKING:
    from service.folding import Folding

log = logging.getLogger("service")


def application(settings: Settings | None = None) -> Flask:
    """The application of one worker. It answers ``/health`` at once and loads in the background."""
    settings = settings or read_settings(os.environ)
    catalogue = Catalogue(settings.database_url)
    telemetry = Telemetry()
    foldings: list[Folding] = []

    def load() -> FollowingEngine:
        from service.folding import Folding  # half a second, where it was not imported ahead
        from service.wiring import load_engine

        loaded = load_engine(settings, catalogue, telemetry)
        foldings.append(Folding(settings, catalogue, loaded))
        memory.keep_loaded()
        memory.give_back()
        return loaded

    def fold() -> None:
        for folding in foldings:
            folding.step()

    engine = LoadingEngine(load, _stop)
    Follower(catalogue.revision, engine.refresh, also=fold).start(engine.wait)
    return create_app(settings, catalogue, engine, telemetry)


def _stop(error: Exception) -> None:
    """Ends the whole service: what one worker cannot load, the next one cannot either."""
    if isinstance(error, ServiceError):
        log.error("The service cannot start: %s", error)
    else:
        log.error("The service cannot start.", exc_info=error)
    os.kill(os.getppid(), signal.SIGTERM)
