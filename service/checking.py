"""Looks whether catalogue, vectors and snapshot agree. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from service.catalogue.catalogue import Catalogue
from service.catalogue.database import is_there
from service.errors import CatalogueError, ServiceError
from service.index.snapshot import Snapshot
from service.inference.protocol import Encoder
from service.matching.engine import CatalogueEngine
from service.preparation import load_encoder, read_snapshot
from service.settings import Settings

_TRIES = 20
"""So often the index is caught up, in case that somebody is writing meanwhile."""
_SAME_WITHIN = 1e-6


def findings(settings: Settings) -> Iterator[str]:
    """What is wrong, one sentence each; nothing where all is well."""
    if not is_there(settings.database_url):
        yield "There is no catalogue yet. Run: refrain prepare"
        return
    catalogue = Catalogue(settings.database_url)
    try:
        try:
            catalogue.check()
            wrong = catalogue.faults()
        except CatalogueError as error:
            wrong = [str(error)]
        yield from wrong
        if not wrong:
            encoder = load_encoder(settings)
            number = catalogue.known_encoder(encoder.fingerprint)
            if number is None:
                yield f"No wording has a vector of {encoder.name} yet. Run: refrain prepare"
                return
            yield from _missing(catalogue, encoder, number)
            yield from _snapshot_faults(settings, catalogue, encoder, number)
    finally:
        catalogue.close()


def _missing(catalogue: Catalogue, encoder: Encoder, number: int) -> Iterator[str]:
    if missing := catalogue.count_without_vector(number, encoder.languages):
        yield f"{missing:,} wordings have no vector yet. Run: refrain prepare"


def _snapshot_faults(
    settings: Settings, catalogue: Catalogue, encoder: Encoder, number: int
) -> Iterator[str]:
    """The snapshot, caught up as a worker would, against the catalogue of that moment."""
    try:
        base = read_snapshot(settings, catalogue, encoder, verify=True)
    except ServiceError as error:
        yield f"{error} Run: refrain prepare"
        return
    engine = CatalogueEngine(catalogue, encoder, base)
    for _ in range(_TRIES):
        engine.refresh()
        revision, wordings = catalogue.wordings_at_revision()
        if revision == engine.snapshot.revision:
            break
    else:
        return  # somebody writes all the time; nothing was found wrong
    snapshot = engine.snapshot
    there = {wording.id: wording.claim_id for wording in wordings}
    yield from _roster_faults(snapshot, there)
    ids, rows = catalogue.vectors(number, encoder.dimension)
    yield from _vector_faults(snapshot, ids, rows)


def _roster_faults(snapshot: Snapshot, there: Mapping[int, str]) -> Iterator[str]:
    known = set(snapshot.roster.wording_ids.tolist())
    if lacking := set(there) - known:
        yield f"{len(lacking):,} wordings are not in the index. Run: refrain reindex"
    if surplus := known - set(there):
        yield f"{len(surplus):,} wordings are in the index alone. Run: refrain reindex"
    strayed = [one for one in known & set(there) if snapshot.roster.claim_of(one) != there[one]]
    if strayed:
        yield f"{len(strayed):,} wordings are in the index for other claims. Run: refrain reindex"


def _vector_faults(
    snapshot: Snapshot, ids: NDArray[np.int64], rows: NDArray[np.float32]
) -> Iterator[str]:
    if len(snapshot.dense) != len(ids):
        yield (
            f"The index has {len(snapshot.dense):,} vectors, the catalogue {len(ids):,}. "
            "Run: refrain reindex"
        )
        return
    indexed = snapshot.dense.rows_of(ids)
    unlike = int((~np.isclose(indexed, rows, atol=_SAME_WITHIN).all(axis=1)).sum())
    if unlike:
        yield f"{unlike:,} vectors in the index are not those stored. Run: refrain reindex"
