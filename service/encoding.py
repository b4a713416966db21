"""Encodes claims before they are saved, so that no transaction waits for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from service.catalogue.protocol import EncodedTexts
from service.inference.protocol import Encoder, speaks
from service.models import Claim

_NONE_KNOWN: Mapping[str, Claim] = {}


def encode_claims(
    encoder: Encoder,
    number: int,
    claims: Sequence[Claim],
    known: Mapping[str, Claim] = _NONE_KNOWN,
) -> EncodedTexts:
    """The vectors of the wordings that the encoder speaks; ``number`` is its in the catalogue.

    ``known`` are the claims as the catalogue has them, by id: what they say already has its vector.
    """
    texts: set[str] = set()
    for claim in claims:
        before = known.get(claim.id)
        phrasings = set(claim.phrasings()).difference(before.phrasings() if before else ())
        texts.update(text for language, _, text in phrasings if speaks(encoder, language))
    ordered = sorted(texts)
    rows = encoder.encode_passages(ordered) if ordered else ()
    return EncodedTexts(number, dict(zip(ordered, rows, strict=True)))
