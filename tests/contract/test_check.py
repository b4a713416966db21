"""``refrain check`` finds what does not agree, and says nothing where all does."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from service.checking import findings
from service.preparation import prepare
from service.settings import Settings

pytestmark = pytest.mark.contract


@pytest.fixture(name="copied")
def _copied(prepared: Settings, tmp_path: Path) -> Settings:
    shutil.copytree(prepared.data_dir, tmp_path / "var")
    return replace(prepared, data_dir=tmp_path / "var")


def database(settings: Settings, *statements: str) -> None:
    with closing(sqlite3.connect(settings.data_dir / "catalogue.sqlite")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def flip(settings: Settings) -> None:
    """One bit of the index."""
    path = next((settings.data_dir / "snapshots").glob("*/dense.faiss"))
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)


def test_a_prepared_catalogue_is_clean(copied: Settings) -> None:
    assert list(findings(copied)) == []


def test_an_index_behind_the_catalogue_is_clean(copied: Settings) -> None:
    from service.catalogue.catalogue import Catalogue

    with closing(Catalogue(copied.database_url)) as catalogue:
        claim = next(iter(catalogue.all_claims()))
        catalogue.remove(claim.id, who="desk")
    assert list(findings(copied)) == []


def test_where_there_is_no_catalogue_none_is_made(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "nothing")
    assert "no catalogue yet" in " ".join(findings(settings))
    assert not settings.data_dir.exists()


def test_an_encoder_that_the_catalogue_does_not_know_is_not_entered(copied: Settings) -> None:
    database(copied, "DELETE FROM vectors", "DELETE FROM encoders")
    assert "No wording has a vector" in " ".join(findings(copied))
    with closing(sqlite3.connect(copied.data_dir / "catalogue.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM encoders").fetchone() == (0,)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda settings: shutil.rmtree(settings.data_dir / "snapshots"), "no snapshot yet"),
        (flip, "dense.faiss has changed"),
        (
            lambda settings: database(settings, "DELETE FROM vectors WHERE wording_id = 1"),
            "1 wordings have no vector yet",
        ),
        (
            lambda settings: database(
                settings, "UPDATE vectors SET vector = zeroblob(1536) WHERE wording_id = 1"
            ),
            "Vectors of all-MiniLM-L6-v2 that are of no use, of the wordings 1.",
        ),
        (
            lambda settings: database(
                settings,
                "UPDATE vectors SET vector = (SELECT vector FROM vectors ORDER BY wording_id DESC"
                " LIMIT 1) WHERE wording_id = 1",
            ),
            "1 vectors in the index are not those stored",
        ),
        (
            lambda settings: database(settings, "UPDATE claims SET rebuttal = 'x' WHERE rowid = 1"),
            "is not as its history says",
        ),
        (
            lambda settings: database(settings, "DELETE FROM changes WHERE revision = 1"),
            "Claims without a history",
        ),
        (
            lambda settings: database(settings, "UPDATE catalogue_state SET revision = 7"),
            "the catalogue only to 7",
        ),
        (
            lambda settings: (settings.data_dir / "catalogue.sqlite").write_text("A diary."),
            "cannot be read",
        ),
    ],
)
def test_damage_is_found(copied: Settings, damage: Callable[[Settings], object], said: str) -> None:
    damage(copied)
    assert said in " ".join(findings(copied))


def test_preparing_mends_an_index_that_was_damaged(copied: Settings) -> None:
    flip(copied)
    prepare(copied)
    assert list(findings(copied)) == []
