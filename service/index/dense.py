"""Normalised vectors in FAISS: the inner product is the cosine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.index.dense_base import DenseBase, Rows
from service.index.protocol import Ids, Index

GATHER_SHARE = 0.02
"""Below this share of the base, a filtered search multiplies the few allowed rows directly."""


WHOLE_SHARE = 0.2
"""From this share of the vectors on, all are multiplied where those of some are asked for."""


@dataclass(frozen=True, eq=False)
class DenseIndex(Index[Rows]):
    """Implements ``Index`` for queries that are vectors of shape ``(dimension,)``.

    ``base_ids`` are the wordings of the base's rows, in increasing order; ``alive`` marks the
    rows that count (None: all). ``delta_ids`` and ``delta`` are what came after.
    """

    base: DenseBase
    base_ids: Ids
    alive: NDArray[np.bool_] | None
    delta_ids: Ids
    delta: Rows

    @classmethod
    def from_base(cls, base: DenseBase, base_ids: Ids) -> DenseIndex:
        """An index that is all base.

        Raises:
            ValueError: the ids are not as many as the rows, or not increasing.
        """
        if len(base_ids) != len(base) or np.any(np.diff(base_ids) <= 0):
            raise ValueError("the wording ids do not fit the vectors")
        empty = np.empty((0, base.dimension), np.float32)
        return cls(base, base_ids, None, np.empty(0, np.int64), empty)

    @classmethod
    def of(cls, wording_ids: Ids, rows: Rows) -> DenseIndex:
        """An index in memory of vectors, shape ``(n, dimension)``."""
        return cls.from_base(DenseBase.of(rows), wording_ids)

    def __len__(self) -> int:
        """How many wordings can be found."""
        living = len(self.base_ids) if self.alive is None else int(self.alive.sum())
        return living + len(self.delta_ids)

    def without(self, wording_ids: Ids) -> DenseIndex:
        """A new index in which these wordings are not found."""
        if not len(wording_ids):
            return self
        dead = np.isin(self.base_ids, wording_ids)
        alive = self.alive
        if dead.any():
            alive = ~dead if alive is None else alive & ~dead
        kept = ~np.isin(self.delta_ids, wording_ids)
        return replace(self, alive=alive, delta_ids=self.delta_ids[kept], delta=self.delta[kept])

    def with_added(self, wording_ids: Ids, rows: Rows) -> DenseIndex:
        """A new index with further wordings; their ids must be new."""
        if not len(wording_ids):
            return self
        ids = np.concatenate([self.delta_ids, wording_ids])
        order = np.argsort(ids)
        return replace(self, delta_ids=ids[order], delta=np.concatenate([self.delta, rows])[order])

    def nearest(
        self, query: Rows, limit: int, allowed: Ids | None = None
    ) -> tuple[Ids, NDArray[np.float32]]:
        """At most ``limit`` wordings by cosine, best first; among ``allowed``."""
        asked = np.ascontiguousarray(query[np.newaxis], np.float32)
        [ids], [scores] = self._search_base(asked, limit, allowed)
        found = ids >= 0
        ids, scores = ids[found], scores[found]
        if len(self.delta_ids):
            usable = slice(None) if allowed is None else np.isin(self.delta_ids, allowed)
            ids = np.concatenate([ids, self.delta_ids[usable]])
            scores = np.concatenate([scores, (self.delta @ query)[usable]])
        # ties go to the older wording, so that equal queries give equal answers
        order = np.lexsort((ids, -scores))[:limit]
        return ids[order], scores[order]

    def similarities(self, query: Rows, ids: Ids) -> NDArray[np.float32]:
        """The cosine of each wording, shape ``(n,)``; NaN where the index has it not."""
        found = np.full(len(ids), np.nan, np.float32)
        for here, rows, places in self._located(ids):
            # reading all in a row is quicker than gathering a good part of them
            most = len(places) >= WHOLE_SHARE * len(rows)
            found[here] = (rows @ query)[places] if most else rows[places] @ query
        return found

    def rows_of(self, ids: Ids) -> Rows:
        """The vector of each wording, shape ``(n, dimension)``; NaN where the index has it not."""
        found = np.full((len(ids), self.base.dimension), np.nan, np.float32)
        for here, rows, places in self._located(ids):
            found[here] = rows[places]
        return found

    def _located(self, ids: Ids) -> Iterator[tuple[NDArray[np.bool_], Rows, NDArray[np.intp]]]:
        """Which of the wordings lie in the base, its vectors, and their places among them; then
        the same for the delta."""
        for own, rows, alive in (
            (self.base_ids, self.base.rows(), self.alive),
            (self.delta_ids, self.delta, None),
        ):
            if not len(own):
                continue
            places = np.minimum(own.searchsorted(ids), len(own) - 1)
            here = own[places] == ids
            if alive is not None:
                here &= alive[places]
            yield here, rows, places[here]

    def _search_base(
        self, queries: Rows, limit: int, allowed: Ids | None
    ) -> tuple[Ids, NDArray[np.float32]]:
        """Wording ids and cosines, shape ``(queries, <= limit)``; id -1 fills up."""
        limit = min(limit, len(self.base))
        if not limit:
            nothing = np.empty((len(queries), 0))
            return nothing.astype(np.int64), nothing.astype(np.float32)
        usable = self.alive
        if allowed is not None:
            wanted = np.isin(self.base_ids, allowed)
            usable = wanted if usable is None else wanted & usable
            if usable.sum() <= GATHER_SHARE * len(self.base):
                rows = np.flatnonzero(usable)
                scores = queries @ self.base.rows()[rows].T
                return np.broadcast_to(self.base_ids[rows], scores.shape), scores
        # what passes a filter may lie anywhere in a graph, whose links lead to its neighbours
        scores, rows = self.base.search(queries, limit, usable, exact=allowed is not None)
        return np.where(rows >= 0, self.base_ids[rows], -1), scores
