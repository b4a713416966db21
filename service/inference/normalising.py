"""Gives any encoder its texts in the one form that a reader would call the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from service.inference.protocol import EncodedQueries, Encoder, Vectors
from service.text import FORM, plain


class NormalisingEncoder:
    """Implements ``Encoder`` by another one; its fingerprint covers how texts are normalised."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name = encoder.name
        self.dimension = encoder.dimension
        self.languages = encoder.languages
        facts = f"{encoder.fingerprint} text form {FORM}"
        self.fingerprint = hashlib.sha256(facts.encode()).hexdigest()

    def encode_queries(self, texts: Sequence[str]) -> EncodedQueries:
        """As the encoder, of normalised texts."""
        return self._encoder.encode_queries([plain(text) for text in texts])

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """As the encoder, of normalised texts."""
        return self._encoder.encode_passages([plain(text) for text in texts], progress)
