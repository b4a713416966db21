"""Sentence groups and ordinary sentences, on which verifier and calibration are made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.errors import InvalidInput
from service.models import Claim


@dataclass(frozen=True, slots=True)
class SentenceGroup:
    """Sentences written for one claim. ``wording`` is the claim in ``language``.

    ``claim_id`` names a claim of the starter catalogue; None for a claim of the group's own.
    """

    id: str
    language: str
    claim: str
    wording: str
    repeats: tuple[str, ...]
    rejects: tuple[str, ...]
    related: tuple[str, ...]
    claim_id: str | None = None

    def as_claim(self) -> Claim:
        """The claim, for a catalogue in which its sentences are to be found."""
        wordings = {} if self.language == "en" else {self.language: (self.wording,)}
        return Claim(f"group-{self.id}", self.claim, "None is documented.", wordings=wordings)


def read_groups(paths: Iterable[Path]) -> list[SentenceGroup]:
    """The groups of JSON Lines files. Raises InvalidInput naming file and line."""
    groups = []
    for place, row in _rows(paths):
        try:
            groups.append(
                SentenceGroup(
                    str(row["id"]),
                    str(row.get("language") or "en"),
                    str(row["claim"]),
                    str(row.get("wording") or row["claim"]),
                    tuple(map(str, row["repeats"])),
                    tuple(map(str, row["rejects"])),
                    tuple(map(str, row["related"])),
                    row.get("claim_id"),
                )
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise InvalidInput({place: f"not a sentence group: {error}"}) from error
    return groups


def read_ordinary(paths: Iterable[Path]) -> list[tuple[str, str]]:
    """``(text, language)`` of ordinary sentences. Raises InvalidInput naming file and line."""
    found = []
    for place, row in _rows(paths):
        try:
            found.append((str(row["text"]), str(row.get("language") or "en")))
        except (KeyError, TypeError, AttributeError) as error:
            raise InvalidInput({place: f"not an ordinary sentence: {error}"}) from error
    return found


def _rows(paths: Iterable[Path]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if line.strip():
                place = f"{path}:{number}"
                try:
                    yield place, json.loads(line)
                except json.JSONDecodeError as error:
                    raise InvalidInput({place: f"not JSON: {error.msg}"}) from error
