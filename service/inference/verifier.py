"""What the rest of the house knows of a verifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

LogProbabilities = NDArray[np.float32]
"""One row per pair, shape ``(pairs, 3)``: natural logarithms of repeats, rejects, neither."""

OUTCOMES = ("repeats", "rejects", "neither")


class Verifier(Protocol):
    """Reads a sentence and a wording of a claim together.

    ``fingerprint`` is a hex SHA-256 over all that decides its answers: a calibration is made for
    one verifier.
    """

    @property
    def name(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...

    def verify(self, pairs: Sequence[tuple[str, str]]) -> LogProbabilities:
        """Whether each query (first) repeats or rejects the wording (second)."""
        ...


def log_softmax(logits: NDArray[np.float32]) -> LogProbabilities:
    """Logits, shape ``(pairs, 3)``, to log-probabilities."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    found: LogProbabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return found
