"""A worker's engine follows what other processes write."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from service.errors import CatalogueError
from service.matching import following
from service.matching.following import Follower


class Source:
    """A revision that can be moved and can fail, and the revisions that were brought in."""

    def __init__(self) -> None:
        self.revision = 1
        self.broken = False
        self.asked = 0
        self.brought_in: list[int] = []

    def read(self) -> int:
        self.asked += 1
        if self.broken:
            raise CatalogueError("no database")
        return self.revision

    def refresh(self) -> None:
        self.brought_in.append(self.revision)


@contextmanager
def followed(source: Source) -> Iterator[Follower]:
    follower = Follower(source.read, source.refresh, interval_s=0.01)
    follower.start(lambda: True)
    try:
        yield follower
    finally:
        follower.stop()


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_every_new_revision_is_brought_in_once() -> None:
    source = Source()
    with followed(source):
        eventually(lambda: source.brought_in == [1])
        source.revision = 5
        eventually(lambda: source.brought_in == [1, 5])
        asked = source.asked
        eventually(lambda: source.asked > asked + 5)
    assert source.brought_in == [1, 5]


def test_a_database_that_fails_is_told_about_once_and_followed_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "LONGEST_PAUSE_S", 0.04)
    source = Source()
    with followed(source):
        eventually(lambda: source.brought_in == [1])
        source.broken, asked = True, source.asked
        eventually(lambda: source.asked > asked + 5)
        source.revision = 2
        source.broken = False
        eventually(lambda: source.brought_in == [1, 2])
        eventually(lambda: "followed again" in caplog.text)
    assert caplog.text.count("no database") == 1


def test_a_failing_database_is_asked_less_often() -> None:
    source = Source()
    source.broken = True
    with followed(source):
        time.sleep(0.3)
    assert 2 <= source.asked < 8


def test_a_refresh_that_fails_is_tried_again() -> None:
    source = Source()
    failures = [CatalogueError("no"), CatalogueError("no")]

    def refresh() -> None:
        if failures:
            raise failures.pop()
        source.refresh()

    follower = Follower(source.read, refresh)
    for _ in range(2):
        with pytest.raises(CatalogueError):
            follower.step()
    follower.step()
    follower.step()
    assert source.brought_in == [1]


def test_nothing_is_followed_before_the_engine_is_there() -> None:
    source, loaded = Source(), threading.Event()
    follower = Follower(source.read, source.refresh, interval_s=0.01)
    follower.start(lambda: loaded.wait(10))
    time.sleep(0.1)
    assert source.asked == 0
    loaded.set()
    eventually(lambda: source.brought_in == [1])
    follower.stop()


def test_nothing_is_followed_for_an_engine_that_never_comes() -> None:
    source = Source()
    Follower(source.read, source.refresh, interval_s=0.01).start(lambda: False)
    time.sleep(0.1)
    assert source.asked == 0
