"""Puts the real parts together, for the web workers and the command line alike."""

from __future__ import annotations

from service.catalogue.catalogue import Catalogue
from service.errors import SnapshotError
from service.matching.engine import CatalogueEngine
from service.preparation import load_encoder, read_snapshot
from service.settings import Settings


def load_engine(settings: Settings, catalogue: Catalogue) -> CatalogueEngine:
    """The engine over a prepared catalogue, caught up with its latest revision.

    Raises:
        ServiceError: the catalogue is not prepared, or a part cannot be loaded.
    """
    catalogue.check()
    encoder = load_encoder(settings)
    try:
        snapshot = read_snapshot(settings, catalogue, encoder, verify=False)
    except SnapshotError as error:
        raise SnapshotError(f"{error} Run: refrain prepare") from error
    engine = CatalogueEngine(catalogue, encoder, snapshot)
    engine.refresh()
    return engine
