"""What the rest of the house knows of an encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Rows of L2-normalised vectors, shape ``(texts, dimension)``: a dot product is a cosine."""


@dataclass(frozen=True, slots=True)
class EncodedQueries:
    """``vectors`` has one row per text; ``truncated`` tells which texts were not seen whole."""

    vectors: Vectors
    truncated: tuple[bool, ...]


class Encoder(Protocol):
    """Turns text into normalised vectors.

    ``fingerprint`` is a hex SHA-256 over all that decides a vector (weights, tokenizer, maximum
    length, prompts, normalisation, languages): equal fingerprints give equal vectors.
    """

    @property
    def name(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def dimension(self) -> int: ...

    @property
    def languages(self) -> frozenset[str] | None:
        """ISO 639-1 codes of the languages that the encoder speaks; None stands for all."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> EncodedQueries: ...

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Encodes wordings; ``progress`` is called with the number of texts done since last."""
        ...


def speaks(encoder: Encoder, language: str | None) -> bool:
    """Whether vectors of this language mean anything; an unknown language is given the chance."""
    return language is None or encoder.languages is None or language in encoder.languages
