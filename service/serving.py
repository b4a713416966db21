"""Runs the service: prepares in a child process, then serves with gunicorn."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from service import memory
from service.errors import ServiceError
from service.progress import tell
from service.settings import Settings

BACKLOG = 1024
PORT_PATIENCE_S = 5.0
"""How long a port that is still held, by workers that outlived their master, is waited for."""

_IMPORTED_AHEAD = ("service.wsgi", "service.wiring", "service.folding")
"""With what they import, a worker's code; not ONNX Runtime, which starts a thread as it is imported
and then crashes the workers as they end. Two workers save 30 MB by it."""

SINGLE_THREAD = {
    # Several processes with several inference threads each spin against one another: on two
    # cores that made encoding ten times slower. One thread each, and as many workers as cores.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


class _Gunicorn(BaseApplication):
    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self._settings, self._options = settings, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        # here, since prometheus-client must not be imported before `_empty_metrics`
        from service.wsgi import application

        return application(self._settings)


def load_ahead() -> None:
    """Loads what all workers need, before they are forked: it is there once, and nobody waits.

    Nothing that holds a thread, a connection or a session, which do not survive a fork.
    """
    # here, since numpy reads when it is imported how many threads it may start
    from service import language

    language.load()
    for name in _IMPORTED_AHEAD:
        import_module(name)
    memory.keep_loaded()


class _Logger(Logger):
    """Leaves gunicorn's lines to the root logger, which writes them like all others."""

    def setup(self, cfg: Any) -> None:
        """Takes away the handlers of its own."""
        for each in (self.error_log, self.access_log):
            each.handlers[:] = []
            each.propagate = True
        self.error_log.setLevel(cfg.loglevel.upper())


def serve(settings: Settings) -> None:
    """Prepares, then answers until it is stopped. Does not return.

    The port is reserved before and opened only after the preparation: whoever can connect is
    answered.

    Raises:
        ServiceError: the port is taken, or the preparation failed.
    """
    reserved = reserve(settings.host, settings.port)
    with hold(settings.data_dir, alone=False):
        _serve(settings, reserved)


def _serve(settings: Settings, reserved: socket.socket) -> None:
    os.environ.update(SINGLE_THREAD)
    memory.limit_pools()
    _empty_metrics(settings)
    # a child, so that what encoding took of memory is given back before the workers start
    with subprocess.Popen([sys.executable, "-m", "service", "prepare"]) as preparing:
        load_ahead()
    if preparing.returncode != 0:
        raise ServiceError("The service was not started, because the preparation failed.")
    tell(
        f"Serving on http://{_shown(settings)} with {settings.worker_count} workers of "
        f"{settings.thread_count} threads. Stop with Ctrl-C."
    )
    _Gunicorn(
        settings,
        {
            "bind": f"fd://{reserved.detach()}",
            "workers": settings.worker_count,
            "worker_class": "gthread",
            "threads": settings.thread_count,
            "timeout": settings.timeout,
            "graceful_timeout": settings.graceful_timeout,
            "backlog": BACKLOG,
            # heartbeats in memory: on a slow disk they would get workers killed
            "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,
            "logger_class": _Logger,
            "loglevel": settings.log_level.lower(),
            "child_exit": _forget_worker,
            "control_socket_disable": True,
            "proc_name": "refrain",
        },
    ).run()


def hold(data_dir: Path, *, alone: bool) -> IO[bytes]:
    """Says by a lock on a file that the catalogue is in use, until the file is closed.

    Workers inherit it, so that it lasts as long as the last of them. ``alone``: nobody else may.

    Raises:
        ServiceError: somebody else holds it in a way that does not go with this.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    file = (data_dir / "in-use.lock").open("ab")
    try:
        fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise ServiceError(
            f"A service uses {data_dir}. Stop it first."
            if alone
            else f"The catalogue in {data_dir} is being restored. Try again when that is done."
        ) from error
    return file


def _empty_metrics(settings: Settings) -> None:
    """A folder where the workers leave their figures; of this port, since another may be served."""
    place = settings.data_dir.absolute() / "metrics" / str(settings.port)
    shutil.rmtree(place, ignore_errors=True)
    try:
        place.mkdir(parents=True)
    except OSError as error:
        raise ServiceError(f"Cannot write to {place}: {error.strerror}.") from error
    # before anything imports prometheus-client, which looks for it once
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(place)


def _forget_worker(server: Any, worker: Any) -> None:
    """Takes the gauges of a worker that ended out of ``GET /metrics``; its counts stay."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def reserve(host: str, port: int) -> socket.socket:
    """A socket bound to the address but not listening, so connections are still refused.

    Raises:
        ServiceError: the address is taken or does not exist.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise ServiceError(f"REFRAIN_HOST={host!r} is not an address: {error.strerror}") from error
    deadline = time.monotonic() + PORT_PATIENCE_S
    while True:
        found = socket.socket(family, kind)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind(address)
            return found
        except OSError as error:
            found.close()
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                reason = os.strerror(error.errno or 0)
                raise ServiceError(
                    f"Cannot listen on {host}:{port}: {reason}. Stop what uses it, or set "
                    "REFRAIN_HOST or REFRAIN_PORT."
                ) from error
        time.sleep(0.2)


def _shown(settings: Settings) -> str:
    host = "localhost" if settings.host in {"127.0.0.1", "0.0.0.0", "::"} else settings.host
    return f"{host}:{settings.port}"
