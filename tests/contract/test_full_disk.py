"""A disk that is full while claims are written: refused with the reason, and healed by room alone.

The kernel refuses the workers' files to grow (``RLIMIT_FSIZE``), as a full disk does; the database
then fails in the middle of a transaction, not at its beginning.
"""

from __future__ import annotations

import json
import resource
import shutil
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from service.catalogue.catalogue import Catalogue
from service.catalogue.keys import Keyring
from service.checking import findings
from service.settings import Settings
from tests.contract.service_process import PATIENCE_S, eventually, served

pytestmark = pytest.mark.contract

ROOM = 256 * 1024


def batch(name: str, count: int) -> list[dict[str, Any]]:
    """Claims in a language that the encoder does not speak, so that none is to be encoded."""
    return [
        {"id": f"{name}-{at}", "text": f"Тюльпан {name} {at}.", "rebuttal": "Ні. " * 400,
         "language": "uk"}
        for at in range(count)
    ]  # fmt: skip


def send(url: str, key: str, claims: list[dict[str, Any]]) -> tuple[int, Any, dict[str, str]]:
    body = json.dumps({"claims": claims}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    try:
        with urlopen(Request(f"{url}/claims/batch", body, headers), timeout=PATIENCE_S) as answer:
            return answer.status, json.load(answer), dict(answer.headers)
    except HTTPError as error:
        with error:
            return error.code, json.load(error), dict(error.headers)


def workers(process: Popen[bytes]) -> list[int]:
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(child) for child in path.read_text("ascii").split()]


def limit(process: Popen[bytes], size: int) -> None:
    for worker in workers(process):
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def ids(settings: Settings) -> set[str]:
    catalogue = Catalogue(settings.database_url)
    try:
        return {claim.id for claim in catalogue.all_claims()}
    finally:
        catalogue.close()


def test_a_full_disk_answers_503_loses_nothing_and_room_heals_it(
    prepared: Settings, tmp_path: Path
) -> None:
    shutil.copytree(prepared.data_dir, tmp_path / "var")
    settings = Settings(data_dir=tmp_path / "var")
    catalogue = Catalogue(settings.database_url)
    _, key = Keyring(catalogue.database).create("desk", "edit")
    catalogue.close()
    with served(settings.data_dir, tmp_path / "log", REFRAIN_WORKERS="2") as (url, process):
        assert eventually(f"{url}/ready", process)[0] == 200
        assert send(url, key, batch("before", 3))[0] in (200, 201)
        known = ids(settings)

        limit(process, ROOM)
        for _ in range(4):  # each worker gets its turn
            status, problem, headers = send(url, key, batch("large", 400))
            assert status == 503
            assert headers["Content-Type"] == "application/problem+json"
            assert int(headers["Retry-After"]) > 0
            assert "The change was not written" in problem["detail"]
        assert ids(settings) == known
        assert eventually(f"{url}/ready", process)[0] == 200

        limit(process, resource.RLIM_INFINITY)
        before = set(workers(process))
        assert send(url, key, batch("large", 400))[0] in (200, 201)
        assert set(workers(process)) == before, "no worker was started anew"
    assert ids(settings) == known | {claim["id"] for claim in batch("large", 400)}
    assert list(findings(settings)) == []
