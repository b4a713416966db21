"""Files read line by line; whatever is wrong is told with file and line."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.evaluation.sets import Query, SetError


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file."""

    path: Path
    line: int

    def wrong(self, reason: str) -> SetError:
        """The error to raise for this line."""
        return SetError(f"{self.path}:{self.line}: {reason}")


def decoded(path: Path) -> Iterator[tuple[Place, str]]:
    """The lines of a UTF-8 file, with their line ends.

    Raises:
        SetError: the file cannot be read, or a line is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                place = Place(path, number)
                line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
                try:
                    yield place, line.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise place.wrong(f"not UTF-8 at byte {error.start + 1}") from error
    except OSError as error:
        raise SetError(f"{path}: cannot be read: {error.strerror or error}") from error


def json_rows(path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The objects of a JSON Lines file; blank lines are passed over. Raises SetError."""
    for place, line in decoded(path):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise place.wrong(f"not JSON: {error.msg} at column {error.colno}") from error
        except RecursionError as error:
            raise place.wrong("not JSON: nested too deeply") from error
        if not isinstance(row, dict):
            raise place.wrong("not a JSON object")
        yield place, row


def tab_rows(path: Path, columns: int) -> Iterator[tuple[Place, list[str]]]:
    """The rows of a tab-separated file quoted as CSV, each of ``columns`` fields.

    A first row whose first field is empty or the word ``id`` is a heading and is left out.

    Raises:
        SetError: the file cannot be read, or a row has another number of fields.
    """
    rows = csv.reader((line for _, line in decoded(path)), delimiter="\t", strict=True)
    first = True
    while True:
        place = Place(path, rows.line_num + 1)
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise place.wrong(f"not tab-separated as CSV is: {error}") from error
        heading = first and row[:1] and row[0].strip().lower() in ("", "id", "_id", "qid")
        if row and not heading:
            if len(row) != columns:
                raise place.wrong(f"{columns} tab-separated fields expected, {len(row)} found")
            yield place, row
        first = first and not row


def text_of(place: Place, row: dict[str, Any], name: str) -> str:
    """A field that must be a text with something in it; an ``id`` may be a number."""
    value = row.get(name)
    if name == "id" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise place.wrong(f"{name!r} must be a text, and not an empty one")
    return value


def optional_text(place: Place, row: dict[str, Any], name: str) -> str | None:
    """A field that may be absent or null."""
    return None if row.get(name) is None else text_of(place, row, name)


def ids_of(place: Place, row: dict[str, Any], name: str) -> frozenset[str]:
    """A field that must be a list of ids, and not an empty one."""
    value = row.get(name)
    if not isinstance(value, list) or not value:
        raise place.wrong(f"{name!r} must be a list of ids, and not an empty one")
    if not all(isinstance(item, str) and item for item in value):
        raise place.wrong(f"{name!r} must hold ids, which are texts")
    return frozenset(value)


def collect(rows: Iterator[tuple[Place, Query]]) -> tuple[Query, ...]:
    """The queries, none of whose ids may occur twice. Raises SetError."""
    found: dict[str, Query] = {}
    for place, query in rows:
        if query.id in found:
            raise place.wrong(f"the id {query.id!r} occurs twice")
        found[query.id] = query
    return tuple(found.values())
