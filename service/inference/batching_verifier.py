"""Gives any verifier its pairs as concurrent requests bring them, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from service.inference.batching import Batcher, Ran
from service.inference.batching_encoder import ENCODER_LIMITS
from service.inference.verifier import LogProbabilities, Verifier

_UNBOUNDED = 1_000_000
"""Pairs come from requests that the encoder's queue has let through: they are not refused here."""

Pair = tuple[str, str]


class BatchingVerifier:
    """Implements ``Verifier`` by another one, for many threads at once.

    The one pair of a single match goes first, the pairs of scans and batches in slices behind.
    Raises Overloaded where a pair has waited for too long.
    """

    def __init__(
        self,
        verifier: Verifier,
        *,
        deadline_s: float = ENCODER_LIMITS.deadline_s,
        watch: Callable[[Ran], None] | None = None,
    ) -> None:
        """``watch`` is told of each batch that was run."""
        self._verifier = verifier
        self.name, self.fingerprint = verifier.name, verifier.fingerprint
        limits = replace(ENCODER_LIMITS, queue=_UNBOUNDED, slices=_UNBOUNDED, deadline_s=deadline_s)
        self._batcher = Batcher(self._run, _length, limits, watch)

    def waiting(self) -> int:
        """How many calls wait for their turn."""
        return self._batcher.waiting()

    def verify(self, pairs: Sequence[Pair]) -> LogProbabilities:
        """As the verifier, together with what other threads ask for."""
        if not pairs:
            return np.zeros((0, 3), np.float32)
        found = [self._batcher.one(pairs[0])] if len(pairs) == 1 else self._batcher.many(pairs)
        return np.stack(found)

    def _run(self, pairs: Sequence[Pair]) -> list[NDArray[np.float32]]:
        return list(self._verifier.verify(pairs))


def _length(pair: Pair) -> int:
    query, wording = pair
    return len(query) + len(wording)
