"""Ids that stay the same from one import to the next, made from the source and the text."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from anyascii import anyascii

_DIGITS = 16
"""64 bits: among a million claims of a source two alike are expected once in 40 million."""

_LONGEST_SLUG = 64


def stable_id(source: str, text: str) -> str:
    """The id of a claim: the source's name, and a hash of the text whatever its white space."""
    told = " ".join(unicodedata.normalize("NFC", text).split())
    digest = hashlib.sha256(f"{source}\n{told}".encode("utf-8", "replace")).hexdigest()
    return f"{slug(source)}-{digest[:_DIGITS]}"


def slug(text: str) -> str:
    """The text in the letters of an id, Cyrillic ones as they sound; ``unnamed`` if none is left.

    A long one is cut and ends in a hash, so that two long ones do not become the same.
    """
    made = re.sub(r"[^a-z0-9]+", "-", anyascii(text).lower()).strip("-")
    if not made:
        return "unnamed"
    if len(made) <= _LONGEST_SLUG:
        return made
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{made[: _LONGEST_SLUG - 9].rstrip('-')}-{digest}"
