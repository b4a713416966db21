"""What the HTTP interface, the page and the command line know of matching."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from service.models import EngineDescription, EngineInfo, MatchQuery, MatchResult


class Engine(Protocol):
    """Answers queries from one catalogue with one encoder."""

    def failing(self) -> tuple[str, ...]:
        """Which of ``encoder``, ``index``, ``catalogue`` cannot work now; () is ready."""
        ...

    def full(self) -> bool:
        """Whether a query would be refused now because too many wait; cheap to ask."""
        ...

    def find_matches(self, queries: Sequence[MatchQuery]) -> list[MatchResult]:
        """One result per query, in order; encoded in one go.

        Raises:
            NotReady: while the engine is loading.
        """
        ...

    def language_of(self, text: str) -> str | None:
        """The language of a text, one of the catalogue's where it can be. Raises NotReady."""
        ...

    def describe(self) -> EngineDescription:
        """What answers now. Raises NotReady while the engine is loading."""
        ...

    def info(self) -> EngineInfo:
        """The engine's particulars. Raises NotReady while the engine is loading."""
        ...
