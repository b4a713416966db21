"""A load on one service, by locust: how many answers, how fast, how many of each status.

Run by ``serving.py``. Clients ask again as soon as they are answered; with ``--rate`` requests
arrive at that rate instead, for as long as a client is free, however slow the answers are. Prints
one line of JSON.
"""

# gevent has to come before everything that opens a socket
import gevent.monkey

gevent.monkey.patch_all()

import argparse  # noqa: E402
import json  # noqa: E402
import resource  # noqa: E402
import time  # noqa: E402
from itertools import count  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402
from urllib.parse import quote  # noqa: E402

import gevent  # noqa: E402
import numpy as np  # noqa: E402
from locust import FastHttpUser, task  # noqa: E402
from locust.env import Environment  # noqa: E402

TIMEOUT_S = 60.0


class Client(FastHttpUser):
    """One connection that stays open. ``path`` with ``{text}`` is fetched, another is posted to."""

    abstract = True
    connection_timeout = network_timeout = TIMEOUT_S
    path: str
    sentences: list[str]
    first: int
    numbers: Any
    began: float
    rate: float

    @task
    def ask(self) -> None:
        """The next sentence; in its turn where requests arrive at a rate."""
        number = next(self.numbers)
        if self.rate:
            gevent.sleep(max(0.0, self.began + number / self.rate - time.monotonic()))
        text = self.sentences[number % len(self.sentences)]
        if len(self.sentences) > 1:
            # distinct in all loads of a run, so that no cache can help
            text += f" {self.first + number}"
        if "{text}" in self.path:
            self.client.get(self.path.format(text=quote(text)), name="asked")
        else:
            self.client.post(self.path, json={"text": text}, name="asked")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--path", default="/match")
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", type=int, default=0, help="so many sentences, again and again")
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--warm-up", type=float, default=2.0)
    parser.add_argument("--rate", type=float, default=0.0)
    asked = parser.parse_args()
    sentences = json.loads(asked.sentences.read_text("utf-8"))
    first = asked.first % len(sentences)
    sentences = sentences[first:] + sentences[:first]
    user = type("User", (Client,), {"host": asked.url, "path": asked.path, "rate": asked.rate})
    user.first = asked.first * 1000  # type: ignore[attr-defined]
    user.sentences, user.numbers = sentences[: asked.only or None], count()  # type: ignore[attr-defined]
    environment = Environment(user_classes=[user])
    answers: list[tuple[float, int, float]] = []

    @environment.events.request.add_listener
    def note(response_time: float, response: Any, exception: Any, **_: Any) -> None:
        status = 0 if response is None else int(response.status_code or 0)
        answers.append((time.monotonic(), status, response_time))

    runner = environment.create_local_runner()
    user.began = time.monotonic()  # type: ignore[attr-defined]
    runner.start(asked.clients, spawn_rate=asked.clients)
    gevent.sleep(asked.warm_up)
    began = time.monotonic()
    gevent.sleep(asked.seconds)
    ended = time.monotonic()
    runner.stop()
    inside = [(status, spent) for at, status, spent in answers if began <= at < ended]
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "clients": asked.clients,
                "rate": asked.rate,
                "seconds": ended - began,
                "per_second": sum(status == 200 for status, _ in inside) / (ended - began),
                "by_status": {
                    str(status): _times([spent for other, spent in inside if other == status])
                    for status in sorted({status for status, _ in inside})
                },
                "load_generator_cpu_s": used.ru_utime + used.ru_stime,
            }
        )
    )


def _times(spent: list[float]) -> dict[str, float]:
    """How many, and p50, p95, p99 and the longest in milliseconds."""
    cuts = np.percentile(spent, [50, 95, 99, 100]).round(1).tolist()
    return {"count": len(spent), **dict(zip(("p50", "p95", "p99", "longest"), cuts, strict=True))}


if __name__ == "__main__":
    main()
