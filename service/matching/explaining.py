"""Tells which wording of a claim matched, and which of the query's terms carried it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from service.index.snapshot import Snapshot
from service.index.terms import grams, grams_of, spelled_words, stems_of
from service.models import Wording

MOST_TERMS = 6
LEAST_TELLING = 0.5
"""Words that tell less than this share of what the most telling one does are not worth showing."""


def best_wording(text: str, language: str | None, wordings: Sequence[Wording]) -> Wording:
    """The wording that shares most grams with the query, in its own language where there is one."""
    own = [wording for wording in wordings if wording.language == language]
    asked = _distinct_grams(text)

    def shared(wording: Wording) -> float:
        have = _distinct_grams(wording.text)
        return len(asked & have) / (len(asked | have) or 1)

    return max(own or wordings, key=shared)


def carrying_terms(
    snapshot: Snapshot, text: str, language: str | None, place: int
) -> tuple[str, ...]:
    """Words of the query that the claim at ``place`` has in the same language, in any form.

    The most telling first, as they were spelled in the query.
    """
    index = snapshot.stems.get(language or "")
    asked = spelled_words(text)
    if index is None or not asked:
        return ()
    stems = stems_of([word for word, _ in asked], language or "")
    spelled: dict[str, str] = {}
    for stem, (word, original) in zip(stems, asked, strict=True):
        if len(grams_of(word)) > 1:  # one letter tells nothing
            spelled.setdefault(stem, original)
    terms = list(spelled)
    present = index.present(terms, place)
    weights = index.idf(terms)
    ordered = sorted(
        (
            (float(weight), term)
            for term, weight, here in zip(terms, weights, present, strict=True)
            if here
        ),
        key=lambda found: -found[0],
    )
    least = LEAST_TELLING * ordered[0][0] if ordered else 0.0
    return tuple(spelled[term] for weight, term in ordered[:MOST_TERMS] if weight >= least)


@lru_cache(maxsize=8192)
def _distinct_grams(text: str) -> frozenset[str]:
    return frozenset(grams(text))
