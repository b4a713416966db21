"""Folds what has changed into a new base of the index while the old one serves.

What changes after the base was written is held in each worker's memory. When that has become much,
one process of its own writes a new base aside and renames it into place; the workers map it, catch
up, and go on with that. Whoever is killed meanwhile leaves the old base as it was.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

from filelock import FileLock, Timeout

from service.catalogue.catalogue import Catalogue
from service.errors import SnapshotError
from service.index.snapshot import newest
from service.matching.engine import CatalogueEngine
from service.preparation import load_encoder, read_snapshot, snapshot_folder, write_base
from service.settings import Settings

FOLD_AFTER = 2_000
"""So many changed claims may be held in memory: 3 MB of vectors, 2 ms of each catching up."""
PAUSE_S = 60.0
"""A process is started at most so often, whatever an import brings in meanwhile."""

log = logging.getLogger(__name__)


class Folding:
    """Has a new base written when that is due, and takes up one that another has written."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        engine: CatalogueEngine,
        after: int = FOLD_AFTER,
    ) -> None:
        """``engine`` must have been loaded from the newest base."""
        self._settings, self._catalogue, self._engine = settings, catalogue, engine
        self._encoder = engine.encoder
        self._after = after
        self._base: Path | None = newest(snapshot_folder(settings))
        self._started: float | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def step(self) -> None:
        """Looks once; cheap where nothing is due."""
        found = newest(snapshot_folder(self._settings))
        if found is not None and found != self._base:
            self._take_up(found)
        elif self._engine.snapshot.drift >= self._after and not self._started_lately():
            self._started = time.monotonic()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service", "fold"], env=_variables(self._settings)
            )

    def _take_up(self, found: Path) -> None:
        self._base = found
        try:
            base = read_snapshot(self._settings, self._catalogue, self._encoder, verify=False)
        except SnapshotError as error:
            log.warning("A new base of the index cannot be used: %s", error)
            return
        self._engine.adopt(base)
        log.info("The index has a new base, of revision %d.", base.revision)

    def _started_lately(self) -> bool:
        if self.process is not None and self.process.poll() is None:
            return True
        return self._started is not None and time.monotonic() < self._started + PAUSE_S


def fold(settings: Settings) -> bool:
    """Writes a new base from the catalogue and its stored vectors; False where another does it.

    Raises:
        ServiceError: the catalogue is not prepared, or the folder cannot be written.
    """
    try:
        with FileLock(settings.data_dir / "fold.lock", timeout=0):
            os.nice(10)  # those who are answered come first
            catalogue = Catalogue(settings.database_url)
            try:
                catalogue.check()
                write_base(settings, catalogue, load_encoder(settings))
            finally:
                catalogue.close()
            return True
    except Timeout:
        return False


def _variables(settings: Settings) -> dict[str, str]:
    """Those of the process that was started, and the folder as it may have been given otherwise."""
    return {**os.environ, "REFRAIN_DATA_DIR": str(settings.data_dir)}
