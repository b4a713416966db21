"""Makes one claim of several rows that hold the same statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from service.interchange.importing import Row
from service.models import Claim, date_span
from service.schemas.claim import LONGEST_REBUTTAL

MOST_APPEARANCES = 500
MOST_REBUTTALS = 200
MOST_KEYWORDS = 50
MOST_WORDINGS = 100

T = TypeVar("T")


def merge(earlier: Row, later: Row) -> Row:
    """The earlier row with what the later one adds to it; what finds no room is noted."""
    one, other = earlier.claim, later.claim
    notes = [*earlier.notes, *later.notes]
    claim = replace(
        one,
        rebuttal=_joined(one.rebuttal, other.rebuttal, later.line, notes),
        title=one.title or other.title,
        narrative=one.narrative or other.narrative,
        wordings=_wordings(one, other, notes),
        first_seen=_earliest(one.first_seen, other.first_seen),
        keywords=within((*one.keywords, *other.keywords), MOST_KEYWORDS, "keywords", notes),
        appearances=within(
            (*one.appearances, *other.appearances), MOST_APPEARANCES, "appearances", notes
        ),
        rebuttals=within((*one.rebuttals, *other.rebuttals), MOST_REBUTTALS, "rebuttals", notes),
    )
    return replace(
        earlier,
        claim=claim,
        notes=tuple(dict.fromkeys(notes)),
        copies=earlier.copies + later.copies + 1,
    )


def within(values: Iterable[T], most: int, what: str, notes: list[str]) -> tuple[T, ...]:
    """The values, each once, at most ``most`` of them; if there are more, that is noted."""
    once = tuple(dict.fromkeys(values))
    if len(once) > most:
        notes.append(f"/{what}: {len(once) - most} of {len(once)} are left out: {most} is the most")
    return once[:most]


def _joined(one: str, other: str, line: int, notes: list[str]) -> str:
    if other in one:
        return one
    if one in other:
        return other
    together = f"{one}\n\n{other}"
    if len(together) <= LONGEST_REBUTTAL:
        return together
    notes.append(f"/rebuttal: that of line {line} is left out: together they are too long")
    return one


def _wordings(one: Claim, other: Claim, notes: list[str]) -> Mapping[str, tuple[str, ...]]:
    found = {language: list(texts) for language, texts in one.wordings.items()}
    for language, texts in other.wordings.items():
        found.setdefault(language, []).extend(texts)
    if other.title and one.title and other.title not in (one.title, one.text):
        found.setdefault(other.language, []).append(other.title)
    return {
        language: within(texts, MOST_WORDINGS, f"wordings/{language}", notes)
        for language, texts in found.items()
    }


def _earliest(one: str | None, other: str | None) -> str | None:
    known = [value for value in (one, other) if value]
    return min(known, key=lambda value: (date_span(value)[0], -len(value)), default=None)
