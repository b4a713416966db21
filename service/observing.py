"""What the parts tell of their work, to whoever counts it; by default nobody."""

from __future__ import annotations

from typing import Literal, Protocol

Stage = Literal["encode", "search", "verify", "catalogue"]
Model = Literal["encoder", "verifier"]


class Observer(Protocol):
    """Told figures only, never a text; called from many threads, so it must be quick and safe."""

    def batch(self, items: int, waited_s: tuple[float, ...], waiting: int) -> None:
        """A batch was encoded, whose calls had waited so long; so many calls still wait."""
        ...

    def looked_up(self, hits: int, misses: int) -> None:
        """So many queries were in the query cache, and so many were not."""
        ...

    def ran(self, model: Model, processor_s: float) -> None:
        """A model ran, and took so much of a processor's time."""
        ...

    def spent(self, stage: Stage, seconds: float, processor_s: float) -> None:
        """A stage of answering took so long, and its thread so much of a processor's time: what
        models ran in it for other threads too is counted, waiting for them is not."""
        ...

    def took_up(self, revision: int, wordings: int, claims: int) -> None:
        """The index stands at a revision of the catalogue that it did not stand at before."""
        ...


class Nobody:
    """Implements ``Observer`` and counts nothing."""

    def batch(self, items: int, waited_s: tuple[float, ...], waiting: int) -> None:
        """Nothing."""

    def looked_up(self, hits: int, misses: int) -> None:
        """Nothing."""

    def ran(self, model: Model, processor_s: float) -> None:
        """Nothing."""

    def spent(self, stage: Stage, seconds: float, processor_s: float) -> None:
        """Nothing."""

    def took_up(self, revision: int, wordings: int, claims: int) -> None:
        """Nothing."""


NOBODY = Nobody()
