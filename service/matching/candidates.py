"""Searches a snapshot from both sides and weighs the claims that either finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.index.postings import numbers_of
from service.index.protocol import Ids
from service.index.snapshot import Snapshot
from service.index.terms import grams, stems
from service.inference.protocol import Vectors
from service.matching.fusion import Evidence, Floats, fuse

DEPTH = 50
"""Claims taken from each side. Deeper, scoring every claim ranked no query's claim better."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """The claims that may be meant, best first.

    ``places`` are the claims' places in the roster, ``fused`` their fused scores, ``best_wordings``
    the wording of each with the highest cosine (-1 without a cosine).
    """

    places: NDArray[np.int64]
    fused: Floats
    evidence: Evidence
    best_wordings: NDArray[np.int64]

    total: int
    """How many claims were considered, those included that are not kept here."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self.places)

    def chosen(self, rows: Sequence[int] | NDArray[np.intp]) -> Candidates:
        """Those of these rows, in this order."""
        order = np.asarray(rows, np.intp)
        return Candidates(
            self.places[order],
            self.fused[order],
            _reordered(self.evidence, order),
            self.best_wordings[order],
            self.total,
        )


def find_candidates(
    snapshot: Snapshot,
    text: str,
    vector: Vectors | None,
    language: str | None,
    least: int,
    allowed: Ids | None,
) -> Candidates:
    """At least ``least`` claims where there are so many, or ``DEPTH`` from each side.

    ``vector`` is None where the encoder does not speak the query's language. ``allowed`` are the
    wordings of the claims that pass the filters, None for all.
    """
    depth = max(DEPTH, least)
    claims = None if allowed is None else _distinct(snapshot.roster.places_of(allowed))
    gram_terms = numbers_of(grams(text))
    stem_index = snapshot.stems.get(language or "")
    stem_terms = numbers_of(stems(text, language or "") if stem_index else ())
    found = [snapshot.grams.nearest(gram_terms, depth, claims)[0]]
    if stem_index:
        found.append(stem_index.nearest(stem_terms, depth, claims)[0])
    if vector is not None:
        found.append(_dense_claims(snapshot, vector, depth, allowed))
    places = np.unique(np.concatenate(found))
    mean, best, best_wordings = _cosines(snapshot, places, vector)
    gram_shares = snapshot.grams.similarities(gram_terms, places)
    stem_shares = (
        stem_index.similarities(stem_terms, places)
        if stem_index
        else np.zeros(len(places), np.float32)
    )
    evidence = Evidence(mean, best, _known(gram_shares), _known(stem_shares))
    fused = fuse(evidence)
    # ties go to the claim that was catalogued first
    order = np.lexsort((places, -fused))
    found_all = Candidates(places, fused, evidence, best_wordings, len(places))
    return found_all.chosen(order)


def _dense_claims(
    snapshot: Snapshot, vector: Vectors, wanted: int, allowed: Ids | None
) -> NDArray[np.int64]:
    """The claims of the nearest wordings, ``wanted`` of them where there are so many."""
    depth = 2 * wanted
    while True:
        wordings, _ = snapshot.dense.nearest(vector, depth, allowed)
        claims = _distinct(snapshot.roster.places_of(wordings))
        if len(claims) >= wanted or len(wordings) < depth:
            return claims
        depth *= 4


def _cosines(
    snapshot: Snapshot, places: NDArray[np.int64], vector: Vectors | None
) -> tuple[Floats | None, Floats | None, NDArray[np.int64]]:
    """Mean and best cosine of each claim's wordings, and which wording is the best."""
    best_wordings = np.full(len(places), -1, np.int64)
    if vector is None:
        return None, None, best_wordings
    wordings, owners = snapshot.roster.wordings_at_all(places)
    cosines = snapshot.dense.similarities(vector, wordings)
    spoken = ~np.isnan(cosines)
    owners, wordings, cosines = owners[spoken], wordings[spoken], cosines[spoken]
    counts = np.bincount(owners, minlength=len(places))
    sums = np.bincount(owners, weights=cosines, minlength=len(places))
    mean, best = sums / np.maximum(counts, 1), np.zeros(len(places))
    # of each claim's rows, ordered by cosine, the last one wins; of equals the older wording
    order = np.lexsort((-wordings, cosines, owners))
    last = np.cumsum(counts)[counts > 0] - 1
    winners = order[last]
    best_wordings[counts > 0] = wordings[winners]
    best[counts > 0] = cosines[winners]
    return mean, best, best_wordings


def _reordered(evidence: Evidence, order: NDArray[np.intp]) -> Evidence:
    return Evidence(
        None if evidence.cosine is None else evidence.cosine[order],
        None if evidence.best_cosine is None else evidence.best_cosine[order],
        evidence.grams[order],
        evidence.stems[order],
    )


def _known(shares: NDArray[np.floating]) -> Floats:
    """A claim that an index has not (no wording in that language) covers nothing."""
    return np.nan_to_num(shares.astype(np.float64), nan=0.0)


def _distinct(places: NDArray[np.int32]) -> NDArray[np.int64]:
    return np.unique(places[places >= 0]).astype(np.int64)
