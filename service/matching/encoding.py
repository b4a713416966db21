"""Encodes claims before they are saved."""

from __future__ import annotations

from collections.abc import Sequence

from service.catalogue.catalogue import EncodedTexts
from service.inference.protocol import Encoder, speaks
from service.models import Claim


def encode_claims(encoder: Encoder, number: int, claims: Sequence[Claim]) -> EncodedTexts:
    """The vectors of the wordings that the encoder speaks; ``number`` is its in the catalogue."""
    texts = sorted(
        {
            text
            for claim in claims
            for language, _, text in claim.phrasings()
            if speaks(encoder, language)
        }
    )
    rows = encoder.encode_passages(texts)
    return EncodedTexts(number, dict(zip(texts, rows, strict=True)))
