"""Gives any encoder its texts as concurrent requests bring them, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.inference.batching import Batcher, Limits, Ran
from service.inference.protocol import EncodedQueries, Encoder, Vectors

CHARACTERS_PER_TOKEN = 4
"""About what English has; only to tell long texts from short ones before they are tokenised."""

# Those of the compiled encoder, which says why, in characters.
ENCODER_LIMITS = Limits(
    largest=32, area=512 * CHARACTERS_PER_TOKEN, overhead=6 * CHARACTERS_PER_TOKEN
)


@dataclass(frozen=True, slots=True)
class _Text:
    text: str
    passage: bool


@dataclass(frozen=True, slots=True)
class _Encoded:
    vector: NDArray[np.float32]
    truncated: bool


class BatchingEncoder:
    """Implements ``Encoder`` by another one, for many threads at once.

    One query goes first. Several queries, and wordings, go in slices behind single queries. Each
    method raises Overloaded where too much waits already, or has waited for too long.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        queue: int = ENCODER_LIMITS.queue,
        deadline_s: float = ENCODER_LIMITS.deadline_s,
        watch: Callable[[Ran], None] | None = None,
    ) -> None:
        """``watch`` is told of each batch that was run."""
        self._encoder = encoder
        self.name = encoder.name
        self.fingerprint = encoder.fingerprint
        self.dimension = encoder.dimension
        self.languages = encoder.languages
        limits = replace(ENCODER_LIMITS, queue=queue, deadline_s=deadline_s)
        self._batcher = Batcher(self._run, lambda item: len(item.text), limits, watch)

    def full(self) -> bool:
        """Whether a query would be refused now; cheap to ask."""
        return self._batcher.full()

    def waiting(self) -> int:
        """How many calls wait for their turn."""
        return self._batcher.waiting()

    def encode_queries(self, texts: Sequence[str]) -> EncodedQueries:
        """As the encoder, together with what other threads ask for."""
        items = [_Text(text, passage=False) for text in texts]
        found = [self._batcher.one(items[0])] if len(items) == 1 else self._batcher.many(items)
        return EncodedQueries(self._rows(found), tuple(each.truncated for each in found))

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """As the encoder, behind the single queries of other threads."""
        return self._rows(
            self._batcher.many([_Text(text, passage=True) for text in texts], progress)
        )

    def _rows(self, found: Sequence[_Encoded]) -> Vectors:
        if not found:
            return np.empty((0, self.dimension), np.float32)
        return np.stack([each.vector for each in found])

    def _run(self, items: Sequence[_Text]) -> list[_Encoded]:
        # a slice is of one kind, and single items are all queries
        texts = [item.text for item in items]
        if items[0].passage:
            return [_Encoded(row, False) for row in self._encoder.encode_passages(texts)]
        encoded = self._encoder.encode_queries(texts)
        return [
            _Encoded(row, truncated)
            for row, truncated in zip(encoded.vectors, encoded.truncated, strict=True)
        ]
