"""Tells the language of a text, sure of short sentences, among those the catalogue has."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from service.language import ranked_languages

COVERED = 0.02
"""Below this share of the probability a text is in none of the languages asked for. The lowest of
3,570 sentences in the starter's six languages had 0.26, of 1,452 cuts of three to five words
0.024; of 26 sentences in 21 other languages one (Bulgarian) lay above."""

SURE_WORDS = 5
"""Shorter texts are not said to be in another language: a name or two decide nothing."""


@dataclass(frozen=True, slots=True)
class Detection:
    """The likeliest language (ISO 639-1), and whether it is one of those asked for."""

    language: str | None
    covered: bool


def detect(text: str, languages: Collection[str]) -> Detection:
    """The likeliest of ``languages``, or what else the text is in.

    A text without letters is in no language and counts as covered. All languages of the model
    are ranked and only then narrowed down: Spanish is then not taken for bad French.
    """
    if not any(character.isalpha() for character in text):
        return Detection(None, covered=True)
    # in capitals the model, which knows mostly small letters, is at a loss
    ranked = ranked_languages(text.casefold())
    within = [(language, share) for language, share in ranked if language in languages]
    short = len(text.split()) < SURE_WORDS
    if within and (short or sum(share for _, share in within) >= COVERED):
        return Detection(within[0][0], covered=True)
    return Detection(ranked[0][0], covered=False)
