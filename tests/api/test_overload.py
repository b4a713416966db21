"""More requests than can be answered: the surplus is told at once, and nobody else is harmed."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from werkzeug.serving import make_server

from service.inference.batching_encoder import ENCODER_LIMITS, BatchingEncoder
from service.inference.protocol import EncodedQueries
from service.settings import LARGEST_BATCH, Settings
from tests.api.conftest import make_app
from tests.fakes import FakeEncoder, FakeEngine

QUEUE, DEADLINE_S = 4, 1.0
AT_ONCE_S = 0.05
PATIENCE_S = 20

Answer = tuple[int, float, str | None]


class GatedEncoder(FakeEncoder):
    """Encodes when it is let, and notes what."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.open = threading.Semaphore(0), threading.Semaphore(0)
        self.seen: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> EncodedQueries:
        self.seen += texts
        self.entered.release()
        assert self.open.acquire(timeout=PATIENCE_S)
        return super().encode_queries(texts)


class BatchedEngine(FakeEngine):
    """The fake engine behind a real queue."""

    def __init__(self, encoder: GatedEncoder) -> None:
        self.batching = BatchingEncoder(encoder, queue=QUEUE, deadline_s=DEADLINE_S)
        super().__init__(encoder=self.batching)  # type: ignore[arg-type]

    def full(self) -> bool:
        return self.batching.full()


class Served:
    """A server of many threads over that engine."""

    def __init__(self) -> None:
        self.encoder = GatedEncoder()
        self.engine = BatchedEngine(self.encoder)
        self.server = make_server("127.0.0.1", 0, make_app(self.engine), threaded=True)
        self.pool = ThreadPoolExecutor(32)

    def post(self, text: object) -> Answer:
        """Status, seconds and Retry-After of one request."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE_S)
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/match", json.dumps({"text": text}), headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, time.monotonic() - began, answer.getheader("Retry-After")

    def fill(self) -> list[Future[Answer]]:
        """One request in the encoder, and the queue full behind it."""
        asked = [self.pool.submit(self.post, "The first.")]
        assert self.encoder.entered.acquire(timeout=PATIENCE_S)
        asked += [self.pool.submit(self.post, f"Number {n}.") for n in range(QUEUE)]
        deadline = time.monotonic() + PATIENCE_S
        while not self.engine.full():
            assert time.monotonic() < deadline
            time.sleep(0.005)
        return asked


@pytest.fixture(name="served")
def _served() -> Iterator[Served]:
    served = Served()
    thread = threading.Thread(target=served.server.serve_forever)
    thread.start()
    yield served
    served.encoder.open.release(100)
    served.server.shutdown()
    thread.join(PATIENCE_S)
    served.pool.shutdown()


def test_whoever_finds_the_queue_full_is_told_at_once_whatever_the_body(served: Served) -> None:
    served.fill()
    served.post("Opens what is imported on the first answer.")
    answers = [served.post(text) for text in ("One more.", "", 7, "x" * 10_000)]
    assert [status for status, _, _ in answers] == [503] * 4
    assert all(int(after or 0) > 0 for _, _, after in answers)
    assert min(seconds for _, seconds, _ in answers) < AT_ONCE_S


def test_a_refusal_is_the_same_at_the_door_and_behind_it(served: Served) -> None:
    served.fill()
    found = []
    for more in ({}, {"Origin": "https://cms.example"}):
        request = Request(f"http://127.0.0.1:{served.server.port}/match", b"{", method="POST")
        for name, value in {"X-Request-Id": "my-name", **more}.items():
            request.add_header(name, value)
        with pytest.raises(HTTPError) as refusal:
            urlopen(request, timeout=PATIENCE_S)
        with refusal.value as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            found.append((answer.code, json.load(answer), headers))
    (status, body, headers), (_, other_body, other_headers) = found
    assert (status, body) == (503, other_body)
    assert headers["x-request-id"] == "my-name"
    ignored = ("date", "server", "vary", "cache-control", "connection")
    assert {name: value for name, value in headers.items() if name not in ignored} == {
        name: value
        for name, value in other_headers.items()
        if name not in ignored and not name.startswith("access-control")
    }
    with urlopen(f"http://127.0.0.1:{served.server.port}/metrics", timeout=PATIENCE_S) as metrics:
        lines = metrics.read().decode().splitlines()
    counted = 'refrain_request_seconds_count{method="POST",route="/match",status="503"} 2.0'
    assert counted in lines


def test_those_who_wait_are_answered_when_others_are_refused(served: Served) -> None:
    asked = served.fill()
    assert served.post("One more.")[0] == 503
    served.encoder.open.release(100)
    assert [each.result(PATIENCE_S)[0] for each in asked] == [200] * (QUEUE + 1)


def test_whoever_waits_past_the_deadline_is_told_and_never_encoded(served: Served) -> None:
    first, *late = served.fill()
    assert [each.result(PATIENCE_S)[0] for each in late] == [503] * QUEUE
    served.encoder.open.release(100)
    assert first.result(PATIENCE_S)[0] == 200
    assert served.encoder.seen == ["The first."]


def test_a_worker_has_threads_for_the_queue_a_batch_and_those_who_are_refused() -> None:
    assert ENCODER_LIMITS.largest == LARGEST_BATCH
    for queue in (1, 32, 500):
        assert Settings(queue=queue).thread_count > queue + LARGEST_BATCH
    assert Settings(threads=3).thread_count == 3
