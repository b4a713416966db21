"""Reads files of delimited values row by row, however large, with the line each row began on."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.errors import ServiceError
from service.interchange.encodings import encoding_of, open_text
from service.interchange.importing import Refused

DELIMITERS = ",;\t|"
_LONGEST_CELL = 1 << 20


@dataclass(frozen=True, slots=True)
class Cells:
    """One row: the line it began on, and its cells by the name of the column."""

    line: int
    by_column: dict[str, str]


class Table:
    """A file with a header.

    Raises:
        OSError: the file cannot be read.
        ServiceError: the encoding cannot be told, or the header is missing or names a column twice.
    """

    def __init__(
        self, path: Path, *, delimiter: str | None = None, encoding: str | None = None
    ) -> None:
        self.path = path
        self.encoding = encoding or encoding_of(path)
        with open_text(path, self.encoding) as file:
            header = _header_line(file)
            self.delimiter = delimiter or max(DELIMITERS, key=header.count)
        with open_text(path, self.encoding) as file:
            _, names = self._header(csv.reader(file, delimiter=self.delimiter))
        self.columns = names

    def rows(self) -> Iterator[Cells | Refused]:
        """All rows behind the header but the empty ones."""
        csv.field_size_limit(_LONGEST_CELL)
        with open_text(self.path, self.encoding) as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            self._header(reader)
            while True:
                line = reader.line_num + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    reason = f"{error}: a quotation mark that opens here may not be closed."
                    yield Refused(line, reason)
                    continue
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(self.columns):
                    reason = f"It has {len(cells)} cells, the header {len(self.columns)}."
                    yield Refused(line, reason, cells[0][:120])
                    continue
                yield Cells(line, dict(zip(self.columns, cells, strict=True)))

    def _header(self, reader: Iterator[list[str]]) -> tuple[int, list[str]]:
        for place, cells in enumerate(reader):
            names = [cell.strip().lstrip("\ufeff") for cell in cells]
            if not any(names) or (place == 0 and names[0].lower().startswith("sep=")):
                continue
            twice = sorted({name for name in names if name and names.count(name) > 1})
            if twice:
                raise ServiceError(f"{self.path}: two columns are called {', '.join(twice)}.")
            return place, [name or f"column {at}" for at, name in enumerate(names, 1)]
        raise ServiceError(f"{self.path}: there is no header.")


def _header_line(file: Iterator[str]) -> str:
    for line in file:
        if line.strip("\ufeff\r\n\t ") and not line.lower().startswith("sep="):
            return line
    return ""
