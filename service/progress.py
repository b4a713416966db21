"""Progress of long work, told on standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

SECONDS_BETWEEN_LINES = 10.0


class Steps(Protocol):
    """Called with the number of things done since the last call."""

    def __call__(self, done: int, /) -> None: ...


def tell(message: str) -> None:
    """One line on standard error."""
    print(message, file=sys.stderr, flush=True)


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Steps]:
    """Shows how far ``what`` is; ``total`` None where it is not known."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(what, total)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)


class _Lines:
    def __init__(self, what: str, total: int | None) -> None:
        self._what, self._total, self._done = what, total, 0
        self._told = time.monotonic()
        tell(f"{what}: {'…' if total is None else f'{total} to do'}")

    def __call__(self, done: int, /) -> None:
        self._done += done
        finished = self._done == self._total
        if finished or time.monotonic() - self._told >= SECONDS_BETWEEN_LINES:
            self._told = time.monotonic()
            of = "" if self._total is None else f" of {self._total}"
            tell(f"{self._what}: {self._done}{of} done")
