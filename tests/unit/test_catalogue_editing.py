"""Writing the catalogue: conditions, history, many writers at once, and a disk that is full."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import event, text

from service.catalogue import database
from service.catalogue.catalogue import Catalogue, EncodedTexts
from service.catalogue.database import sqlite_url
from service.catalogue.planning import Expected
from service.errors import (
    CatalogueError,
    CatalogueUnwritable,
    ClaimChanged,
    ClaimExists,
    ClaimNotFound,
    InvalidClaims,
)
from service.models import Claim, ClaimFilter, Narrative

GRAIN = Claim(id="grain", text="Grain goes to the rich.", rebuttal="It does not.")
OTHER = Claim(id="other", text="Another claim.", rebuttal="No.")


def save(catalogue: Catalogue, *claims: Claim, expected: Expected = "anything") -> int:
    catalogue.save(claims, who="test", encoded=None, expected=expected)
    return catalogue.revision()


def reworded(claim: Claim, words: str) -> Claim:
    return replace(claim, text=words)


@pytest.mark.parametrize(
    ("expected", "where_there", "where_not"),
    [
        ("anything", None, None),
        ("absent", ClaimExists, None),
        ("absent or same", ClaimExists, None),
        ("present", None, ClaimChanged),
        (frozenset({1}), None, ClaimChanged),
        (frozenset({1, 7}), None, ClaimChanged),
        (frozenset({0}), ClaimChanged, ClaimChanged),
        (frozenset(), ClaimChanged, ClaimChanged),
    ],
)
def test_a_claim_is_written_only_where_it_is_as_expected(
    catalogue: Catalogue,
    expected: Expected,
    where_there: type[Exception] | None,
    where_not: type[Exception] | None,
) -> None:
    save(catalogue, GRAIN)
    for claim, refusal in ((reworded(GRAIN, "New."), where_there), (OTHER, where_not)):
        before = catalogue.revision()
        for write in (save, _unchanged):
            if refusal is None:
                continue
            with pytest.raises(refusal):
                write(catalogue, claim, expected=expected)
        if refusal is None:
            assert catalogue.unchanged([claim], expected=expected) is None
            assert save(catalogue, claim, expected=expected) == before + 1
        else:
            assert catalogue.revision() == before


def _unchanged(catalogue: Catalogue, *claims: Claim, expected: Expected) -> object:
    return catalogue.unchanged(claims, expected=expected)


def test_a_claim_that_says_the_same_is_left_alone(catalogue: Catalogue) -> None:
    save(catalogue, GRAIN)
    saved = catalogue.unchanged([GRAIN], expected="absent or same")
    assert saved is not None
    assert (saved.unchanged, saved.claims[0].revision) == (("grain",), 1)
    twice = replace(GRAIN, wordings={"en": ("A.", "A."), "de": ()})
    assert save(catalogue, twice) == 2
    assert save(catalogue, twice) == 2
    assert catalogue.claim("grain").wordings == {"en": ("A.",)}


def test_one_claim_that_is_not_as_expected_holds_back_all(catalogue: Catalogue) -> None:
    save(catalogue, GRAIN)
    with pytest.raises(ClaimExists) as caught:
        save(catalogue, OTHER, reworded(GRAIN, "New."), expected="absent")
    assert caught.value.claim_ids == ("grain",)
    assert catalogue.claims_by_id(["other"]) == {}


def test_what_was_saved_comes_back_as_it_will_be_read(catalogue: Catalogue) -> None:
    save(catalogue, GRAIN)
    told = replace(GRAIN, text="New.", narrative=Narrative("food", "Food"))
    saved = catalogue.save([told, OTHER], who="test", encoded=None)
    assert (saved.added, saved.changed) == (("other",), ("grain",))
    assert list(saved.claims) == [catalogue.claim("grain"), catalogue.claim("other")]


def test_a_claim_is_removed_only_as_expected(catalogue: Catalogue) -> None:
    save(catalogue, GRAIN)
    with pytest.raises(ClaimChanged):
        catalogue.remove("grain", who="test", expected=frozenset({9}))
    with pytest.raises(ClaimNotFound):
        catalogue.remove("other", who="test", expected=frozenset({1}))
    assert catalogue.remove("grain", who="test", expected=frozenset({1})) == 2


def test_all_claims_at_fault_are_named(catalogue: Catalogue) -> None:
    untitled = Narrative("food", "")
    with pytest.raises(InvalidClaims) as caught:
        save(catalogue, replace(GRAIN, narrative=untitled), replace(OTHER, narrative=untitled))
    assert list(caught.value.by_claim) == ["grain", "other"]
    assert list(caught.value.faults) == ["/narrative/title"]


def test_the_history_reads_as_what_was_saved(catalogue: Catalogue) -> None:
    save(catalogue, GRAIN)
    save(catalogue, reworded(GRAIN, "New."))
    catalogue.remove("grain", who="another")
    history = catalogue.history("grain", before=None, limit=10)
    assert [(one.action, one.who) for one in history] == [
        ("delete", "another"),
        ("update", "test"),
        ("create", "test"),
    ]
    assert history[1].before == history[2].after == GRAIN
    assert history[1].after == history[0].before == reworded(GRAIN, "New.")
    assert [one.revision for one in catalogue.history("grain", before=3, limit=1)] == [2]
    assert catalogue.history("grain", before=1, limit=1) == []
    with pytest.raises(ClaimNotFound):
        catalogue.history("other", before=None, limit=10)


def test_changes_come_page_by_page_in_the_order_of_ids(catalogue: Catalogue) -> None:
    save(catalogue, *(replace(GRAIN, id=f"c{at}") for at in (3, 1, 2)))
    catalogue.remove("c2", who="test")
    found: list[tuple[list[str], tuple[str, ...]]] = []
    after: str | None = None
    while True:
        page = catalogue.changes_since(0, ClaimFilter(), words=None, after=after, limit=1)
        found.append(([claim.id for claim in page.claims], page.deleted))
        after = page.last
        if after is None:
            break
    assert found == [(["c1"], ()), ([], ("c2",)), (["c3"], ())]
    page = catalogue.changes_since(0, ClaimFilter(), words="nothing", after=None, limit=9)
    assert (page.claims, page.deleted) == ((), ("c1", "c2", "c3"))


# Many writers


def in_threads(count: int, work: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(work, number) for number in range(count)]:
            done.result()


def test_no_update_is_lost_between_eight_writers(catalogue: Catalogue) -> None:
    rounds, writers = 10, 8
    save(catalogue, replace(GRAIN, keywords=("0",)))
    start = threading.Barrier(writers)

    def count_up(_: int) -> None:
        start.wait()
        done = 0
        while done < rounds:
            known = catalogue.claim("grain")
            next_one = replace(known, keywords=(str(int(known.keywords[0]) + 1),))
            try:
                save(catalogue, next_one, expected=frozenset({known.revision}))
            except ClaimChanged:
                continue
            done += 1

    in_threads(writers, count_up)
    assert catalogue.claim("grain").keywords == (str(rounds * writers),)
    assert catalogue.revision() == rounds * writers + 1
    history = catalogue.history("grain", before=None, limit=1000)
    for newer, older in pairwise(history):
        assert newer.before == older.after


def test_of_eight_that_create_one_claim_one_succeeds(catalogue: Catalogue) -> None:
    start = threading.Barrier(8)
    refused: list[Exception] = []

    def create(number: int) -> None:
        start.wait()
        try:
            save(catalogue, reworded(GRAIN, f"Number {number}."), expected="absent")
        except ClaimExists as error:
            refused.append(error)

    in_threads(8, create)
    assert (len(refused), catalogue.revision()) == (7, 1)


def test_two_processes_hold_to_one_another(catalogue: Catalogue) -> None:
    """Another ``Catalogue`` is as far away as another process."""
    other = Catalogue(str(catalogue.database.engine.url))
    save(catalogue, GRAIN)
    save(other, reworded(GRAIN, "Theirs."), expected=frozenset({1}))
    with pytest.raises(ClaimChanged):
        save(catalogue, reworded(GRAIN, "Ours."), expected=frozenset({1}))
    other.close()


# What befalls a database


def test_a_database_that_is_held_is_told_about_and_nothing_written(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    other = Catalogue(str(catalogue.database.engine.url))
    with other.database.writing():
        with pytest.raises(CatalogueUnwritable, match="Another process is writing"):
            save(catalogue, GRAIN)
        assert catalogue.revision() == 0
    assert save(catalogue, GRAIN) == 1
    other.close()


def limit_pages(catalogue: Catalogue, pages: int) -> None:
    """Lets every connection that is used from now on fill so many pages; the last call counts."""

    def limit(connection: object, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

    event.listen(catalogue.database.engine, "checkout", limit)


def test_a_full_disk_is_told_about_nothing_is_lost_and_room_heals_it(catalogue: Catalogue) -> None:
    number = catalogue.encoder_id("a" * 64, "fake", 256)
    save(catalogue, GRAIN)
    with catalogue.database.reading() as connection:
        pages = int(connection.execute(text("PRAGMA page_count")).scalar_one())
    limit_pages(catalogue, pages + 4)
    large = [
        Claim(id=f"large-{at}", text=f"{at} " + "x" * 1900, rebuttal="y" * 4900) for at in range(20)
    ]
    vectors = EncodedTexts(number, {one.text: np.ones(256, np.float32) for one in large})
    with pytest.raises(CatalogueUnwritable, match="disk of the catalogue is full") as caught:
        catalogue.save(large, who="test", encoded=vectors)
    assert "full" in caught.value.cause
    assert catalogue.revision() == 1
    assert [claim.id for claim in catalogue.all_claims()] == ["grain"]
    assert len(catalogue.wordings_at_revision()[1]) == 1
    assert catalogue.ever_seen([one.id for one in large]) == set()
    with catalogue.database.reading() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
    limit_pages(catalogue, 1_000_000)
    saved = catalogue.save(large, who="test", encoded=vectors)
    assert len(saved.added) == 20
    assert catalogue.count_without_vector(number, None) == 1


def test_a_damaged_database_is_told_about(catalogue: Catalogue) -> None:
    path = Path(catalogue.database.engine.url.database or "")
    save(catalogue, *(replace(GRAIN, id=f"c{at}", rebuttal="x" * 4000) for at in range(50)))
    with catalogue.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    catalogue.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    damaged = Catalogue(sqlite_url(path))
    with pytest.raises(CatalogueError):
        list(damaged.all_claims())
    with pytest.raises(CatalogueUnwritable):
        save(damaged, OTHER)
    damaged.close()


def test_a_catalogue_of_the_first_version_keeps_its_claims(tmp_path: Path) -> None:
    from alembic import command

    from service.catalogue.migrate import _config

    old = Catalogue(sqlite_url(tmp_path / "catalogue.sqlite"))
    config = _config()
    with old.database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO claims (id, text, language, rebuttal, keywords, reviewed, revision, "
                "updated, folded_words) VALUES ('a', 'A.', 'en', 'No.', '[]', 1, 1, "
                "'2026-01-01 00:00:00', 'a.')"
            )
        )
    with pytest.raises(CatalogueError, match="refrain prepare"):
        old.check()
    old.migrate()
    old.check()
    assert old.claim("a").rebuttal == "No."
    assert old.keys.all() == []
    old.close()
