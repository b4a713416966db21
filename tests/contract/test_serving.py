"""The service as it is run: a master, its workers, a port."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import pytest

from service.settings import Settings
from tests.contract.service_process import PATIENCE_S, eventually, get, served

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def running(
    prepared: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    log = tmp_path_factory.mktemp("serving") / "log"
    with served(prepared.data_dir, log, REFRAIN_WORKERS="1") as started:
        yield started


AHEAD = """
import os, sys
from service.serving import SINGLE_THREAD, load_ahead
assert "numpy" not in sys.modules
os.environ.update(SINGLE_THREAD)
load_ahead()
assert "service.matching.engine" in sys.modules
assert not {"onnxruntime", "torch"} & set(sys.modules)
assert len(os.listdir("/proc/self/task")) == 1
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="no /proc to count threads in")
def test_what_is_loaded_before_the_workers_are_forked_starts_no_thread() -> None:
    free = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    subprocess.run([sys.executable, "-c", AHEAD], env=free, check=True, timeout=PATIENCE_S)


def test_health_answers_as_soon_as_the_port_is_open(
    running: tuple[str, subprocess.Popen[bytes]],
) -> None:
    status, body = eventually(f"{running[0]}/health", running[1])
    assert (status, body["status"]) == (200, "ok")


def test_the_earlier_claim_comes_with_its_rebuttal(
    running: tuple[str, subprocess.Popen[bytes]],
) -> None:
    url = running[0]
    assert eventually(f"{url}/ready", running[1])[0] == 200
    text = "Shoigu says the West's peacekeepers are really coming to occupy western Ukraine"
    status, body = get(f"{url}/match", {"text": text})
    assert status == 200
    found = {match["claim"]["id"]: match["claim"] for match in body["matches"]}
    assert "offered no evidence" in found["peacekeepers-occupy-west-ukraine"]["rebuttal"]


def test_a_port_that_is_taken_is_one_clear_line(
    running: tuple[str, subprocess.Popen[bytes]], prepared: Settings
) -> None:
    port = running[0].rpartition(":")[2]
    eventually(f"{running[0]}/health", running[1])
    variables = {"REFRAIN_DATA_DIR": str(prepared.data_dir), "REFRAIN_PORT": port}
    second = subprocess.run(
        [sys.executable, "-m", "service", "serve"],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert second.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use." in second.stderr
    assert "Traceback" not in second.stderr


def test_a_preparation_that_fails_opens_no_port(tmp_path: Path) -> None:
    settings = {"REFRAIN_ENCODER": "/no/such/model", "REFRAIN_ENCODER_LANGUAGES": "*"}
    with served(tmp_path / "var", tmp_path / "log", **settings) as (url, process):
        assert process.wait(PATIENCE_S) == 1
        with pytest.raises(URLError):
            get(f"{url}/health")
    told = (tmp_path / "log").read_text()
    assert "REFRAIN_ENCODER='/no/such/model' cannot be loaded" in told
    assert "Traceback" not in told


def test_every_wrong_setting_is_listed_at_once() -> None:
    variables = {"REFRAIN_PORT": "many", "REFRAIN_THREADS": "some", "REFRAIN_PROT": "1"}
    told = subprocess.run(
        [sys.executable, "-m", "service", "serve"],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert told.returncode == 1
    for name in (*variables, "REFRAIN_PORT?"):
        assert name in told.stderr
    assert "Traceback" not in told.stderr


def test_stopping_lets_the_service_end_cleanly(prepared: Settings, tmp_path: Path) -> None:
    with served(prepared.data_dir, tmp_path / "log", REFRAIN_WORKERS="2") as (url, process):
        assert eventually(f"{url}/ready", process)[0] == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        with pytest.raises(URLError):
            get(f"{url}/health")
