"""The project's own format: one claim in the interface's JSON per line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from marshmallow import ValidationError

from service.interchange.importing import Refused, Row
from service.schemas.claim import ClaimSchema
from service.schemas.faults import told


def read(path: Path) -> Iterator[Row | Refused]:
    """The claims of a JSON Lines file, line by line; blank lines are passed over.

    Raises:
        OSError: the file cannot be read.
    """
    schema = ClaimSchema()
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
            if not line.strip():
                continue
            try:
                yield Row(number, schema.load(json.loads(line.decode("utf-8"))))
            except UnicodeDecodeError as error:
                yield Refused(number, f"not UTF-8: {error.reason} at byte {error.start + 1}")
            except json.JSONDecodeError as error:
                yield Refused(number, f"not JSON: {error.msg} at column {error.colno}")
            except RecursionError:
                yield Refused(number, "not JSON: nested too deeply")
            except ValidationError as error:
                yield Refused(number, told(error.messages))
