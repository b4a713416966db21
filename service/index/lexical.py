"""BM25 over claims, as a share of what the query could reach: 0 to 1 for queries of any length."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.index.postings import Postings, Statistics, Terms, count, mapped, numbers_of, weigh
from service.index.protocol import Ids
from service.index.terms import number_of
from service.models import Hit

TELLING_TERMS = 64
"""So many of a query's rarest terms find the candidates. With character grams they touch 4 % of
the postings that all terms do, and found the same winners on six-language queries."""

MOST_POSTINGS = 20_000
"""So many postings are looked up at most, the rarest terms' first, so that a search takes no longer
in a large catalogue. Catalogues of a few thousand claims never come to it."""

_DENSE = 20
"""Documents up to so many times the postings are added up by place."""


@dataclass(frozen=True, eq=False)
class LexicalIndex:
    """Implements ``Index`` for queries that are terms; its ids number claims, not wordings.

    ``base`` is mapped from disk, ``delta`` holds what came after as pieces of falling size (so
    that adding a document costs little, whatever the delta holds already), ``dead`` the ids in
    the base that no longer count. The base's statistics serve the delta as well.
    """

    statistics: Statistics
    base: Postings
    base_ids: Ids
    dead: Ids
    delta: tuple[Postings, ...]
    delta_ids: Ids

    @classmethod
    def of(cls, documents: Mapping[int, Terms]) -> LexicalIndex:
        """An index in memory of documents by id; the ids must increase."""
        statistics, counted = count(documents)
        ids = np.array(list(documents), np.int64)
        nothing = np.empty(0, np.int64)
        base = weigh(list(documents), counted, statistics)
        return cls(statistics, base, ids, nothing, (), nothing)

    def __len__(self) -> int:
        """How many documents can be found."""
        return len(self.base_ids) - len(self.dead) + len(self.delta_ids)

    def without(self, ids: Ids) -> LexicalIndex:
        """A new index in which these documents are not found."""
        in_delta = np.isin(self.delta_ids, ids)
        delta = tuple(part.without(ids) for part in self.delta) if in_delta.any() else self.delta
        return replace(
            self,
            dead=np.union1d(self.dead, np.intersect1d(self.base_ids, ids)),
            delta=delta,
            delta_ids=self.delta_ids[~in_delta],
        )

    def with_added(self, documents: Mapping[int, Terms]) -> LexicalIndex:
        """A new index with further documents; an id must be new, or have been taken out."""
        if not documents:
            return self
        counted = [Counter(map(number_of, terms)) for terms in documents.values()]
        pieces = [*self.delta, weigh(list(documents), counted, self.statistics)]
        while len(pieces) > 1 and len(pieces[-1]) * 2 >= len(pieces[-2]):
            last = pieces.pop()
            pieces[-1] = pieces[-1].merged(last)
        ids = np.union1d(self.delta_ids, np.array(list(documents), np.int64))
        return replace(self, delta=tuple(pieces), delta_ids=ids)

    def search(
        self, queries: Sequence[Terms], limit: int, allowed: Ids | None = None
    ) -> list[list[Hit]]:
        """For each query at most ``limit`` hits by coverage of its telling terms, best first.

        Documents that share none of them are not found.
        """
        return [self._search(query, limit, allowed) for query in queries]

    def similarities(self, query: Terms, ids: Ids) -> NDArray[np.float32]:
        """The coverage of the query by each document, shape ``(n,)``; NaN where it is not here."""
        numbers = numbers_of(query)
        scores = np.zeros(len(ids), np.float64)
        in_base = _among(ids, self.base_ids) & ~_among(ids, self.dead)
        in_delta = _among(ids, self.delta_ids)
        for part, present in ((self.base, in_base), *((piece, in_delta) for piece in self.delta)):
            wanted = ids[present].astype(np.int32)
            scores[present] += _gather(part, numbers, wanted)
        scores /= self._mass(numbers) or 1.0
        scores[~(in_base | in_delta)] = np.nan
        return scores.astype(np.float32)

    def present(self, terms: Sequence[str], document: int) -> NDArray[np.bool_]:
        """Which of the terms a document has, shape ``(n,)``."""
        numbers = np.array([number_of(term) for term in terms], np.uint64)
        alone = np.array([document], np.int32)
        parts = [part for part in self.delta if document in self.delta_ids]
        if not parts and document not in self.dead:
            parts = [self.base]
        found = np.zeros(len(terms), np.bool_)
        for part in parts:
            for place in range(len(numbers)):
                found[place] |= bool(_gather(part, numbers[place : place + 1], alone)[0] > 0)
        return found

    def idf(self, terms: Sequence[str]) -> NDArray[np.float64]:
        """How much each term tells, shape ``(n,)``."""
        return self.statistics.idf(np.array([number_of(term) for term in terms], np.uint64))

    def _mass(self, numbers: NDArray[np.uint64]) -> float:
        """What a document would score that had each term endlessly often.

        Unknown terms count: a query of which half is unknown can be covered by half.
        """
        return float(self.statistics.idf(numbers).sum())

    def _search(self, query: Terms, limit: int, allowed: Ids | None) -> list[Hit]:
        numbers = numbers_of(query)
        mass = self._mass(numbers)
        telling = self._telling(numbers)
        found: list[NDArray[np.int32]] = []
        scores: list[NDArray[np.float32]] = []
        for place, part in enumerate((self.base, *self.delta)):
            documents, impacts = _collect(part, telling)
            if place == 0 and len(self.dead):
                alive = ~_among(documents, self.dead)
                documents, impacts = documents[alive], impacts[alive]
            found.append(documents)
            scores.append(impacts)
        ids, totals = _summed(np.concatenate(found), np.concatenate(scores))
        if allowed is not None:
            usable = np.isin(ids, allowed)
            ids, totals = ids[usable], totals[usable]
        if len(ids) > limit:
            best = totals >= np.partition(totals, -limit)[-limit]  # ties of the last one included
            ids, totals = ids[best], totals[best]
        order = np.lexsort((ids, -totals))[:limit]
        return [Hit(int(ids[row]), float(totals[row] / (mass or 1.0))) for row in order]

    def _telling(self, numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """The rarest terms, as many as may be looked up: one at least that is known."""
        rarest = numbers[np.argsort(-self.statistics.idf(numbers), kind="stable")[:TELLING_TERMS]]
        frequencies = self.statistics.frequency(rarest)
        # those that the base does not know stand first, cost nothing, and may be in the delta
        least = int((frequencies == 0).sum()) + 1
        within = int(np.searchsorted(np.cumsum(frequencies), MOST_POSTINGS, side="right"))
        return rarest[: max(least, within)]

    def write(self, folder: Path, name: str) -> list[str]:
        """Writes an index that is all base into files of this folder and returns their names."""
        facts = {
            "documents": self.statistics.documents,
            "mean_length": self.statistics.mean_length,
        }
        (folder / f"{name}.json").write_text(json.dumps(facts), "ascii")
        np.save(folder / f"{name}-ids.npy", self.base_ids.astype("<i8"))
        return [*self.base.write(folder, name), f"{name}-ids.npy", f"{name}.json"]

    @classmethod
    def read(cls, folder: Path, name: str) -> LexicalIndex:
        """Maps what ``write`` wrote. Raises OSError or ValueError where it cannot."""
        facts = json.loads((folder / f"{name}.json").read_text("ascii"))
        base = Postings.read(folder, name)
        ids = mapped(folder / f"{name}-ids.npy")
        statistics = Statistics(
            facts["documents"], facts["mean_length"], base.terms, np.diff(base.starts)
        )
        nothing = np.empty(0, np.int64)
        return cls(statistics, base, ids, nothing, (), nothing)


def _among(ids: NDArray[Any], known: Ids) -> NDArray[np.bool_]:
    """Which of the ids are known; ``known`` is sorted, and looking into it costs little."""
    if not len(known):
        return np.zeros(len(ids), np.bool_)
    places = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    found: NDArray[np.bool_] = known[places] == ids
    return found


def _summed(
    documents: NDArray[np.int32], impacts: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Each document once, in order, with the sum of its impacts."""
    highest = int(documents.max(initial=0))
    if highest < _DENSE * len(documents):  # adding up by place is quicker than sorting
        present: NDArray[np.int64] = np.flatnonzero(np.bincount(documents)).astype(np.int64)
        totals = np.bincount(documents, weights=impacts)[present].astype(np.float64)
        return present, totals
    distinct, owner = np.unique(documents, return_inverse=True)
    totals = np.bincount(owner, weights=impacts, minlength=len(distinct)).astype(np.float64)
    return distinct.astype(np.int64), totals


