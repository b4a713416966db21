"""The figures that ``GET /metrics`` shows, the same whichever worker is asked.

Under gunicorn each worker writes its figures to files in ``PROMETHEUS_MULTIPROC_DIR``, which
``serving`` sets before anything imports prometheus-client, and whoever is asked adds them up.
"""

from __future__ import annotations

import os
import time

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from service.observing import Model, Stage

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SIZES = (1, 2, 4, 8, 16, 32)


class Telemetry:
    """Implements ``Observer``, counts requests, and shows it all."""

    def __init__(self) -> None:
        own = self._registry = CollectorRegistry()
        request_labels = ["method", "route", "status"]
        self._requests = Histogram(
            "refrain_request_seconds",
            "Time to answer.",
            request_labels,
            buckets=SECONDS,
            registry=own,
        )
        self._stages = Histogram(
            "refrain_stage_seconds",
            "Time in each stage of matching.",
            ["stage"],
            buckets=SECONDS,
            registry=own,
        )
        self._stage_processor = Counter(
            "refrain_stage_processor_seconds",
            "Processor time of the threads in each stage of matching, models included.",
            ["stage"],
            registry=own,
        )
        self._model_processor = Counter(
            "refrain_model_processor_seconds",
            "Processor time of encoder and verifier; encoding for edits and imports included.",
            ["model"],
            registry=own,
        )
        self._wait = Histogram(
            "refrain_queue_wait_seconds", "Wait for the encoder.", buckets=SECONDS, registry=own
        )
        self._sizes = Histogram(
            "refrain_batch_items", "Texts encoded together.", buckets=SIZES, registry=own
        )
        self._depth = Gauge(
            "refrain_queue_depth",
            "Calls that waited as the last batch ended, of all workers.",
            multiprocess_mode="livesum",
            registry=own,
        )
        self._cache = Counter(
            "refrain_query_cache",
            "Queries looked up in the query cache.",
            ["result"],
            registry=own,
        )
        # of the worker that took up a revision last: one that still loads has all at 0
        self._revision = self._index("refrain_catalogue_revision", "Revision of the index.")
        self._wordings = self._index("refrain_index_wordings", "Wordings in the index.")
        self._claims = self._index("refrain_index_claims", "Claims in the index.")
        self._taken_up = self._index(
            "refrain_index_taken_up_timestamp_seconds", "When the revision was taken up."
        )

    def _index(self, name: str, help: str) -> Gauge:
        return Gauge(name, help, multiprocess_mode="livemostrecent", registry=self._registry)

    def batch(self, items: int, waited_s: tuple[float, ...], waiting: int) -> None:
        """Counts a batch, and how long its calls had waited."""
        self._sizes.observe(items)
        for seconds in waited_s:
            self._wait.observe(seconds)
        self._depth.set(waiting)

    def looked_up(self, hits: int, misses: int) -> None:
        """Counts what the query cache knew and did not."""
        self._cache.labels("hit").inc(hits)
        self._cache.labels("miss").inc(misses)

    def ran(self, model: Model, processor_s: float) -> None:
        """Counts what a model took of a processor."""
        self._model_processor.labels(model).inc(processor_s)

    def spent(self, stage: Stage, seconds: float, processor_s: float) -> None:
        """Counts the time of a stage, and what its thread took of a processor."""
        self._stages.labels(stage).observe(seconds)
        self._stage_processor.labels(stage).inc(processor_s)

    def took_up(self, revision: int, wordings: int, claims: int) -> None:
        """Notes what the index of this worker holds, and since when."""
        self._revision.set(revision)
        self._wordings.set(wordings)
        self._claims.set(claims)
        self._taken_up.set(time.time())

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a request; ``method`` and ``route`` must be of a bounded set."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def shown(self) -> tuple[bytes, str]:
        """All figures in the text format of Prometheus, and its media type."""
        registry = self._registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST
