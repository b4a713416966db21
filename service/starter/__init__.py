"""The starter catalogue, one YAML file per narrative."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import yaml
from marshmallow import ValidationError

from service.errors import ServiceError
from service.models import Claim
from service.schemas.claim import ClaimSchema
from service.schemas.faults import told

STARTER_DIRECTORY = Path(__file__).parent

_NARRATIVE_KEYS = {"id", "title", "claims"}


class StarterError(ServiceError):
    """A starter file is wrong; the message names the file, the claim and what is wrong."""


def load_starter(directory: Path = STARTER_DIRECTORY) -> Iterator[Claim]:
    """The claims of every ``*.yaml`` in ``directory``: files by name, claims in their order.

    Raises:
        StarterError: a file is not YAML, an entry is not a claim, or an id occurs twice.
    """
    seen: dict[str, str] = {}
    for path in sorted(directory.glob("*.yaml")):
        for claim in _claims_of(path):
            if claim.id in seen:
                raise StarterError(
                    f"{path.name}: claim {claim.id!r}: the id is also in {seen[claim.id]}."
                )
            seen[claim.id] = path.name
            yield claim


def _claims_of(path: Path) -> Iterator[Claim]:
    narrative, entries = _read(path)
    schema = ClaimSchema()
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            raise StarterError(f"{path.name}: claim number {number} has no id.")
        if "narrative" in entry:
            raise StarterError(
                f"{path.name}: claim {entry['id']!r}: the narrative is the file's; drop the field."
            )
        try:
            claim: Claim = schema.load(entry | {"narrative": narrative})
        except ValidationError as error:
            raise StarterError(
                f"{path.name}: claim {entry['id']!r}: {told(error.messages)}"
            ) from error
        yield claim


def _read(path: Path) -> tuple[dict[str, Any], list[Any]]:
    """The narrative and the raw entries of one file."""
    try:
        # _Loader is a safe loader: it builds strings, booleans, lists and dicts only
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StarterError(f"{path.name}: {error}") from error
    if not isinstance(content, dict) or set(content) != _NARRATIVE_KEYS:
        raise StarterError(f"{path.name}: a file has exactly id, title and claims at the top.")
    if content["id"] != path.stem:
        raise StarterError(f"{path.name}: the id {content['id']!r} must be the file's name.")
    if not isinstance(content["claims"], list):
        raise StarterError(f"{path.name}: claims must be a list.")
    return {"id": content["id"], "title": content["title"]}, content["claims"]


_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's loader is several times faster; a PyYAML without it works too."""


class _Loader(_SafeLoader):  # type: ignore[misc]
    """YAML with strings, ``true``, ``false`` and ``null`` only.

    So a date, a year, or the language code ``no`` need no quotes; a key written twice is an error,
    because one of the two would be lost.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"written twice: {', '.join(sorted(twice))}", node.start_mark
            )
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""]
)
