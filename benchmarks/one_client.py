"""Times POST /match for one client, and weighs the processes of the service.

    refrain serve &  python benchmarks/one_client.py --pid $!

prints the machine, p50 and p95 in milliseconds, and the memory of each process (PSS, where pages
that processes share are divided among them).
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import Request, urlopen

SENTENCES = (
    "Shoigu says the West's peacekeepers are really coming to occupy western Ukraine",
    "The harvest in the south of the country will be smaller than last year, the ministry said",
    "Zelensky's mandate expired in May 2024 and any treaty that he signs will be void",
    "The central bank left its key rate unchanged at its meeting on Friday",
)
WARM_UP = 20


def one_request(url: str, text: str) -> float:
    """Milliseconds from sending the sentence to having read the answer."""
    body = json.dumps({"text": text}).encode()
    request = Request(f"{url}/match", data=body, headers={"Content-Type": "application/json"})
    began = time.perf_counter()
    with urlopen(request, timeout=30) as answer:
        answer.read()
    return 1000 * (time.perf_counter() - began)


def memory(pid: int) -> list[tuple[str, float]]:
    """Name and PSS in MB of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    found = []
    for name, each in [("master", str(pid)), *(("worker", child) for child in children)]:
        rollup = Path(f"/proc/{each}/smaps_rollup").read_text("ascii")
        kilobytes = next(line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:"))
        found.append((name, int(kilobytes) / 1000))
    return found


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--pid", type=int, help="the master process of the service")
    asked = parser.parse_args()
    # a number makes each sentence distinct, so that no cache can help
    texts = [f"{SENTENCES[n % len(SENTENCES)]}, report {n}." for n in range(asked.requests)]
    for text in texts[:WARM_UP]:
        one_request(asked.url, text + " Warm-up.")
    times = [one_request(asked.url, text) for text in texts]
    cuts = statistics.quantiles(times, n=20)
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}")
    print(f"{len(times)} requests, one client: p50 {cuts[9]:.1f} ms, p95 {cuts[18]:.1f} ms")
    for name, megabytes in memory(asked.pid) if asked.pid else []:
        print(f"{name}: {megabytes:.0f} MB")


if __name__ == "__main__":
    main()
