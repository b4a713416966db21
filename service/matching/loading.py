"""An engine that loads in the background, so that ``/health`` answers from the first moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from service.catalogue.catalogue import EncodedTexts
from service.errors import NotReady
from service.matching.following import FollowingEngine
from service.models import Claim, EngineDescription, EngineInfo, MatchQuery, MatchResult

START_PATIENCE_S = 15.0
MOST_WAITING = 3
"""So many requests wait for the engine to load, others are told at once: ``/health`` must not
find every thread of the worker waiting."""


class LoadingEngine:
    """Implements ``Engine`` by another one that ``load`` makes in a thread of its own."""

    def __init__(
        self, load: Callable[[], FollowingEngine], failed: Callable[[Exception], None]
    ) -> None:
        """Begins to load at once; ``failed`` is told when that does not succeed."""
        self._engine: FollowingEngine | None = None
        self._loaded = threading.Event()
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)

        def work() -> None:
            try:
                self._engine = load()
            except Exception as error:  # told to the caller, who decides
                failed(error)
            finally:
                self._loaded.set()

        threading.Thread(target=work, name="load-engine", daemon=True).start()

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until loading has ended; whether the engine is there."""
        self._loaded.wait(seconds)
        return self._engine is not None

    def failing(self) -> tuple[str, ...]:
        """All parts while loading, then what the engine says."""
        if self._engine is None:
            return ("encoder", "index", "catalogue")
        return self._engine.failing()

    def full(self) -> bool:
        """As the engine; never while loading, when requests are answered otherwise."""
        return self._engine is not None and self._engine.full()

    def refresh(self) -> None:
        """As the engine. Raises NotReady while loading."""
        self._ready().refresh()

    def encode_wordings(self, claims: Sequence[Claim]) -> EncodedTexts:
        """As the engine. Raises NotReady while loading."""
        return self._ready().encode_wordings(claims)

    def find_matches(self, queries: Sequence[MatchQuery]) -> list[MatchResult]:
        """As the engine, once it is loaded. Raises NotReady where that takes too long."""
        if self._engine is None and self._waiting.acquire(blocking=False):
            try:
                self._loaded.wait(START_PATIENCE_S)
            finally:
                self._waiting.release()
        return self._ready().find_matches(queries)

    def language_of(self, text: str) -> str | None:
        """As the engine. Raises NotReady while loading."""
        return self._ready().language_of(text)

    def describe(self) -> EngineDescription:
        """As the engine. Raises NotReady while loading."""
        return self._ready().describe()

    def info(self) -> EngineInfo:
        """As the engine. Raises NotReady while loading."""
        return self._ready().info()

    def _ready(self) -> FollowingEngine:
        if self._engine is None:
            raise NotReady(self.failing())
        return self._engine
