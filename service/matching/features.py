"""What is known of a query and its candidate without reading them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import fsum, log1p

import numpy as np
from numpy.typing import NDArray

from service.index.lexical import LexicalIndex
from service.index.snapshot import Snapshot
from service.index.terms import stems
from service.matching.candidates import Candidates
from service.matching.fusion import Floats
from service.models import Claim, Wording

NAMES = (
    "best cosine",
    "mean cosine",
    "grams",
    "stems",
    "fused",
    "gap",
    "gram gap",
    "rank",
    "query covered",
    "wording covered",
    "numbers of the query",
    "numbers of the wording",
    "covered by the rebuttal alone",
    "query length",
    "wording length",
    "not spoken",
    "Cyrillic",
    "Polish",
    "grams, not spoken",
    "query covered, not spoken",
    "wording covered, not spoken",
)
"""The features in their order. A calibration names those it was fitted on and is refused where
they differ."""

Features = NDArray[np.float64]

_NO_NUMBER = 0.5
_LONGEST_RANK = 5


def features(
    snapshot: Snapshot,
    text: str,
    language: str | None,
    candidates: Candidates,
    wordings: Sequence[Wording],
    claims: Sequence[Claim],
) -> Features:
    """One row per candidate, shape ``(n, len(NAMES))``.

    ``wordings`` are those that matched and ``claims`` their claims, one a candidate.
    """
    evidence = candidates.evidence
    spoken = evidence.cosine is not None
    query = stems(text, language or "")
    asked = _Stems(frozenset(query), len(query))
    compared = [
        (
            _stems(wording.text, wording.language),
            _stems(claim.rebuttal, claim.language) if claim.language == language else _NOTHING,
        )
        for wording, claim in zip(wordings, claims, strict=True)
    ]
    texts = (asked, *(own for own, _ in compared))
    weights = _weights(texts, snapshot.stems.get(language or ""))
    fused, shares = _best_others(candidates.fused), _best_others(evidence.grams)
    other = 0.0 if spoken else 1.0
    rows = np.empty((len(candidates), len(NAMES)))
    for row, (own, refuted) in enumerate(compared):
        covered = _covered(asked.distinct, own.distinct, weights)
        covering = _covered(own.distinct, asked.distinct, weights)
        rows[row] = (
            0.0 if evidence.best_cosine is None else evidence.best_cosine[row],
            0.0 if evidence.cosine is None else evidence.cosine[row],
            evidence.grams[row],
            evidence.stems[row],
            candidates.fused[row],
            candidates.fused[row] - fused[row],
            evidence.grams[row] - shares[row],
            min(row, _LONGEST_RANK),
            covered,
            covering,
            _numbers(asked.distinct, own.distinct),
            _numbers(own.distinct, asked.distinct),
            _covered(asked.distinct, refuted.distinct - own.distinct, weights),
            log1p(asked.count),
            log1p(own.count),
            other,
            float(language in ("ru", "uk")),
            float(language == "pl"),
            evidence.grams[row] * other,
            covered * other,
            covering * other,
        )
    return rows


@dataclass(frozen=True, slots=True)
class _Stems:
    """The distinct stems of a text, and how many it has with those that come again."""

    distinct: frozenset[str]
    count: int


_NOTHING = _Stems(frozenset(), 0)


@lru_cache(maxsize=20_000)
def _stems(text: str, language: str) -> _Stems:
    """Those of a wording or a rebuttal, which come again and again."""
    found = stems(text, language)
    return _Stems(frozenset(found), len(found))


def _weights(texts: Iterable[_Stems], index: LexicalIndex | None) -> Mapping[str, float]:
    """What each stem of these texts tells: all are looked up at once."""
    terms = list({term for text in texts for term in text.distinct})
    if index is None:
        return dict.fromkeys(terms, 1.0)
    return dict(zip(terms, index.idf(terms).tolist(), strict=True))


def _covered(terms: frozenset[str], by: frozenset[str], weights: Mapping[str, float]) -> float:
    """The share of the terms, by what each tells, that the others have too."""
    # fsum: the order of a set must not show in the digits
    whole = fsum(weights[term] for term in terms)
    return fsum(weights[term] for term in terms & by) / (whole or 1.0)


def _numbers(terms: frozenset[str], by: frozenset[str]) -> float:
    """The share of the numbers that the others have too; a half where there is none."""
    own = {term for term in terms if term[:1].isdecimal()}
    return len(own & by) / len(own) if own else _NO_NUMBER


def _best_others(values: Floats) -> Floats:
    """For each value the highest of the others, 0 where none is higher; shape ``(n,)``."""
    best, second = np.sort(np.append(values, (0.0, 0.0)))[:-3:-1]
    others: Floats = np.where(values == best, second, best)
    return others
