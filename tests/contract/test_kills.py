"""``kill -9`` at random moments: what was acknowledged is there, and no half of anything else.

``make torture`` does it two hundred times; ``TORTURE_SEED`` repeats a run.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from service.catalogue.catalogue import Catalogue
from service.settings import Settings
from tests.contract.service_process import PATIENCE_S, ask, eventually, free_port

pytestmark = pytest.mark.contract

KILLS = int(os.environ.get("TORTURE_KILLS", "10"))
SEED = int(os.environ.get("TORTURE_SEED") or time.time_ns() % 10**9)
BATCH, IMPORTED, COMMITTED = 5, 700, 500


def claim(claim_id: str) -> dict[str, Any]:
    """A claim with a wording and a rebuttal, all of which tell which one it is."""
    return {
        "id": claim_id,
        "text": f"Tulip {claim_id} films the town.",
        "rebuttal": f"Tulip {claim_id} is a flower.",
        "wordings": {"de": [f"Tulpe {claim_id} filmt die Stadt."]},
    }


def is_preparing(process: int) -> bool:
    """Whether it is what the master runs before there are workers, or has ended."""
    try:
        return b"prepare" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return True


class Newsroom:
    """A service that is killed and started again, and what it has acknowledged."""

    def __init__(self, folder: Path, data_dir: Path) -> None:
        self.folder, self.data_dir, self.port = folder, data_dir, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.key = self.refrain("keys", "create", "--name", "desk", "--scope", "edit").stdout
        self.sent: list[list[str]] = []
        self.acknowledged: set[str] = set()
        self.start()

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "REFRAIN_DATA_DIR": str(self.data_dir),
            "REFRAIN_PORT": str(self.port),
            "REFRAIN_WORKERS": "2",
        }

    def refrain(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "service", *arguments]
        return subprocess.run(
            command,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def start(self) -> None:
        """Starts the service, which has to come up without being helped."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service", "serve"],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        assert eventually(f"{self.url}/ready", self.process)[0] == 200

    def workers(self) -> list[int]:
        """The workers of this master, once there are any.

        ``/ready`` may have been answered by an orphan of the master before.
        """
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = [int(child) for child in path.read_text("ascii").split()]
            if found and not any(is_preparing(child) for child in found):
                break
            time.sleep(0.05)
        return found

    @contextmanager
    def being_written(self) -> Iterator[None]:
        """Somebody writes all the while, and is through at the end, however it ends."""
        ended = threading.Event()
        writer = threading.Thread(target=self.write, args=(ended,), daemon=True)
        writer.start()
        try:
            yield
        finally:
            ended.set()
            writer.join(PATIENCE_S)

    def write(self, ended: threading.Event) -> None:
        """Sends batches of claims one after the other, and notes those that were acknowledged."""
        while not ended.is_set():
            ids = [f"b{len(self.sent)}-{place}" for place in range(BATCH)]
            self.sent.append(ids)
            try:
                status, _ = ask(
                    f"{self.url}/claims/batch",
                    "POST",
                    {"claims": [claim(one) for one in ids]},
                    {"Authorization": f"Bearer {self.key.strip()}"},
                )
            except (URLError, OSError, json.JSONDecodeError):
                time.sleep(0.05)  # killed: whether it was written is not known
                continue
            if status in (200, 201):
                self.acknowledged.update(ids)

    def check(self) -> None:
        """What was acknowledged is there, whole batches are there or none, and all agree."""
        with closing(Catalogue(f"sqlite:///{self.data_dir / 'catalogue.sqlite'}")) as catalogue:
            present = {found.id: found for found in catalogue.all_claims()}
        assert set(present) >= self.acknowledged
        for ids in self.sent:
            there = [present[one] for one in ids if one in present]
            assert len(there) in (0, BATCH)
            for found in there:
                assert found.text == claim(found.id)["text"]
                assert found.rebuttal == claim(found.id)["rebuttal"]
                assert list(found.wordings["de"]) == claim(found.id)["wordings"]["de"]
        done = self.refrain("check")
        assert (done.returncode, done.stdout) == (0, ""), done.stdout

    def kill_worker(self, chance: random.Random) -> None:
        os.kill(chance.choice(self.workers()), signal.SIGKILL)

    def kill_master(self, _chance: random.Random) -> None:
        self.process.kill()
        self.process.wait()
        self.start()

    def kill_import(self, chance: random.Random) -> None:
        """An import is killed while it reads, encodes or writes; its parts of 500 are whole."""
        prefix = f"i{chance.randrange(10**9)}"
        path = self.folder / f"{prefix}.jsonl"
        rows = [claim(f"{prefix}-{number}") for number in range(IMPORTED)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        command = [sys.executable, "-m", "service", "import", "jsonl", str(path)]
        running = subprocess.Popen(
            command,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if chance.random() < 0.5:  # in the last part
            deadline = time.monotonic() + PATIENCE_S
            while (
                running.poll() is None and not self.imported(prefix) and time.monotonic() < deadline
            ):
                time.sleep(0.05)
            time.sleep(chance.uniform(0, 2))
        else:
            time.sleep(chance.uniform(0.5, 12))
        running.kill()
        running.wait()
        assert self.imported(prefix) in (0, COMMITTED, IMPORTED)

    def imported(self, prefix: str) -> int:
        """How many of an import's claims there are."""
        with closing(Catalogue(f"sqlite:///{self.data_dir / 'catalogue.sqlite'}")) as catalogue:
            return sum(found.id.startswith(prefix) for found in catalogue.all_claims())


@pytest.fixture(name="newsroom")
def _newsroom(prepared: Settings, tmp_path: Path) -> Iterator[Newsroom]:
    shutil.copytree(prepared.data_dir, tmp_path / "var")
    newsroom = Newsroom(tmp_path, tmp_path / "var")
    try:
        yield newsroom
    finally:
        newsroom.process.terminate()
        newsroom.process.wait(PATIENCE_S)


def test_nothing_acknowledged_is_lost_when_processes_are_killed(newsroom: Newsroom) -> None:
    print(f"TORTURE_SEED={SEED} TORTURE_KILLS={KILLS}")
    chance = random.Random(SEED)
    kinds = (newsroom.kill_worker, newsroom.kill_master, newsroom.kill_import)
    for number in range(KILLS):
        with newsroom.being_written():
            time.sleep(chance.uniform(0.05, 1.0))
            kinds[number % len(kinds)](chance)
        newsroom.check()
    assert newsroom.acknowledged
    assert "Traceback" not in (newsroom.folder / "log").read_text()
