"""Claims from the EUvsDisinfo cases, as the file ``full_dataset.csv`` has them."""

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
from service.interchange.identity import stable_id
from service.interchange.importing import Refused, Row
from service.interchange.languages import language_code
from service.interchange.sources import links_in, sources

PUBLISHER = "EUvsDisinfo"
COLUMNS = (
    "issue", "date", "outlet", "language", "keywords", "source", "title", "summary", "disproof",
)  # fmt: skip
"""The columns that are needed; ``origin`` and ``reported by`` are not taken over."""

_LETTER = re.compile(r"[^\W\d_]")
_ENOUGH = 100
_LETTERS_NEEDED = 3
"""A disproof with fewer letters ("No") rebuts nothing."""


def read(path: Path, *, encoding: str | None = None) -> Iterator[Row | Refused]:
    """One claim per case; cases with the same summary get the same id and can be merged.

    The summary is the claim, the title its title, the disproof the rebuttal. ``language`` is that
    of the outlet: the cases themselves are written in English. Dates have the day first.

    Raises:
        OSError: the file cannot be read.
        ServiceError: the encoding cannot be told, or a column is missing.
    """
    table = Table(path, delimiter=";", encoding=encoding)
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise ServiceError(f"{path}: these columns are missing: {', '.join(missing)}.")
    for cells in table.rows():
        yield cells if isinstance(cells, Refused) else _row(cells)


def _row(cells: Cells) -> Row | Refused:
    cell = cells.by_column
    title, summary = one_line(cell["title"]), one_line(cell["summary"])
    text = summary or title
    disproof, linked = paragraphs_and_links(cell["disproof"])
    if not text:
        return Refused(cells.line, "It has neither a summary nor a title.")
    if len(_LETTER.findall(disproof, 0, _ENOUGH)) < _LETTERS_NEEDED:
        return Refused(cells.line, "It has no disproof: there is no rebuttal.", text)
    notes: list[str] = []
    day = date_or_note(cell["date"], "first_seen", notes, "dmy")
    links = [*linked, *links_in(disproof)]
    raw = {
        "id": stable_id("euvsdisinfo", text),
        "text": text,
        "title": title,
        "language": "en",
        "rebuttal": disproof,
        "rebuttals": [_own(cell), *sources(links)],
        "appearances": _appearances(cell, day),
        "first_seen": day,
        "keywords": [k for part in cell["keywords"].split(",") if (k := one_line(part))],
    }
    return build(cells.line, raw, notes=notes)


def _own(cell: Mapping[str, str]) -> dict[str, Any]:
    issue = one_line(cell["issue"])
    title = {"title": f"Disinformation Review, issue {issue}"} if issue else {}
    return {"publisher": PUBLISHER, "kind": "fact_check", "language": "en", **title}


def _appearances(cell: Mapping[str, str], day: str | None) -> list[dict[str, Any]]:
    address = cell["source"].strip()
    outlet = one_line(cell["outlet"])
    if not outlet and not address:
        return []
    entry = {
        "outlet": outlet or "unnamed",
        "url": address or None,
        "date": day,
        "language": language_code(cell["language"]),
    }
    return [{name: value for name, value in entry.items() if value}]
