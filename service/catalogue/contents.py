"""What an editor wrote of a claim, as JSON: how the history keeps it, and how it is compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from service.models import Appearance, Claim, Narrative, Rebuttal


def same_content(one: Claim, other: Claim) -> bool:
    """Whether two claims say the same, whatever their revisions."""
    return content(one) == content(other)


def content(claim: Claim) -> dict[str, Any]:
    """What an editor wrote of a claim, fit for JSON: without revision and time."""
    record = asdict(replace(claim, wordings=dict(sorted(claim.wordings.items()))))
    record["wordings"] = {
        key: list(dict.fromkeys(texts)) for key, texts in record["wordings"].items() if texts
    }
    del record["revision"], record["updated"]
    found: dict[str, Any] = json.loads(json.dumps(record))
    return found


def content_hash(claim: Claim) -> str:
    """The hex SHA-256 of what an editor wrote of a claim.

    What is empty does not count, so that a field that claims are given later changes no hash.
    """
    written = json.dumps(_filled(content(claim)), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode("utf-8")).hexdigest()


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        filled = {name: _filled(one) for name, one in value.items()}
        return {name: one for name, one in filled.items() if one not in (None, False, "", [], {})}
    return [_filled(one) for one in value] if isinstance(value, list) else value


def claim_of(content: Mapping[str, Any]) -> Claim:
    """The claim that ``content`` made this of."""
    made = dict(content)
    if made["narrative"]:
        made["narrative"] = Narrative(**made["narrative"])
    made["wordings"] = {language: tuple(texts) for language, texts in made["wordings"].items()}
    made["keywords"] = tuple(made["keywords"])
    made["appearances"] = tuple(Appearance(**one) for one in made["appearances"])
    made["rebuttals"] = tuple(Rebuttal(**one) for one in made["rebuttals"])
    return Claim(**made)
