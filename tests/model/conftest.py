"""The real encoder over the real starter catalogue, prepared once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.catalogue.catalogue import Catalogue
from service.matching.engine import CatalogueEngine
from service.settings import Settings
from service.wiring import load_engine


@pytest.fixture(scope="session")
def engine(prepared: Settings) -> Iterator[CatalogueEngine]:
    catalogue = Catalogue(prepared.database_url)
    yield load_engine(prepared, catalogue)
    catalogue.close()
