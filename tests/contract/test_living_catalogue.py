"""What is written through one worker, or by a command, is seen by all workers within a second."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service.settings import Settings
from tests.contract.service_process import PATIENCE_S, ask, eventually, get, served

pytestmark = pytest.mark.contract

TEXT = "The mayor of Utrecht has replaced all tulips with surveillance drones."
CLAIM = {"id": "tulip-drones", "text": TEXT, "rebuttal": "The tulips are where they were."}
AT_MOST_S = 1.0


@dataclass
class Newsroom:
    """A running service of two workers, and a key to it."""

    url: str
    data_dir: Path
    workers: list[int]
    key: str

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """One request with the key."""
        sent = {"Authorization": f"Bearer {self.key}", **headers}
        return ask(self.url + path, method, body, sent)

    def found(self) -> bool:
        """Whether the claim is matched now."""
        status, answer = self.ask("POST", "/match", {"text": TEXT, "min_score": 0.9})
        assert status == 200
        return [match["claim"]["id"] for match in answer["matches"]] == ["tulip-drones"]

    @contextmanager
    def only(self, worker: int) -> Iterator[None]:
        """Lets one worker alone take requests: the others sleep, and the kernel passes them by."""
        others = [other for other in self.workers if other != worker]
        for other in others:
            os.kill(other, signal.SIGSTOP)
        try:
            yield
        finally:
            for other in others:
                os.kill(other, signal.SIGCONT)


def refrain(data_dir: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "service", *arguments],
        env=os.environ | {"REFRAIN_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture(scope="module", name="newsroom")
def _newsroom(prepared: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    folder = tmp_path_factory.mktemp("living")
    data_dir = folder / "var"
    shutil.copytree(prepared.data_dir, data_dir)  # others read it, and this one is written to
    key = refrain(data_dir, "keys", "create", "--name", "desk", "--scope", "edit")
    with served(data_dir, folder / "log", REFRAIN_WORKERS="2") as (url, process):
        assert eventually(f"{url}/ready", process)[0] == 200
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        newsroom = Newsroom(url, data_dir, [int(pid) for pid in children.split()], key)
        assert len(newsroom.workers) == 2
        for worker in newsroom.workers:
            with newsroom.only(worker):
                assert eventually(f"{url}/ready", process)[0] == 200
        yield newsroom


def test_a_claim_is_found_by_all_within_a_second_until_it_is_deleted(newsroom: Newsroom) -> None:
    first, second = newsroom.workers
    for writer in (first, second):
        assert not newsroom.found()
        with newsroom.only(writer):
            status, _ = newsroom.ask("POST", "/claims", CLAIM)
            assert status == 201
            assert newsroom.found()  # its own write, at once
        time.sleep(AT_MOST_S)
        for worker in newsroom.workers:
            with newsroom.only(worker):
                assert newsroom.found()
        with newsroom.only(writer):
            assert newsroom.ask("DELETE", "/claims/tulip-drones", **{"If-Match": "*"})[0] == 204
            assert not newsroom.found()
        time.sleep(AT_MOST_S)
        for worker in newsroom.workers:
            with newsroom.only(worker):
                assert not newsroom.found()


def test_a_key_that_a_command_revokes_is_refused_by_all_within_a_second(
    newsroom: Newsroom,
) -> None:
    key = refrain(newsroom.data_dir, "keys", "create", "--name", "leaver", "--scope", "match")
    leaver = Newsroom(newsroom.url, newsroom.data_dir, newsroom.workers, key)
    judged = {"text": TEXT, "claim_id": "peacekeepers-occupy-west-ukraine", "verdict": "wrong"}
    for worker in newsroom.workers:
        with newsroom.only(worker):
            assert leaver.ask("POST", "/feedback", judged)[0] == 202
    refrain(newsroom.data_dir, "keys", "revoke", "leaver")
    for worker in newsroom.workers:
        with newsroom.only(worker):
            assert leaver.ask("POST", "/feedback", judged)[0] == 401
    exported = refrain(newsroom.data_dir, "feedback", "export").splitlines()
    assert len(exported) == 2


def test_no_worker_answers_anything_but_its_errors_in_json(newsroom: Newsroom) -> None:
    for worker in newsroom.workers:
        with newsroom.only(worker):
            assert get(f"{newsroom.url}/claims/nobody")[0] == 404
            status, problem = ask(f"{newsroom.url}/claims", "POST", CLAIM)
            assert (status, problem["title"]) == (401, "Key needed")
