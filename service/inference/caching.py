"""Remembers the vectors of queries, and encodes a text once that several ask for at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from service.inference.protocol import EncodedQueries, Encoder, Vectors
from service.observing import NOBODY, Observer


@dataclass(frozen=True, slots=True)
class _Encoded:
    vector: NDArray[np.float32]
    truncated: bool


class CachingEncoder:
    """Implements ``Encoder`` by another one. Safe to use from many threads.

    10,000 vectors of 384 numbers take 15 MB. Wordings are not remembered: they come once.
    """

    def __init__(
        self,
        encoder: Encoder,
        size: int = 10_000,
        key: Callable[[str], Hashable] = str,
        observer: Observer = NOBODY,
    ) -> None:
        """Remembers the ``size`` queries used last; texts of one ``key`` have one vector.

        With a size of 0, only texts that are asked for at the same time are encoded once.
        """
        self._encoder, self._key, self._observer = encoder, key, observer
        self.name = encoder.name
        self.fingerprint = encoder.fingerprint
        self.dimension = encoder.dimension
        self.languages = encoder.languages
        self._lock = threading.Lock()
        self._known: LRUCache[Hashable, _Encoded] = LRUCache(size)
        self._coming: dict[Hashable, Future[_Encoded]] = {}
        self.hits = 0
        """Queries that were remembered, or that another thread was just encoding."""
        self.misses = 0

    def encode_queries(self, texts: Sequence[str]) -> EncodedQueries:
        """As the encoder, which sees only the texts that nobody has asked for lately."""
        keys = [self._key(text) for text in texts]
        found: dict[Hashable, _Encoded] = {}
        awaited: dict[Hashable, Future[_Encoded]] = {}
        mine: dict[Hashable, str] = {}
        with self._lock:
            for key, text in zip(keys, texts, strict=True):
                if key in self._known:
                    found[key] = self._known[key]
                elif key in self._coming:
                    if key not in mine:
                        awaited[key] = self._coming[key]
                else:
                    mine[key] = text
                    self._coming[key] = Future()
            self.misses += len(mine)
            self.hits += len(texts) - len(mine)
        self._observer.looked_up(len(texts) - len(mine), len(mine))
        found.update(self._encode(mine))
        lost: dict[Hashable, str] = {}
        for key, future in awaited.items():
            try:
                found[key] = future.result()
            except Exception:  # what befell another's request need not befall this one
                lost[key] = texts[keys.index(key)]
        if lost:
            encoded = self._encoder.encode_queries(list(lost.values()))
            found.update(zip(lost, _each(encoded), strict=True))
        return EncodedQueries(
            self._rows([found[key].vector for key in keys]),
            tuple(found[key].truncated for key in keys),
        )

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """As the encoder."""
        return self._encoder.encode_passages(texts, progress)

    def _encode(self, mine: dict[Hashable, str]) -> dict[Hashable, _Encoded]:
        """Encodes the texts and tells whoever waits for them, even where that fails."""
        if not mine:
            return {}
        try:
            encoded = _each(self._encoder.encode_queries(list(mine.values())))
            found = dict(zip(mine, encoded, strict=True))
        except BaseException as error:
            with self._lock:
                waited_for = [self._coming.pop(key) for key in mine]
            for future in waited_for:
                future.set_exception(error)
            raise
        with self._lock:
            if self._known.maxsize:
                self._known.update(found)
            waited_for = [self._coming.pop(key) for key in mine]
        for future, each in zip(waited_for, found.values(), strict=True):
            future.set_result(each)
        return found

    def _rows(self, rows: Sequence[NDArray[np.float32]]) -> Vectors:
        return np.stack(rows) if rows else np.empty((0, self.dimension), np.float32)


def _each(encoded: EncodedQueries) -> list[_Encoded]:
    # copies, since a row that is kept would keep its whole batch
    return [
        _Encoded(row.copy(), truncated)
        for row, truncated in zip(encoded.vectors, encoded.truncated, strict=True)
    ]
