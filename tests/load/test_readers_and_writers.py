"""Eight readers and two writers at four workers: nothing fails, is stale, or gets lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from service.settings import Settings
from tests.contract.service_process import PATIENCE_S, ask, eventually, served

pytestmark = pytest.mark.load

SECONDS = float(os.environ.get("LOAD_SECONDS", "60"))
READERS, WRITERS, WORKERS = 8, 2, 4
STALE_AFTER_S = 1.0
AT = "/claims/tulip-count"


class Traffic:
    """What was asked and answered, by all threads together."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key
        self.ends = time.monotonic() + SECONDS
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.acknowledged: list[tuple[float, int]] = []
        """When a write was answered, and the revision that it made."""
        self.counted = 0

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        sent = {"Authorization": f"Bearer {self.key}", **headers}
        status, answer = ask(self.url + path, method, body, sent)
        self.statuses[f"{method} {path}", status] += 1
        assert status < 500, answer
        return status, answer

    def going_on(self) -> bool:
        return time.monotonic() < self.ends

    def read(self) -> None:
        """Matches, and looks whether the answer knows all that was written a second before."""
        while self.going_on():
            began = time.monotonic()
            due = [
                revision for at, revision in self.acknowledged.copy() if at <= began - STALE_AFTER_S
            ]
            status, answer = self.ask("POST", "/match", {"text": "Tulips counted in Utrecht"})
            assert status == 200
            assert answer["engine"]["catalogue_revision"] >= max(due, default=0)

    def write(self) -> None:
        """Counts one up in a claim that the other writer counts up as well."""
        while self.going_on():
            _, claim = self.ask("GET", AT)
            count = int(claim["keywords"][0]) + 1
            body = claim | {"keywords": [str(count)], "text": f"{count} tulips were counted."}
            status, answer = self.ask("PUT", AT, body, **{"If-Match": f'"{claim["revision"]}"'})
            if status == 200:
                self.acknowledged.append((time.monotonic(), answer["revision"]))
                self.counted += 1
            else:
                assert status == 412


def test_readers_and_writers_get_on_with_one_another(prepared: Settings, tmp_path: Path) -> None:
    data_dir = tmp_path / "var"
    shutil.copytree(prepared.data_dir, data_dir)
    made = subprocess.run(
        [sys.executable, "-m", "service", "keys", "create", "--name", "desk", "--scope", "edit"],
        env=os.environ | {"REFRAIN_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    log = tmp_path / "log"
    with served(data_dir, log, REFRAIN_WORKERS=str(WORKERS)) as (url, process):
        assert eventually(f"{url}/ready", process)[0] == 200
        time.sleep(10)  # until the other workers have loaded, too
        traffic = Traffic(url, made.stdout.strip())
        first = {"text": "No tulip was counted.", "rebuttal": "They were.", "keywords": ["0"]}
        assert traffic.ask("PUT", AT, first)[0] == 201
        work: list[Callable[[], None]] = [traffic.read] * READERS + [traffic.write] * WRITERS
        with ThreadPoolExecutor(len(work)) as pool:
            for done in [pool.submit(one) for one in work]:
                done.result()
        print(dict(traffic.statuses))
        _, claim = traffic.ask("GET", AT)
        assert claim["keywords"] == [str(traffic.counted)]
        assert traffic.counted > SECONDS / 2
    assert "Traceback" not in log.read_text()
