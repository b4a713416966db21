"""Finds the ClaimReview objects in JSON-LD, one at a time, however large the file is."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import ijson  # type: ignore[import-untyped]
from selectolax.lexbor import LexborHTMLParser

from service.interchange.encodings import Utf8, encoding_of, marked, open_text
from service.interchange.importing import Refused

CONTAINERS = frozenset(
    {"@graph", "dataFeedElement", "item", "itemListElement", "mainEntity", "hasPart", "subjectOf"}
)
"""Properties whose values may be reviews; everything else belongs to the object that has it."""

DEEPEST = 64
_MOST_NAMED = 10_000
_MOST_WAITING = 1_000
_PAGE = 8 << 20
_PREFIX = re.compile(r"^(?:https?://schema\.org/|schema:)")
_WRAPPING = re.compile(
    r"^\s*(?:<!--|(?://|/\*)?\s*<!\[CDATA\[(?:\s*\*/)?)|(?:-->|(?://|/\*)?\s*\]\]>(?:\s*\*/)?)\s*$"
)

Node = dict[str, Any]
Events = Iterator[tuple[str, Any]]
Found = tuple[int, Node]
"""A review and its number among the reviews of the file, from 1."""


def find_reviews(path: Path, encoding: str | None = None) -> Iterator[Found | Refused]:
    """The reviews of a JSON file (objects one after the other, too) or of an HTML page.

    An author that is given by its ``@id`` alone is looked up in the same file.

    Raises:
        OSError: the file cannot be read.
        ServiceError: its encoding cannot be told.
    """
    encoding = encoding or encoding_of(path)
    with open_text(path, encoding) as file:
        is_page = _first_sign(file.read(1 << 16)) == "<"
    with open_text(path, encoding) as file:
        nodes = _in_page(file) if is_page else _in_json(Utf8(file))
        yield from _numbered(nodes)


def is_review(node: Node) -> bool:
    """Whether the object is of schema.org's type ClaimReview."""
    types = node.get("@type")
    return any(
        isinstance(name, str) and _PREFIX.sub("", name) == "ClaimReview"
        for name in (types if isinstance(types, list) else [types])
    )


def _first_sign(text: str) -> str:
    return text.lstrip("\ufeff \t\r\n")[:1]


def _numbered(nodes: Iterable[Node | str]) -> Iterator[Found | Refused]:
    named: dict[str, Node] = {}
    waiting: list[tuple[int, Node]] = []
    number = 0
    for node in nodes:
        if isinstance(node, str):
            number += 1
            yield Refused(number, node)
        elif not is_review(node):
            if "name" in node and isinstance(node.get("@id"), str) and len(named) < _MOST_NAMED:
                named[node["@id"]] = node
        else:
            number += 1
            if _complete(node, named) or len(waiting) >= _MOST_WAITING:
                yield number, node
            else:
                waiting.append((number, node))
    for place, node in waiting:
        _complete(node, named)
        yield place, node


def _complete(review: Node, named: dict[str, Node]) -> bool:
    """Puts the named author and publisher in place; False where one of them is not known yet."""
    whole = True
    for role in ("author", "publisher"):
        value = review.get(role)
        if isinstance(value, dict) and "name" not in value and isinstance(value.get("@id"), str):
            if value["@id"] in named:
                review[role] = named[value["@id"]]
            else:
                whole = False
    return whole


# JSON


def _in_json(file: Utf8) -> Iterator[Node | str]:
    """All objects outside of other objects' properties; a fault, told as text, ends them."""
    try:
        events = iter(ijson.basic_parse(file, use_float=True, multiple_values=True))
        for event, _ in events:
            yield from _walk(events, event, 0)
    except ijson.JSONError as error:
        fault = str(error).split("\n", 1)[0]
        yield f"Not JSON from here on: {fault}. What stood before has been read."
    except RecursionError:
        yield "Nested too deeply. What stood before has been read."


def _walk(events: Events, event: str, depth: int) -> Iterator[Node]:
    """The objects of a value that begins with ``event``, each without those inside of it."""
    if depth > DEEPEST:
        raise RecursionError
    if event == "start_array":
        for inner, _ in events:
            if inner == "end_array":
                return
            yield from _walk(events, inner, depth + 1)
    if event == "start_map":
        own: Node = {}
        for inner, key in events:
            if inner == "end_map":
                break
            name = _PREFIX.sub("", key)
            begun, value = next(events)
            if name in CONTAINERS and begun in ("start_map", "start_array"):
                yield from _walk(events, begun, depth + 1)
            else:
                own[name] = _whole(events, begun, value, depth + 1)
        yield own


def _whole(events: Events, event: str, value: Any, depth: int) -> Any:
    """A value with all that is in it."""
    if depth > DEEPEST:
        raise RecursionError
    if event == "start_array":
        items = []
        for inner, held in events:
            if inner == "end_array":
                break
            items.append(_whole(events, inner, held, depth + 1))
        return items
    if event == "start_map":
        node = {}
        for inner, key in events:
            if inner == "end_map":
                break
            node[_PREFIX.sub("", key)] = _whole(events, *next(events), depth + 1)
        return node
    return value


# Pages


def _in_page(lines: Iterable[str]) -> Iterator[Node | str]:
    for part in _parts(lines):
        for script in LexborHTMLParser(marked(part)).css('script[type*="ld+json" i]'):
            try:
                yield from _objects(_loaded(script.text()), 0)
            except ValueError as error:
                yield f"JSON-LD that cannot be read: {error}"
            except RecursionError:
                yield "JSON-LD that cannot be read: nested too deeply."


def _parts(lines: Iterable[str]) -> Iterator[str]:
    """A page as a whole, or, where many were put in one file, parts that end with a script."""
    part: list[str] = []
    size = 0
    for line in lines:
        part.append(line)
        size += len(line)
        if size >= _PAGE and "</script>" in line.lower():
            yield "".join(part)
            part, size = [], 0
    yield "".join(part)


def _loaded(script: str) -> Any:
    text = _WRAPPING.sub("", script).strip().rstrip(";")
    if not text:
        return []
    try:
        return json.loads(text, strict=False)
    except json.JSONDecodeError:
        return json.loads(html.unescape(text), strict=False)


def _objects(value: Any, depth: int) -> Iterator[Node]:
    if depth > DEEPEST:
        raise RecursionError
    if isinstance(value, list):
        for item in value:
            yield from _objects(item, depth + 1)
    if isinstance(value, dict):
        node = _named_plainly(value)
        for name in CONTAINERS & node.keys():
            yield from _objects(node[name], depth + 1)
        yield {name: held for name, held in node.items() if name not in CONTAINERS}


def _named_plainly(value: Any) -> Any:
    if isinstance(value, list):
        return [_named_plainly(item) for item in value]
    if isinstance(value, dict):
        return {_PREFIX.sub("", name): _named_plainly(held) for name, held in value.items()}
    return value
