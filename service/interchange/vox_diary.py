"""Claims from VoxUkraine's Propaganda Diary, whose languages are one file each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import Any

import ijson  # type: ignore[import-untyped]

from service.errors import ServiceError
from service.interchange.building import build
from service.interchange.cleaning import one_line, paragraphs_and_links
from service.interchange.dates import date_or_note
from service.interchange.encodings import Utf8, encoding_of, open_text
from service.interchange.identity import slug, stable_id
from service.interchange.importing import Refused, Row
from service.interchange.sources import sources

PUBLISHER = "VoxUkraine"
TITLE = "Propaganda Diary"
ORDER = ("en", "uk", "ru")
"""The first of these that a case has is the language of the claim; the others are wordings."""

_CASE = "Disinfo_cases"
_NOT_A_CODE = {"ua": "uk"}

Case = Mapping[str, Any]


def read(paths: Sequence[Path]) -> Iterator[Row | Refused]:
    """One claim per case, with its wordings in all languages; ``line`` is the case's number.

    The files list the same cases in the same order. Where date and medium differ, the case is
    refused rather than joined with another one. Dates have the day first.

    Raises:
        OSError: a file cannot be read.
        ServiceError: a file is no list of cases, or two are in the same language.
    """
    with ExitStack() as files:
        streams = {}
        for path in paths:
            language = _language(path)
            if language in streams:
                raise ServiceError(f"{path}: another file is in this language ({language}), too.")
            file = files.enter_context(open_text(path, encoding_of(path)))
            streams[language] = _cases(path, Utf8(file))
        for number, cases in enumerate(zip_longest(*streams.values()), start=1):
            present = {
                language: case
                for language, case in zip(streams, cases, strict=True)
                if isinstance(case, Mapping)
            }
            yield _row(number, present)


def _language(path: Path) -> str:
    with open_text(path, encoding_of(path)) as file:
        first = next(_cases(path, Utf8(file)), None)
    if isinstance(first, Mapping):
        for name in first:
            if name.startswith(_CASE):
                code = str(name).removeprefix(_CASE).strip("_ ").lower()
                return _NOT_A_CODE.get(code, code)
    raise ServiceError(f"{path}: not a list of cases with a field {_CASE}_….")


def _cases(path: Path, file: Utf8) -> Iterator[Any]:
    try:
        yield from ijson.items(file, "item", use_float=True)
    except ijson.JSONError as error:
        fault = str(error).split("\n", 1)[0]
        raise ServiceError(f"{path}: not JSON: {fault}") from error


def _row(number: int, cases: Mapping[str, Case]) -> Row | Refused:
    texts = {language: one_line(_text(case, _CASE)) for language, case in cases.items()}
    spoken = [language for language in _ordered(cases) if texts[language]]
    if not spoken:
        return Refused(number, "The case is empty.")
    main = spoken[0]
    text, case = texts[main], cases[main]
    if any(_mark(other) != _mark(case) for other in cases.values()):
        reason = "Its date or medium is not the same in all languages: the files do not match."
        return Refused(number, reason, text)
    rebuttal, links = paragraphs_and_links(_text(case, "Debunking"))
    if not rebuttal:
        return Refused(number, "It has no debunk: there is no rebuttal.", text)
    for language in spoken[1:]:
        links += paragraphs_and_links(_text(cases[language], "Debunking"))[1]
    notes: list[str] = []
    day = date_or_note(_text(case, "Date"), "first_seen", notes, "dmy")
    narrative = one_line(_text(case, "Narrative"))
    own = {"publisher": PUBLISHER, "title": TITLE, "kind": "fact_check", "language": main}
    raw = {
        "id": stable_id("vox-diary", text),
        "text": text,
        "title": one_line(_text(case, "Fakes")),
        "language": main,
        "wordings": {language: [texts[language]] for language in spoken[1:]},
        "narrative": {"id": f"vox-{slug(narrative)}", "title": narrative} if narrative else None,
        "rebuttal": rebuttal,
        "rebuttals": [own, *sources(links)],
        "appearances": _appearances(cases, spoken, day),
        "first_seen": day,
        "keywords": [word] if (word := one_line(_text(case, "Countries"))) else [],
    }
    return build(number, raw, notes=notes)


def _appearances(
    cases: Mapping[str, Case], spoken: Sequence[str], day: str | None
) -> list[dict[str, Any]]:
    outlet = one_line(_text(cases[spoken[0]], "Media"))
    if not outlet:
        return []
    # a translator's machine wrote "Russia" into English addresses: the original has it right
    addresses = [_text(cases[at], "Link").strip() for at in (*reversed(_ordered(cases)),)]
    address = next((found for found in addresses if found.startswith("http")), None)
    entry = {"outlet": outlet, "url": address, "date": day}
    return [{name: value for name, value in entry.items() if value}]


def _ordered(cases: Mapping[str, Case]) -> list[str]:
    known = [language for language in ORDER if language in cases]
    return [*known, *sorted(cases.keys() - set(ORDER))]


def _mark(case: Case) -> tuple[str, str]:
    return _text(case, "Date").strip(), one_line(_text(case, "Media")).casefold()


def _text(case: Case, field: str) -> str:
    found = next((case[name] for name in case if name.startswith(field)), None)
    return found if isinstance(found, str) else ""
