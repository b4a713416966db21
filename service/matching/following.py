"""Keeps a worker's engine in step with the catalogue, which other processes write to as well."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from service.catalogue.protocol import WordingEncoder
from service.matching.protocol import Engine

INTERVAL_S = 0.25
"""How often the catalogue is asked. What is written is to be found by all within a second."""

LONGEST_PAUSE_S = 8.0

log = logging.getLogger(__name__)


class FollowingEngine(Engine, WordingEncoder, Protocol):
    """An engine that encodes what is about to be saved, and brings in what was saved."""

    def refresh(self) -> None:
        """Catches up with the catalogue; safe to call from several threads at once."""
        ...


class Follower:
    """A thread that brings in what has changed whenever the catalogue's revision has."""

    def __init__(
        self,
        revision: Callable[[], int],
        refresh: Callable[[], None],
        interval_s: float = INTERVAL_S,
        also: Callable[[], None] = lambda: None,
    ) -> None:
        """``revision`` is asked often and must be cheap; ``refresh`` brings the changes in, and
        may be called by others at the same time. ``also`` is done after each look."""
        self._also = also
        self._revision = revision
        self._refresh = refresh
        self._interval_s = interval_s
        self._seen: int | None = None
        self._ended = threading.Event()

    def start(self, ready: Callable[[], bool]) -> None:
        """Follows as soon as ``ready`` has returned true; never if it returns false."""

        def work() -> None:
            if ready():
                self._follow()

        threading.Thread(target=work, name="follow-catalogue", daemon=True).start()

    def stop(self) -> None:
        """Ends the thread after the step that it is at."""
        self._ended.set()

    def _follow(self) -> None:
        pause = self._interval_s
        while not self._ended.wait(pause):
            try:
                self.step()
            except Exception as error:  # whatever it is, the thread must live on
                if pause == self._interval_s:  # told once, not at every attempt
                    log.error("The catalogue cannot be followed; trying on: %s", error)
                pause = min(2 * pause, LONGEST_PAUSE_S)
            else:
                if pause > self._interval_s:
                    log.warning("The catalogue is followed again.")
                pause = self._interval_s

    def step(self) -> None:
        """Refreshes if the catalogue's revision is not the one seen last."""
        revision = self._revision()
        if revision != self._seen:
            self._refresh()
            self._seen = revision
        self._also()
