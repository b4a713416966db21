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

from service.index.postings import (
    Forward,
    Numbers,
    Postings,
    Statistics,
    Terms,
    count,
    mapped,
    weigh,
)
from service.index.protocol import Ids, Index
from service.index.terms import number_of

TELLING_TERMS = 64
"""So many of a query's rarest terms find the candidates. With character grams they touch 4 % of
the postings that all terms do, and found the same winners on six-language queries."""

MOST_POSTINGS = 20_000
"""So many postings are looked up at most, the rarest terms' first, so that a search takes no longer
in a large catalogue. Catalogues of a few thousand claims never come to it."""

_DENSE = 20
"""Documents up to so many times the postings are added up by place."""


@dataclass(frozen=True, eq=False)
class LexicalIndex(Index[Numbers]):
    """Implements ``Index`` for queries that are terms (``numbers_of`` them); its ids number claims,
    not wordings.

    ``base`` and ``forward``, the same by document, are mapped from disk, ``delta`` holds what came
    after as pieces of falling size (so that adding a document costs little, whatever the delta
    holds already), ``dead`` the ids in the base that no longer count. The base's statistics serve
    the delta as well.
    """

    statistics: Statistics
    base: Postings
    forward: Forward
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
        forward = Forward.of(base, int(ids.max(initial=-1)) + 1)
        return cls(statistics, base, forward, ids, nothing, (), nothing)

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

    def nearest(
        self, query: Numbers, limit: int, allowed: Ids | None = None
    ) -> tuple[Ids, NDArray[np.float64]]:
        """At most ``limit`` documents by coverage of the query's telling terms, best first.

        Documents that share none of them are not found.
        """
        frequencies = self.statistics.frequency(query)
        idf = self.statistics.idf_of(frequencies)
        telling = _telling(query, frequencies, idf)
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
        return ids[order], totals[order] / (_mass(idf) or 1.0)

    def similarities(self, query: Numbers, ids: Ids) -> NDArray[np.float32]:
        """The coverage of the query by each document, shape ``(n,)``; NaN where it is not here."""
        in_base, in_delta = self._where(ids)
        scores = np.zeros(len(ids), np.float64)
        scores[in_base] = self._of_base(query, ids[in_base])
        for piece in self.delta:
            scores[in_delta] += _gather(piece, query, ids[in_delta].astype(np.int32))
        scores /= _mass(self.statistics.idf(query)) or 1.0
        scores[~(in_base | in_delta)] = np.nan
        return scores.astype(np.float32)

    def present(self, terms: Sequence[str], document: int) -> NDArray[np.bool_]:
        """Which of the terms a document has, shape ``(n,)``."""
        alone = np.array([document], np.int64)
        [in_base], [in_delta] = self._where(alone)
        has: list[Numbers] = []
        if in_base:
            has.append(self.base.terms[self.forward.of_documents(alone)[1]])
        elif in_delta:
            has += [
                np.unique(piece.columns()[0][piece.documents == document]) for piece in self.delta
            ]
        numbers = np.array([number_of(term) for term in terms], np.uint64)
        found: NDArray[np.bool_] = np.isin(numbers, np.concatenate([np.empty(0, np.uint64), *has]))
        return found

    def idf(self, terms: Sequence[str]) -> NDArray[np.float64]:
        """How much each term tells, shape ``(n,)``."""
        return self.statistics.idf(np.array([number_of(term) for term in terms], np.uint64))

    def _where(self, ids: Ids) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which documents are in the base, and which in the delta."""
        in_base = _among(ids, self.base_ids)
        if len(self.dead):
            in_base &= ~_among(ids, self.dead)
        return in_base, _among(ids, self.delta_ids)

    def _of_base(self, query: Numbers, documents: Ids) -> NDArray[np.float64]:
        """The summed impacts of the query's terms on documents of the base, shape ``(n,)``.

        By their own postings, unless those of the terms are few: then a small catalogue is read
        once, for all its documents.
        """
        places = self.base.places(query)
        ranges = self.base.starts[places], self.base.starts[places + 1]
        if int((ranges[1] - ranges[0]).sum()) <= MOST_POSTINGS:
            return _gather(self.base, query, documents.astype(np.int32))
        asked = np.zeros(len(self.base.terms), np.bool_)
        asked[places] = True
        rows, terms, impacts = self.forward.of_documents(documents)
        here = asked[terms]
        scores: NDArray[np.float64] = np.bincount(
            rows[here], weights=impacts[here], minlength=len(documents)
        ).astype(np.float64)
        return scores

    def write(self, folder: Path, name: str) -> list[str]:
        """Writes an index that is all base into files of this folder and returns their names."""
        facts = {
            "documents": self.statistics.documents,
            "mean_length": self.statistics.mean_length,
        }
        (folder / f"{name}.json").write_text(json.dumps(facts), "ascii")
        np.save(folder / f"{name}-ids.npy", self.base_ids.astype("<i8"))
        arrays = [*self.base.write(folder, name), *self.forward.write(folder, name)]
        return [*arrays, f"{name}-ids.npy", f"{name}.json"]

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
        return cls(statistics, base, Forward.read(folder, name), ids, nothing, (), nothing)


def _mass(idf: NDArray[np.float64]) -> float:
    """What a document would score that had each term endlessly often.

    Unknown terms count: a query of which half is unknown can be covered by half.
    """
    return float(idf.sum())


def _telling(
    numbers: Numbers, frequencies: NDArray[np.int64], idf: NDArray[np.float64]
) -> NDArray[np.uint64]:
    """The rarest terms, as many as may be looked up: one at least that is known."""
    order = np.argsort(-idf, kind="stable")[:TELLING_TERMS]
    sums = frequencies[order].cumsum()
    # those that the base does not know stand first, cost nothing, and may be in the delta
    least = int((sums == 0).sum()) + 1
    return numbers[order[: max(least, int(sums.searchsorted(MOST_POSTINGS, side="right")))]]


def _among(ids: NDArray[Any], known: Ids) -> NDArray[np.bool_]:
    """Which of the ids are known; ``known`` is sorted, and looking into it costs little."""
    if not len(known):
        return np.zeros(len(ids), np.bool_)
    places = np.minimum(known.searchsorted(ids), len(known) - 1)
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
    """The summed impacts of these terms on chosen documents, shape ``(n,)``, by reading all
    postings of the terms."""
    found, impacts = _collect(part, numbers)
    highest = int(documents.max(initial=0))
    if highest < _DENSE * max(1, len(found)):
        kept = found <= highest
        totals = np.bincount(found[kept], weights=impacts[kept], minlength=highest + 1)
        return totals[documents].astype(np.float64)
    order = np.argsort(documents)
    ordered = documents[order]
    rows = np.minimum(ordered.searchsorted(found), len(documents) - 1)
    here = ordered[rows] == found
    scores = np.zeros(len(documents), np.float64)
    scores[order] = np.bincount(rows[here], weights=impacts[here], minlength=len(documents))
    return scores
