"""A real service on this machine for the tests: started, asked, stopped."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

PATIENCE_S = 120


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def served(
    data_dir: Path, log: Path, **settings: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port = free_port()
    variables = {"REFRAIN_DATA_DIR": str(data_dir), "REFRAIN_PORT": str(port), **settings}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "serve"],
            env=os.environ | variables,
            stdout=out,
            stderr=out,
        )
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def ask(
    url: str, method: str | None = None, body: Any = None, headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """Status and JSON of one answer, on a connection of its own: any worker may take it."""
    sent = None if body is None else json.dumps(body).encode()
    request = Request(url, sent, {"Content-Type": "application/json", **(headers or {})})
    request.method = method or request.get_method()
    try:
        with urlopen(request, timeout=PATIENCE_S) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def get(url: str, body: Any = None) -> tuple[int, Any]:
    """A GET, or a POST where there is a body."""
    return ask(url, None, body)


def eventually(url: str, process: subprocess.Popen[bytes]) -> tuple[int, Any]:
    """The first answer with status 200, or the last one before patience runs out."""
    deadline = time.monotonic() + PATIENCE_S
    while process.poll() is None:
        try:
            status, body = get(url)
        except URLError:
            status, body = 0, None
        if status == 200 or time.monotonic() > deadline:
            return status, body
        time.sleep(0.1)
    pytest.fail(f"the service ended with status {process.returncode}")
