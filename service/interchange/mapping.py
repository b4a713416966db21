"""Which column of a table goes where in a claim, as options or a YAML file tell it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from service.errors import ServiceError
from service.interchange.dates import DayOrder
from service.schemas.languages import LANGUAGES

FIELDS = (
    "id", "text", "title", "language", "rebuttal", "narrative", "first_seen", "keywords",
    "facts_as_of", "rating", "publisher", "url", "rebuttal_title", "rebuttal_date", "outlet",
    "appearance_url", "archived_url", "appearance_date", "appearance_language",
)  # fmt: skip
"""Besides these, ``wording.ru`` and the like take further phrasings."""

_WORDING = re.compile(r"wording\.([a-z]{2})\Z")
_OPTIONS = frozenset({"map", "set", "source", "delimiter", "encoding", "dates"})


@dataclass(frozen=True, slots=True)
class Mapped:
    """``columns`` maps a field of the claim to a column, ``constants`` one to a text for all rows.

    ``source`` is part of the ids. ``dates`` tells how ``03/04/2017`` is meant; None leaves such a
    date out.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    source: str = "csv"
    delimiter: str | None = None
    encoding: str | None = None
    dates: DayOrder | None = None

    def check(self) -> None:
        """Raises ServiceError where a field is unknown or one that is needed has no source."""
        given = {**self.columns, **self.constants}
        for name in given:
            wording = _WORDING.match(name)
            if name not in FIELDS and not (wording and wording[1] in LANGUAGES):
                raise ServiceError(
                    f"There is no field {name!r}. The fields are {', '.join(FIELDS)} and "
                    "wording.LANGUAGE, such as wording.ru."
                )
        for name in ("text", "rebuttal"):
            if name not in given:
                raise ServiceError(f"Tell which column is the {name}: --map {name}=COLUMN.")
        if self.delimiter is not None and len(self.delimiter) != 1:
            raise ServiceError("The delimiter must be one character.")


def read_mapping(path: Path) -> dict[str, Any]:
    """What a mapping file says, as keyword arguments of ``Mapped``.

    Raises:
        ServiceError: the file cannot be read, is not YAML, or has unknown or wrong entries.
    """
    try:
        found = yaml.safe_load(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ServiceError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from error
    if not isinstance(found, dict) or not found:
        raise ServiceError(f"{path}: must hold entries such as map: {{text: Claim}}.")
    unknown = sorted(str(name) for name in found if name not in _OPTIONS)
    if unknown:
        raise ServiceError(
            f"{path}: {', '.join(unknown)} is unknown. Known are {', '.join(sorted(_OPTIONS))}."
        )
    made: dict[str, Any] = {}
    for name, parameter in (("map", "columns"), ("set", "constants")):
        if name in found:
            entries = found[name]
            if not isinstance(entries, dict):
                raise ServiceError(f"{path}: {name} must be a list of FIELD: COLUMN.")
            made[parameter] = {str(key): str(value) for key, value in entries.items()}
    for name in _OPTIONS - {"map", "set"}:
        if found.get(name) is not None:
            made[name] = str(found[name])
    if made.get("dates") not in (None, "dmy", "mdy"):
        raise ServiceError(f"{path}: dates must be dmy or mdy.")
    return made
