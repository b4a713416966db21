"""What the unit tests share: a catalogue on a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.catalogue.catalogue import Catalogue
from service.catalogue.database import sqlite_url


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    opened = Catalogue(sqlite_url(tmp_path / "catalogue.sqlite"))
    opened.migrate()
    yield opened
    opened.close()
