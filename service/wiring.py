"""Puts the real parts together, for the web workers and the command line alike."""

from __future__ import annotations

import logging

from service.catalogue.catalogue import Catalogue
from service.errors import SnapshotError
from service.inference import bundled_verifier
from service.inference.batching import Ran
from service.inference.batching_encoder import BatchingEncoder
from service.inference.batching_verifier import BatchingVerifier
from service.inference.caching import CachingEncoder
from service.inference.normalising import NormalisingEncoder
from service.inference.protocol import Encoder
from service.inference.verifier import Verifier
from service.matching.calibrated import CalibratedJudge
from service.matching.calibration import read_calibration, shipped
from service.matching.engine import CatalogueEngine
from service.matching.judging import CosineJudge, Judge
from service.models import Tier
from service.observing import NOBODY, Observer
from service.preparation import named_encoder, read_snapshot
from service.settings import BUNDLED_ENCODER, Settings

log = logging.getLogger(__name__)


def load_engine(
    settings: Settings, catalogue: Catalogue, observer: Observer = NOBODY
) -> CatalogueEngine:
    """The engine over a prepared catalogue, caught up with its latest revision.

    Raises:
        ServiceError: the catalogue is not prepared, or a part cannot be loaded.
    """
    catalogue.check()
    batching = batching_encoder(settings, observer)
    encoder = serving_encoder(settings, batching, observer)
    try:
        snapshot = read_snapshot(settings, catalogue, encoder, verify=False)
    except SnapshotError as error:
        raise SnapshotError(f"{error} Run: refrain prepare") from error
    verifier = load_verifier(settings)
    if verifier:
        verifier = BatchingVerifier(
            verifier,
            deadline_s=settings.deadline_ms / 1000,
            watch=lambda ran: observer.ran("verifier", ran.processor_s),
        )
    judge = load_judge(settings, encoder.fingerprint, verifier)

    def full() -> bool:
        waiting = verifier.waiting() if isinstance(verifier, BatchingVerifier) else 0
        return batching.full() or waiting >= settings.queue

    engine = CatalogueEngine(catalogue, encoder, snapshot, judge, full, observer)
    engine.refresh()
    return engine


def load_verifier(settings: Settings) -> Verifier | None:
    """The verifier that the settings name; None where it is off. Raises EncoderError."""
    if settings.verifier == "off":
        return None
    if settings.verifier == BUNDLED_ENCODER:
        return bundled_verifier.load_verifier(settings.data_dir)
    from service.inference.cross_encoder import CrossEncoderVerifier  # brings torch in

    return CrossEncoderVerifier(settings.verifier)


def load_judge(settings: Settings, encoder: str, verifier: Verifier | None) -> Judge:
    """A judge with the calibration that fits encoder and verifier.

    The newsroom's own comes before those that are shipped; without any, scores stay cosines.

    Raises:
        CalibrationError: the newsroom's own calibration is damaged.
    """
    wanted = (encoder, verifier.fingerprint if verifier else None)
    own = settings.data_dir / "calibration.json"
    for text in [*([own.read_text("utf-8")] if own.exists() else []), *shipped()]:
        calibration = read_calibration(text)
        if (calibration.encoder, calibration.verifier) == wanted:
            given: dict[Tier, float | None] = {
                "match": settings.tier_match,
                "related": settings.tier_related,
            }
            tiers = {tier: score for tier, score in given.items() if score is not None}
            return CalibratedJudge(calibration, verifier, tiers)
    log.warning(
        "No calibration fits this encoder and verifier: scores are cosines, nothing is called a "
        "match. Make one with: refrain calibrate"
    )
    return CosineJudge()


def batching_encoder(settings: Settings, observer: Observer = NOBODY) -> BatchingEncoder:
    """The encoder that the settings name, encoding what concurrent requests ask for together."""

    def watch(ran: Ran) -> None:
        observer.batch(ran.items, ran.waited_s, batching.waiting())
        observer.ran("encoder", ran.processor_s)

    batching = BatchingEncoder(
        named_encoder(settings),
        queue=settings.queue,
        deadline_s=settings.deadline_ms / 1000,
        watch=watch,
    )
    return batching


def serving_encoder(
    settings: Settings, batching: BatchingEncoder, observer: Observer = NOBODY
) -> Encoder:
    """The encoder as many threads share it.

    Normalised texts are the cache's keys, and what it does not know is encoded in batches.
    """
    caching = CachingEncoder(batching, size=settings.query_cache, observer=observer)
    return NormalisingEncoder(caching)
