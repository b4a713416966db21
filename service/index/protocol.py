"""The one shape of both indexes, dense and lexical."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from service.models import Hit

Ids = NDArray[np.int64]
"""Ids in increasing order, shape ``(n,)``: of wordings in the dense index, of claims (their places
in the roster) in the lexical one."""

Query_contra = TypeVar("Query_contra", contravariant=True)


class Index(Protocol[Query_contra]):
    """An immutable base on disk, a small delta in memory, a set of dead entries.

    Never changed once built: ``without`` and the implementations' ``with_added`` give a new one
    that shares the base, so a search sees one state from beginning to end.
    """

    def __len__(self) -> int:
        """How many entries can be found."""
        ...

    def nearest(
        self, query: Query_contra, limit: int, allowed: Ids | None = None
    ) -> tuple[Ids, NDArray[np.floating]]:
        """At most ``limit`` ids and their similarities, shape ``(n,)`` each, most similar first;
        among ``allowed`` if given. The ids are not in increasing order here."""
        ...

    def search(
        self, queries: Sequence[Query_contra], limit: int, allowed: Ids | None = None
    ) -> list[list[Hit]]:
        """For each query what ``nearest`` finds, as hits."""
        hits = []
        for query in queries:
            ids, found = self.nearest(query, limit, allowed)
            hits.append([Hit(*hit) for hit in zip(ids.tolist(), found.tolist(), strict=True)])
        return hits

    def similarities(self, query: Query_contra, ids: Ids) -> NDArray[np.float32]:
        """The similarity of each entry, shape ``(n,)``; NaN where the index has it not."""
        ...
