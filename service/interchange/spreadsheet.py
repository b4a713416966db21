"""Claims from a table (CSV, TSV) of any newsroom, by a mapping of its columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from service.errors import ServiceError
from service.interchange.building import build
from service.interchange.cleaning import one_line, paragraphs_and_links
from service.interchange.dates import date_or_note
from service.interchange.delimited import Cells, Table
from service.interchange.identity import slug, stable_id
from service.interchange.importing import Refused, Row
from service.interchange.languages import language_code
from service.interchange.mapping import Mapped
from service.interchange.ratings import Accepted, Rating
from service.interchange.sources import links_in, publisher_of, sources
from service.models import CLAIM_ID

_SEPARATED = re.compile(r"[,;|\n]")


def read(path: Path, mapped: Mapped, accepted: Accepted) -> Iterator[Row | Refused]:
    """One claim per row. Where a rating is mapped, it decides as it does for ClaimReview.

    Raises:
        OSError: the file cannot be read.
        ServiceError: the mapping is wrong or names columns that are not there.
    """
    mapped.check()
    table = Table(path, delimiter=mapped.delimiter, encoding=mapped.encoding)
    missing = sorted({name for name in mapped.columns.values() if name not in table.columns})
    if missing:
        raise ServiceError(
            f"{path}: there is no column {', '.join(missing)}. "
            f"The columns are {', '.join(table.columns)}."
        )
    for cells in table.rows():
        yield cells if isinstance(cells, Refused) else _row(cells, mapped, accepted)


def _row(cells: Cells, mapped: Mapped, accepted: Accepted) -> Row | Refused:
    held = dict(mapped.constants)
    for name, column in mapped.columns.items():
        value = cells.by_column[column]
        held[name] = value if value.strip() else held.get(name, "")
    text = one_line(held["text"])
    rebuttal, linked = paragraphs_and_links(held["rebuttal"])
    if not text:
        return Refused(cells.line, "It has no text.")
    if not rebuttal:
        return Refused(cells.line, "It has no rebuttal.", text)
    rating = held.get("rating", "").strip()
    rated = "rating" in mapped.columns or "rating" in mapped.constants
    if rated and (reason := accepted.refusal(Rating((rating,) if rating else ()))):
        return Refused(cells.line, reason, text)
    language = language_code(held.get("language") or "en")
    if language is None:
        return Refused(cells.line, f"{held['language'].strip()!r} is no language.", text)
    claim_id = one_line(held.get("id", ""))
    if claim_id and not CLAIM_ID.match(claim_id):
        claim_id = slug(f"{mapped.source} {claim_id}")
    notes: list[str] = []
    narrative = one_line(held.get("narrative", ""))
    raw = {
        "id": claim_id or stable_id(mapped.source, text),
        "text": text,
        "title": one_line(held.get("title", "")),
        "language": language,
        "rebuttal": rebuttal,
        "narrative": {"id": slug(narrative), "title": narrative} if narrative else None,
        "wordings": _wordings(held),
        "first_seen": _date(held, "first_seen", mapped, notes),
        "facts_as_of": _date(held, "facts_as_of", mapped, notes),
        "keywords": [
            word for part in _SEPARATED.split(held.get("keywords", "")) if (word := one_line(part))
        ],
        "rebuttals": _rebuttals(held, language, mapped, rating, notes)
        + sources([*linked, *links_in(rebuttal)]),
        "appearances": _appearances(held, mapped, notes),
    }
    return build(cells.line, raw, notes=notes)


def _rebuttals(
    held: Mapping[str, str], language: str, mapped: Mapped, rating: str, notes: list[str]
) -> list[dict[str, Any]]:
    url = held.get("url", "").strip()
    publisher = one_line(held.get("publisher", "")) or publisher_of(url)
    if not publisher:
        if url or rating:
            notes.append("/rebuttals/0 is left out: it has no publisher")
        return []
    entry = {
        "publisher": publisher,
        "title": one_line(held.get("rebuttal_title", ""))[:500],
        "url": url,
        "date": _date(held, "rebuttal_date", mapped, notes),
        "language": language,
        "rating": rating,
    }
    return [{name: value for name, value in entry.items() if value}]


def _appearances(held: Mapping[str, str], mapped: Mapped, notes: list[str]) -> list[dict[str, Any]]:
    url = held.get("appearance_url", "").strip()
    outlet = one_line(held.get("outlet", "")) or publisher_of(url)
    if not outlet:
        if url:
            notes.append(f"/appearances/0 is left out: {url[:120]!r} is not a web address")
        return []
    spoken = held.get("appearance_language", "")
    entry = {
        "outlet": outlet,
        "url": url,
        "archived_url": held.get("archived_url", "").strip(),
        "date": _date(held, "appearance_date", mapped, notes),
        "language": language_code(spoken),
    }
    if spoken.strip() and not entry["language"]:
        notes.append(f"/appearances/0/language is left out: {spoken.strip()!r} is no language")
    return [{name: value for name, value in entry.items() if value}]


def _wordings(held: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in held.items():
        if name.startswith("wording.") and (text := one_line(value)):
            found.setdefault(name.removeprefix("wording."), []).append(text)
    return found


def _date(held: Mapping[str, str], name: str, mapped: Mapped, notes: list[str]) -> str | None:
    return date_or_note(held.get(name, ""), name, notes, mapped.dates)
