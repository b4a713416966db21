"""What is known of a query and its candidate without reading them together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from service.index.lexical import LexicalIndex
from service.index.snapshot import Snapshot
from service.index.terms import stems
from service.matching.candidates import Candidates
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
_NUMBER = re.compile(r"\d")


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
    asked = stems(text, language or "")
    index = snapshot.stems.get(language or "")
    fused = np.append(candidates.fused, 0.0)
    shares = np.append(evidence.grams, 0.0)
    rows = np.empty((len(candidates), len(NAMES)))
    for row, (wording, claim) in enumerate(zip(wordings, claims, strict=True)):
        own = _stems(wording.text, wording.language)
        refuted = _stems(claim.rebuttal, claim.language) if claim.language == language else ()
        covered, covering = _covered(asked, own, index), _covered(own, asked, index)
        rivals = np.delete(fused, row)
        gram_rivals = np.delete(shares, row)
        other = 0.0 if spoken else 1.0
        rows[row] = (
            0.0 if evidence.best_cosine is None else evidence.best_cosine[row],
            0.0 if evidence.cosine is None else evidence.cosine[row],
            evidence.grams[row],
            evidence.stems[row],
            candidates.fused[row],
            candidates.fused[row] - rivals.max(),
            evidence.grams[row] - gram_rivals.max(),
            min(row, _LONGEST_RANK),
            covered,
            covering,
            _numbers(asked, own),
            _numbers(own, asked),
            _covered(asked, list(set(refuted) - set(own)), index),
            np.log1p(len(asked)),
            np.log1p(len(own)),
            other,
            float(language in ("ru", "uk")),
            float(language == "pl"),
            evidence.grams[row] * other,
            covered * other,
            covering * other,
        )
    return rows


@lru_cache(maxsize=20_000)
def _stems(text: str, language: str) -> tuple[str, ...]:
    """Those of a wording or a rebuttal, which come again and again."""
    return tuple(stems(text, language))


def _covered(terms: Sequence[str], by: Sequence[str], index: LexicalIndex | None) -> float:
    """The share of the terms, by what each tells, that the others have too."""
    distinct = sorted(set(terms))
    if not distinct:
        return 0.0
    weights = index.idf(distinct) if index else np.ones(len(distinct))
    have = set(by)
    present = np.array([term in have for term in distinct])
    return float(weights[present].sum() / (weights.sum() or 1.0))


def _numbers(terms: Sequence[str], by: Sequence[str]) -> float:
    """The share of the numbers that the others have too; a half where there is none."""
    own = {term for term in terms if _NUMBER.match(term)}
    return len(own & set(by)) / len(own) if own else _NO_NUMBER
