"""What has changed is folded into a new base while the old one serves."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.catalogue.catalogue import Catalogue
from service.checking import findings
from service.folding import Folding, fold
from service.index.snapshot import newest
from service.matching.engine import CatalogueEngine
from service.models import Claim, MatchQuery
from service.preparation import snapshot_folder
from service.settings import Settings
from service.wiring import load_engine

pytestmark = pytest.mark.contract

PATIENCE_S = 60


class Newsroom:
    """A catalogue in a folder of its own, and an engine over it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.catalogue = Catalogue(settings.database_url)
        self.engine: CatalogueEngine = load_engine(settings, self.catalogue)

    def save(self, number: int) -> None:
        claim = Claim(f"tulip-{number}", f"Tulip number {number} films Utrecht.", "It does not.")
        self.catalogue.save([claim], who="desk", encoded=self.engine.encode_wordings([claim]))
        self.engine.refresh()

    def first(self, number: int) -> str:
        query = MatchQuery(f"Tulip number {number} films Utrecht.", min_score=0.0)
        return self.engine.find_matches([query])[0].matches[0].claim.id

    @property
    def base(self) -> Path | None:
        return newest(snapshot_folder(self.settings))


@pytest.fixture(name="newsroom")
def _newsroom(prepared: Settings, tmp_path: Path) -> Iterator[Newsroom]:
    shutil.copytree(prepared.data_dir, tmp_path / "var")
    newsroom = Newsroom(replace(prepared, data_dir=tmp_path / "var"))
    yield newsroom
    newsroom.catalogue.close()


def test_a_new_base_is_written_when_enough_has_changed_and_taken_up(newsroom: Newsroom) -> None:
    folding = Folding(newsroom.settings, newsroom.catalogue, newsroom.engine, after=2)
    before = newsroom.base
    newsroom.save(1)
    folding.step()
    assert folding.process is None
    newsroom.save(2)
    assert newsroom.engine.snapshot.drift == 2
    folding.step()
    assert folding.process
    newsroom.save(3)  # while it is written
    assert folding.process.wait(PATIENCE_S) == 0
    assert newsroom.base != before
    folding.step()
    assert newsroom.engine.snapshot.drift <= 1
    assert [newsroom.first(number) for number in (1, 2, 3)] == ["tulip-1", "tulip-2", "tulip-3"]
    newsroom.catalogue.remove("tulip-1", who="desk")
    newsroom.engine.refresh()
    assert newsroom.first(1) != "tulip-1"
    assert list(findings(newsroom.settings)) == []


def test_another_worker_takes_up_the_base_that_one_has_had_written(newsroom: Newsroom) -> None:
    folding = Folding(newsroom.settings, newsroom.catalogue, newsroom.engine, after=1000)
    newsroom.save(1)
    assert fold(newsroom.settings)
    folding.step()
    assert newsroom.engine.snapshot.drift == 0
    assert newsroom.first(1) == "tulip-1"
    assert folding.process is None


def test_whoever_is_killed_while_folding_leaves_the_old_base(newsroom: Newsroom) -> None:
    folding = Folding(newsroom.settings, newsroom.catalogue, newsroom.engine, after=1)
    before = newsroom.base
    newsroom.save(1)
    folding.step()
    assert folding.process
    deadline = time.monotonic() + PATIENCE_S
    while not list(snapshot_folder(newsroom.settings).glob(".*/*")):
        assert time.monotonic() < deadline
        time.sleep(0.002)
    folding.process.kill()
    folding.process.wait(PATIENCE_S)
    assert newsroom.base == before
    assert list(findings(newsroom.settings)) == []
    assert fold(newsroom.settings)
    assert [path.name for path in snapshot_folder(newsroom.settings).iterdir()] == [
        newsroom.base.name if newsroom.base else ""
    ]
