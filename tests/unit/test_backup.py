"""A catalogue is copied while it is in use, and what is put back is whole or refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from service.catalogue import backup, database
from service.catalogue.backup import back_up, restore
from service.catalogue.catalogue import Catalogue, EncodedTexts
from service.catalogue.database import WRITING, sqlite_url
from service.errors import BackupError, CatalogueError
from service.models import Claim

ONE = Claim("one", "Tulips are cameras.", "They are flowers.")
TWO = Claim("two", "Windmills spy.", "They pump.")


@pytest.fixture(name="url")
def _url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path / "catalogue.sqlite")


def saved(catalogue: Catalogue, *claims: Claim) -> None:
    catalogue.save(claims, who="desk", encoded=None)


def ids(url: str) -> set[str]:
    catalogue = Catalogue(url)
    try:
        return {claim.id for claim in catalogue.all_claims()}
    finally:
        catalogue.close()


def test_a_backup_holds_what_was_saved_before_it(
    catalogue: Catalogue, url: str, tmp_path: Path
) -> None:
    saved(catalogue, ONE)
    assert back_up(url, tmp_path / "copy") == (1, 1)
    saved(catalogue, TWO)
    assert ids(sqlite_url(tmp_path / "copy")) == {"one"}


def test_a_backup_is_made_beside_an_open_transaction(
    catalogue: Catalogue, url: str, tmp_path: Path
) -> None:
    saved(catalogue, ONE)
    engine = catalogue.database.engine
    with engine.connect().execution_options(**WRITING) as connection, connection.begin():
        connection.exec_driver_sql("DELETE FROM claims")
        back_up(url, tmp_path / "copy")
    assert ids(sqlite_url(tmp_path / "copy")) == {"one"}


def test_a_backup_replaces_a_file_only_where_that_is_said(
    catalogue: Catalogue, url: str, tmp_path: Path
) -> None:
    saved(catalogue, ONE)
    target = tmp_path / "copy"
    target.write_text("kept")
    with pytest.raises(BackupError, match="--force"):
        back_up(url, target)
    assert target.read_text() == "kept"
    back_up(url, target, replace=True)
    assert ids(sqlite_url(target)) == {"one"}


def test_a_backup_leaves_nothing_beside_it(catalogue: Catalogue, url: str, tmp_path: Path) -> None:
    saved(catalogue, ONE)
    folder = tmp_path / "apart"
    folder.mkdir()
    back_up(url, folder / "copy")
    assert [path.name for path in folder.iterdir()] == ["copy"]


def test_a_damaged_catalogue_is_not_backed_up(
    catalogue: Catalogue, url: str, tmp_path: Path
) -> None:
    saved(catalogue, ONE)
    with catalogue.database.writing() as connection:
        connection.exec_driver_sql("UPDATE claims SET text = 'Something else.'")
    target = tmp_path / "copy"
    with pytest.raises(BackupError, match="not as its history says"):
        back_up(url, target)
    assert not target.exists()


def test_restoring_brings_back_the_claims_and_keeps_the_present_ones_aside(
    catalogue: Catalogue, url: str, tmp_path: Path
) -> None:
    saved(catalogue, ONE)
    back_up(url, tmp_path / "copy")
    saved(catalogue, TWO)
    catalogue.close()
    kept = restore(tmp_path / "copy", url)
    assert ids(url) == {"one"}
    assert kept
    assert ids(sqlite_url(kept)) == {"one", "two"}


def test_a_restored_catalogue_gives_no_revision_twice_and_fits_no_older_index(
    catalogue: Catalogue, url: str, tmp_path: Path
) -> None:
    saved(catalogue, ONE)
    back_up(url, tmp_path / "copy")
    saved(catalogue, TWO)
    before = catalogue.identity()
    catalogue.close()
    restore(tmp_path / "copy", url)
    assert catalogue.identity() != before
    saved(catalogue, Claim("three", "Dykes listen.", "They do not."))
    assert catalogue.revision() == 3


def test_two_restores_in_a_second_keep_two_catalogues(
    catalogue: Catalogue, url: str, tmp_path: Path
) -> None:
    saved(catalogue, ONE)
    back_up(url, tmp_path / "copy")
    saved(catalogue, TWO)
    catalogue.close()
    kept = [restore(tmp_path / "copy", url) for _ in range(3)]
    assert len(set(kept)) == 3
    assert kept[0]
    assert ids(sqlite_url(kept[0])) == {"one", "two"}


def test_a_catalogue_that_another_has_open_is_not_restored(
    catalogue: Catalogue, url: str, tmp_path: Path
) -> None:
    saved(catalogue, ONE)
    back_up(url, tmp_path / "copy")
    saved(catalogue, TWO)  # its connection stays open, as that of an import that encodes
    with pytest.raises(BackupError, match="Another process uses"):
        restore(tmp_path / "copy", url)
    assert ids(url) == {"one", "two"}
    assert not list(tmp_path.glob("*-before-*"))


def test_nobody_writes_between_what_is_kept_and_what_comes_back(
    catalogue: Catalogue, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(catalogue, ONE)
    back_up(url, tmp_path / "copy")
    catalogue.close()
    renew, refused = backup._renew, []
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)

    def write_meanwhile(copy: Path, revision: int) -> None:
        with pytest.raises(CatalogueError):
            saved(Catalogue(url), TWO)
        refused.append(copy)
        renew(copy, revision)

    monkeypatch.setattr(backup, "_renew", write_meanwhile)
    restore(tmp_path / "copy", url)
    assert len(refused) == 1
    assert ids(url) == {"one"}


def test_vectors_come_back_with_a_backup(catalogue: Catalogue, url: str, tmp_path: Path) -> None:
    number = catalogue.encoder_id("f" * 64, "fake", 2)
    encoded = EncodedTexts(number, {ONE.text: np.array([1, 0], np.float32)})
    catalogue.save([ONE], who="desk", encoded=encoded)
    back_up(url, tmp_path / "copy")
    catalogue.remove("one", who="desk")
    catalogue.close()
    restore(tmp_path / "copy", url)
    assert catalogue.vectors(number, 2)[1].tolist() == [[1, 0]]


def test_restoring_works_where_there_is_no_catalogue_yet(
    catalogue: Catalogue, url: str, tmp_path: Path
) -> None:
    saved(catalogue, ONE)
    back_up(url, tmp_path / "copy")
    elsewhere = sqlite_url(tmp_path / "new" / "catalogue.sqlite")
    assert restore(tmp_path / "copy", elsewhere) is None
    assert ids(elsewhere) == {"one"}


def test_restoring_replaces_a_catalogue_that_cannot_be_read_and_keeps_its_bytes(
    catalogue: Catalogue, url: str, tmp_path: Path
) -> None:
    saved(catalogue, ONE)
    back_up(url, tmp_path / "copy")
    catalogue.close()
    damaged = tmp_path / "catalogue.sqlite"
    damaged.write_bytes(b"not a database" * 100)
    kept = restore(tmp_path / "copy", url)
    assert ids(url) == {"one"}
    assert kept
    assert kept.read_bytes() == b"not a database" * 100


@pytest.mark.parametrize("damage", ["text", "empty", "cut", "other", "newer"])
def test_what_is_no_backup_is_refused_and_changes_nothing(
    catalogue: Catalogue, url: str, tmp_path: Path, damage: str
) -> None:
    for number in range(50):
        saved(catalogue, Claim(f"claim-{number}", f"Claim {number}. " * 30, "No."))
    target = tmp_path / "copy"
    back_up(url, target)
    if damage == "text":
        target.write_text("A diary.")
    elif damage == "empty":
        target.write_bytes(b"")
    elif damage == "cut":
        target.write_bytes(target.read_bytes()[:-8192])
    else:
        with closing(sqlite3.connect(target)) as connection:
            if damage == "other":
                connection.executescript("DROP TABLE alembic_version")
            else:
                connection.execute("UPDATE alembic_version SET version_num = '9999'")
                connection.commit()
    revision = catalogue.revision()
    with pytest.raises(BackupError):
        restore(target, url)
    assert catalogue.revision() == revision
    assert not list(tmp_path.glob("catalogue-before-*"))


def test_another_database_is_left_to_its_own_tools(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="pg_dump"):
        back_up("postgresql://desk@db/refrain", tmp_path / "copy")
