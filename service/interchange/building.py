"""Makes a row of what a format's reader found: checked, cut to size, nothing lost unsaid."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError

from service.interchange.direct import claim_directly
from service.interchange.encodings import undecoded
from service.interchange.importing import Refused, Row
from service.interchange.merging import (
    MOST_APPEARANCES,
    MOST_KEYWORDS,
    MOST_REBUTTALS,
    MOST_WORDINGS,
    within,
)
from service.schemas.claim import LONGEST_REBUTTAL, LONGEST_TEXT, LONGEST_TITLE, ClaimSchema
from service.schemas.faults import faults

_INDISPENSABLE = frozenset({"id", "text", "rebuttal", "language", "narrative", "_schema"})
_ENTRIES = {"publisher", "outlet"}
"""Where one of these is wrong in an entry of a list, the entry as a whole is left out."""

_SENTENCE_END = re.compile(r"[.!?…][\"'»”’)]*\s")
_CUT = " […]"
_LOST = (
    "Letters are lost: bytes do not fit the file's encoding, or the mark � stands for them. Name "
    "the encoding with --encoding, or correct the row."
)
_LONGEST_ABOUT = 120
_SCHEMA = ClaimSchema()


def build(
    line: int, raw: Mapping[str, Any], *, notes: Sequence[str] = (), about: str | None = None
) -> Row | Refused:
    """The claim that ``raw`` holds in the shape of the interface, with plain texts already.

    A fault in its text, rebuttal, language or narrative refuses the row. Any other faulty value is
    left out and noted. A title that is too long becomes a wording; a rebuttal that is too long is
    cut at a sentence, noted, where a link leads to the whole of it.
    """
    claim = {name: value for name, value in raw.items() if value not in (None, "", [], {})}
    told = list(notes)
    about = _short(about or str(claim.get("text", "")))
    if undecoded((claim.get("text"), claim.get("rebuttal"), claim.get("title"))):
        return Refused(line, _LOST, about)
    _fit_title(claim)
    _fit_rebuttal(claim, told)
    for name, most in (
        ("keywords", MOST_KEYWORDS),
        ("appearances", MOST_APPEARANCES),
        ("rebuttals", MOST_REBUTTALS),
    ):
        if name in claim:
            claim[name] = _once(claim[name], most, name, told)
    if "wordings" in claim:
        claim["wordings"] = {
            language: list(within(texts, MOST_WORDINGS, f"wordings/{language}", told))
            for language, texts in claim["wordings"].items()
        }
    try:
        return Row(line, claim_directly(claim), tuple(told))
    except (AttributeError, KeyError, TypeError, ValueError):
        pass  # the schema tells what is wrong
    try:
        return Row(line, _SCHEMA.load(claim), tuple(told))
    except ValidationError as error:
        wrong = list(faults(error.messages))
    if any(
        pointer.split("/")[1:2] in ([], *([name] for name in _INDISPENSABLE))
        for pointer, _ in wrong
    ):
        return Refused(line, "; ".join(f"{pointer}: {fault}" for pointer, fault in wrong), about)
    for pointer, fault in wrong:
        told.append(f"{pointer} is left out: {fault}{_given(claim, pointer)}")
    claim = _without(claim, [pointer.split("/")[1:] for pointer, _ in wrong])
    try:
        return Row(line, _SCHEMA.load(claim), tuple(told))
    except ValidationError as error:
        reasons = "; ".join(f"{pointer}: {fault}" for pointer, fault in faults(error.messages))
        return Refused(line, reasons, about)


def _fit_title(claim: dict[str, Any]) -> None:
    title = claim.get("title")
    if not isinstance(title, str):
        return
    if title == claim.get("text"):
        del claim["title"]
    elif LONGEST_TITLE < len(title) <= LONGEST_TEXT:
        del claim["title"]
        wordings = {at: list(texts) for at, texts in claim.get("wordings", {}).items()}
        wordings.setdefault(claim.get("language", "en"), []).append(title)
        claim["wordings"] = wordings


def _fit_rebuttal(claim: dict[str, Any], notes: list[str]) -> None:
    text = claim.get("rebuttal")
    linked = any(rebuttal.get("url") for rebuttal in claim.get("rebuttals", ()))
    if not isinstance(text, str) or len(text) <= LONGEST_REBUTTAL or not linked:
        return
    room = text[: LONGEST_REBUTTAL - len(_CUT)]
    ends = [found.end() for found in _SENTENCE_END.finditer(room)]
    kept = room[: ends[-1]] if ends else room.rpartition(" ")[0] or room
    claim["rebuttal"] = kept.rstrip() + _CUT
    notes.append(
        f"/rebuttal is cut after {len(kept.rstrip()):,} of {len(text):,} characters; "
        "its links lead to the whole"
    )


def _once(entries: Sequence[Any], most: int, what: str, notes: list[str]) -> list[Any]:
    """The entries, each once, at most ``most``; entries may be mappings, which cannot be hashed."""
    by_content = {repr(entry): entry for entry in reversed(entries)}
    kept = within((repr(entry) for entry in entries), most, what, notes)
    return [by_content[content] for content in kept]


def _given(claim: Mapping[str, Any], pointer: str) -> str:
    value: Any = claim
    for step in pointer.split("/")[1:]:
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, ValueError, TypeError):
            return ""
    return f" ({_short(value)})" if isinstance(value, str) and value else ""


def _without(claim: dict[str, Any], paths: list[list[str]]) -> dict[str, Any]:
    """The claim without what stands at these places."""
    left = {
        name: [dict(entry) if isinstance(entry, Mapping) else entry for entry in value]
        if isinstance(value, list)
        else value
        for name, value in claim.items()
    }
    for path in paths:
        name, *rest = path
        entries = left.get(name)
        if not rest:
            left.pop(name, None)
        elif isinstance(entries, list) and rest[0].isdigit():
            entry = entries[int(rest[0])]
            whole = len(rest) == 1 or rest[1] in _ENTRIES
            if whole or not isinstance(entry, dict):
                entries[int(rest[0])] = None
            else:
                entry.pop(rest[1], None)
        elif isinstance(entries, Mapping):
            left[name] = {at: texts for at, texts in entries.items() if at != rest[0]}
    return {
        name: [entry for entry in value if entry is not None] if isinstance(value, list) else value
        for name, value in left.items()
    }


def _short(text: str) -> str:
    line = " ".join(text.split()).encode("utf-8", "replace").decode()
    return line if len(line) <= _LONGEST_ABOUT else line[:_LONGEST_ABOUT] + "…"
