"""What the lexical index reads of a claim."""

from __future__ import annotations

from dataclasses import dataclass

from service.index.terms import grams, stems_of, words
from service.models import Claim


@dataclass(frozen=True, slots=True)
class ClaimDocument:
    """A claim's terms: the grams of all that is said of it, and the stems of its wordings.

    Keywords and the rebuttal are in the grams, for they name what the wordings take as known.
    """

    grams: list[str]
    stems: dict[str, list[str]]


def document_of(claim: Claim) -> ClaimDocument:
    """The terms of a claim; ``stems`` by the language of the wordings."""
    gram_terms: list[str] = []
    stem_terms: dict[str, list[str]] = {}
    for language, _, text in claim.phrasings():
        gram_terms += grams(text)
        stem_terms.setdefault(language, []).extend(stems_of(words(text), language))
    for text in (*claim.keywords, claim.rebuttal):
        gram_terms += grams(text)
    return ClaimDocument(gram_terms, stem_terms)