def _collect(
    part: Postings, numbers: NDArray[np.uint64]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """All postings of these terms."""
    ranges = part.ranges(numbers)
    documents = [part.documents[start:end] for start, end in ranges]
    impacts = [part.impacts[start:end] for start, end in ranges]
    return (
        np.concatenate([np.empty(0, np.int32), *documents]),
        np.concatenate([np.empty(0, np.float32), *impacts]),
    )


def _gather(
    part: Postings, numbers: NDArray[np.uint64], documents: NDArray[np.int32]
) -> NDArray[np.float64]:
    """The summed impacts of these terms on chosen documents, shape ``(n,)``.

    Looks each document up in each term's postings, so its cost hardly grows with the collection;
    where those are few, all of them at once are looked up among the documents.
    """
    scores = np.zeros(len(documents), np.float64)
    ranges = part.ranges(numbers)
    if len(documents) > 1 and sum(end - start for start, end in ranges) <= MOST_POSTINGS:
        found, impacts = _collect(part, numbers)
        order = np.argsort(documents)
        rows = np.minimum(np.searchsorted(documents[order], found), len(documents) - 1)
        here = documents[order][rows] == found
        scores[order] = np.bincount(rows[here], weights=impacts[here], minlength=len(documents))
        return scores
    for start, end in ranges:
        owners = part.documents[start:end]
        places = np.searchsorted(owners, documents)
        places[places == len(owners)] = 0
        here = owners[places] == documents
        scores[here] += part.impacts[start:end][places[here]]
    return scores
