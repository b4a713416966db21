"""GET /metrics of several workers."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from service.settings import Settings
from tests.contract.service_process import PATIENCE_S, eventually, get, served

pytestmark = pytest.mark.contract

ASKED = 12


def _figure(url: str, start: str) -> float:
    """The sum of all lines that start so."""
    with urlopen(f"{url}/metrics", timeout=PATIENCE_S) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(start))


def _live(folder: Path) -> set[int]:
    """The workers whose gauges are kept."""
    names = [path.name for path in folder.glob("gauge_live*.db")]
    return {int(found[1]) for name in names if (found := re.search(r"_(\d+)\.db$", name))}


def test_figures_are_of_all_workers_and_the_dead_are_forgotten(
    prepared: Settings, tmp_path: Path
) -> None:
    with served(prepared.data_dir, tmp_path / "log", REFRAIN_WORKERS="2") as (url, process):
        assert eventually(f"{url}/ready", process)[0] == 200
        folder = prepared.data_dir / "metrics" / url.rpartition(":")[2]
        for number in range(ASKED):
            assert get(f"{url}/match", {"text": f"Sentence {number} of this test."})[0] == 200
        answered = 'refrain_request_seconds_count{method="POST",route="/match",status="200"}'
        for _ in range(4):  # whichever worker is asked
            assert _figure(url, answered) == ASKED
        assert _figure(url, 'refrain_query_cache_total{result="miss"}') == ASKED
        for stage in ("encode", "search", "verify", "catalogue"):
            assert _figure(url, f'refrain_stage_seconds_count{{stage="{stage}"}}') == ASKED
        assert _figure(url, "refrain_index_claims") > 0

        victim = min(_live(folder))
        os.kill(victim, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_S
        while victim in _live(folder) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert victim not in _live(folder)
        assert _figure(url, answered) == ASKED  # counts outlive their worker
