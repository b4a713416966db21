"""The file that names every row that did not come in, or not with all that it held."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import IO

from service.errors import ServiceError
from service.interchange.importing import Refused, Row


class RefusalFile:
    """JSON Lines, begun with the first entry: a file without faults leaves none behind.

    With ``path`` None it is ``NAME.refused.jsonl`` in the current directory, with a number where
    that is taken.

    Raises:
        ServiceError: ``path`` exists already, or cannot be written.
    """

    def __init__(self, path: Path | None, name: str) -> None:
        if path is not None and path.exists():
            raise ServiceError(f"{path} exists already; it is not overwritten.")
        self.path = path
        self._name = name
        self._file: IO[str] | None = None

    def __enter__(self) -> RefusalFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._file:
                self._file.close()
        except OSError as fault:
            raise self._unwritable(fault) from fault

    @property
    def begun(self) -> bool:
        """Whether there is an entry, and so a file."""
        return self._file is not None

    def add(self, row: Row | Refused) -> None:
        """One line: the input file, the line or record number, what came of it, and why."""
        entry: dict[str, object] = {"file": row.file, "line": row.line}
        if isinstance(row, Refused):
            entry |= {"outcome": "refused", "reason": row.reason, "about": row.about}
        else:
            reason = "; ".join(row.notes)
            entry |= {"outcome": "noted", "reason": reason, "about": row.claim.id}
        line = json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace").decode()
        try:
            self._file = self._file or self._begun()
            self._file.write(line + "\n")
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> ServiceError:
        return ServiceError(f"{self.path} cannot be written: {error.strerror}")

    def _begun(self) -> IO[str]:
        if self.path is not None:
            return self.path.open("x", buffering=1, encoding="utf-8")
        number = 1
        while True:
            middle = "" if number == 1 else f".{number}"
            self.path = Path(f"{self._name}.refused{middle}.jsonl")
            try:
                return self.path.open("x", buffering=1, encoding="utf-8")
            except FileExistsError:
                number += 1
