"""Text to the terms of the lexical index: folded character grams, and stems.

Two views of the same words. Grams (3 and 4 letters within a word, after ``text.fold``) cross
languages, scripts, spellings and inflection, so one index over all wordings serves every
language, those that Snowball has no stemmer for included. Stems are whole words, which grams
blur; they only meet within a language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b

import Stemmer

from service.text import fold, plain

GRAM_LENGTHS = (3, 4)

# Ukrainian has no Snowball stemmer; the Russian one, whose endings it largely shares, found more
# than no stemming and than cutting words to a prefix.
_ALGORITHMS = {
    "en": "english",
    "ru": "russian",
    "uk": "russian",
    "pl": "polish",
    "de": "german",
    "fr": "french",
}
_NUMBER_OR_WORD = re.compile(r"\d{1,3}(?:[., ]\d{3})+(?!\d)|\d+[.,]\d+|[^\W_]+")
_POSSESSIVE = re.compile(r"'s\b", re.IGNORECASE)
_THOUSANDS = re.compile(r"[., ](?=\d{3})")


def words(text: str) -> list[str]:
    """The words of a text, case folded; ``100,000`` is the word ``100000``."""
    return [word for word, _ in spelled_words(text)]


def spelled_words(text: str) -> list[tuple[str, str]]:
    """The words of a text as ``(case folded, as it was spelled)``."""
    found = _NUMBER_OR_WORD.findall(_POSSESSIVE.sub("", plain(text)))
    return [
        (_THOUSANDS.sub("", word) if word[0].isdigit() else word.casefold(), word) for word in found
    ]


def stems_of(found: list[str], language: str) -> list[str]:
    """Words to stems; as they are where Snowball lacks the language."""
    algorithm = _ALGORITHMS.get(language)
    if algorithm is None:
        return found
    # a Stemmer holds state and is not thread-safe; a new one costs microseconds
    return list(Stemmer.Stemmer(algorithm, 0).stemWords(found))


def stems(text: str, language: str) -> list[str]:
    """The stemmed words of a text."""
    return stems_of(words(text), language)


def grams(text: str) -> list[str]:
    """The character grams of the folded words of a text, marked at the words' edges."""
    return [gram for word in words(text) for gram in grams_of(word)]


@lru_cache(maxsize=100_000)
def grams_of(word: str) -> tuple[str, ...]:
    """The grams of one case-folded word."""
    return tuple(_cut(f"<{fold(word)}>"))


@lru_cache(maxsize=400_000)
def number_of(term: str) -> int:
    """A term as 64 bits: what the index keeps, so that its vocabulary can be mapped."""
    return int.from_bytes(blake2b(term.encode(), digest_size=8).digest(), "little")


def _cut(marked: str) -> Iterator[str]:
    for length in GRAM_LENGTHS:
        if len(marked) < length:
            yield marked
        for start in range(len(marked) - length + 1):
            yield marked[start : start + length]
