"""The catalogue on a real SQLite file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from service.catalogue.catalogue import Catalogue, EncodedTexts
from service.catalogue.database import sqlite_url
from service.errors import CatalogueError, ClaimNotFound, InvalidInput, NarrativeNotFound
from service.models import Appearance, Claim, ClaimFilter, Narrative, Rebuttal

TROOPS = Narrative("troops", "Western troops")

OCCUPATION = Claim(
    id="occupation",
    text="Peacekeepers will occupy Ukraine.",
    rebuttal="No plan says so.",
    title="Occupation",
    narrative=TROOPS,
    wordings={"en": ("Blue helmets are a cover.",), "ru": ("Миротворцы — это оккупация.",)},
    first_seen="2024-11-29",
    keywords=("SVR",),
    appearances=(Appearance("TASS", date="2025-04", language="ru"), Appearance("RT")),
    rebuttals=(
        Rebuttal("EUvsDisinfo", url="https://www.euvsdisinfo.eu/report/1", language="en"),
        Rebuttal("Correctiv", url="https://correctiv.org/faktencheck/2", language="de"),
    ),
    facts_as_of="2026-02",
    reviewed=True,
)
GRAIN = Claim(id="grain", text="Grain goes to the rich.", rebuttal="It does not.")


def saved(catalogue: Catalogue, *claims: Claim) -> None:
    catalogue.save(claims, who="test", encoded=None)


def listed(catalogue: Catalogue, words: str | None = None, **wanted: object) -> list[str]:
    found = catalogue.claims(
        ClaimFilter(**wanted),  # type: ignore[arg-type]
        words=words,
        after=None,
        limit=50,
    )
    return [claim.id for claim in found]


def test_what_was_saved_is_read_back_to_the_letter(catalogue: Catalogue) -> None:
    saved(catalogue, OCCUPATION, GRAIN)
    found = catalogue.claim("occupation")
    assert replace(found, revision=0, updated=OCCUPATION.updated) == OCCUPATION
    assert found.updated > OCCUPATION.updated


def test_every_change_has_a_revision_of_its_own(catalogue: Catalogue) -> None:
    assert catalogue.revision() == 0
    saved(catalogue, OCCUPATION, GRAIN)
    assert catalogue.revision() == 2
    assert {catalogue.claim(key).revision for key in ("occupation", "grain")} == {1, 2}


def test_saving_the_same_again_changes_nothing(catalogue: Catalogue) -> None:
    saved(catalogue, OCCUPATION)
    again = catalogue.save([catalogue.claim("occupation")], who="test", encoded=None)
    assert again.unchanged == ("occupation",)
    assert catalogue.revision() == 1


def test_a_wording_that_stays_keeps_its_id(catalogue: Catalogue) -> None:
    saved(catalogue, OCCUPATION)
    before = {found.text: found.id for found in catalogue.wordings_at_revision()[1]}
    changed = replace(OCCUPATION, title="Another title", wordings={"ru": ("Новая.",)})
    saved(catalogue, changed)
    after = {found.text: found.id for found in catalogue.wordings_at_revision()[1]}
    assert set(after) == {OCCUPATION.text, "Another title", "Новая."}
    assert after[OCCUPATION.text] == before[OCCUPATION.text]
    assert min(after["Another title"], after["Новая."]) > max(before.values())


def test_the_id_of_a_deleted_wording_is_not_given_again(catalogue: Catalogue) -> None:
    saved(catalogue, OCCUPATION)
    highest = max(found.id for found in catalogue.wordings_at_revision()[1])
    catalogue.remove("occupation", who="test")
    saved(catalogue, GRAIN)
    assert min(found.id for found in catalogue.wordings_at_revision()[1]) > highest


def test_a_deleted_claim_is_gone_but_not_forgotten(catalogue: Catalogue) -> None:
    saved(catalogue, OCCUPATION)
    assert catalogue.remove("occupation", who="test") == 2
    with pytest.raises(ClaimNotFound):
        catalogue.claim("occupation")
    assert catalogue.ever_seen(["occupation", "grain"]) == {"occupation"}
    assert catalogue.changed_wordings(1) == (2, {"occupation": []})


def test_removing_an_unknown_claim_says_so(catalogue: Catalogue) -> None:
    with pytest.raises(ClaimNotFound):
        catalogue.remove("nothing", who="test")


def test_a_narrative_needs_a_title_the_first_time(catalogue: Catalogue) -> None:
    untitled = replace(GRAIN, narrative=Narrative("food", ""))
    with pytest.raises(InvalidInput) as caught:
        saved(catalogue, OCCUPATION, untitled)
    assert "/narrative/title" in caught.value.faults
    assert catalogue.revision() == 0
    assert listed(catalogue) == []


def test_a_known_narrative_needs_no_title_and_takes_no_other(catalogue: Catalogue) -> None:
    saved(catalogue, OCCUPATION)
    saved(catalogue, replace(GRAIN, narrative=Narrative("troops", "")))
    assert catalogue.claim("grain").narrative == TROOPS
    with pytest.raises(InvalidInput):
        saved(catalogue, replace(GRAIN, narrative=Narrative("troops", "Something else")))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"narratives": ("troops",)}, True),
        ({"narratives": ("other",)}, False),
        ({"rebuttal_languages": ("de",)}, True),
        ({"rebuttal_languages": ("fr",)}, False),
        ({"rebuttal_publishers": ("euvsdisinfo.eu",)}, True),
        ({"rebuttal_publishers": ("disinfo.eu",)}, False),
        ({"rebuttal_publishers": ("eu",)}, True),
        ({"rebuttal_publishers": ("%",)}, False),
        ({"rebuttal_publishers": ("correctiv.org",), "rebuttal_languages": ("en",)}, False),
        ({"since": "2025"}, True),
        ({"since": "2025-04-30", "until": "2025-05"}, True),
        ({"since": "2025-05"}, False),
        ({"until": "2024-11-28"}, False),
        ({"until": "2024-11"}, True),
        ({"since": "2025-01", "until": "2025-02"}, True),
    ],
)
def test_a_filter_lets_pass_what_fits(
    catalogue: Catalogue, wanted: dict[str, object], found: bool
) -> None:
    saved(catalogue, OCCUPATION, GRAIN)
    assert listed(catalogue, None, **wanted) == (["occupation"] if found else [])
    assert bool(len(catalogue.passing(ClaimFilter(**wanted)))) is found  # type: ignore[arg-type]


def test_a_search_by_words_wants_them_all_and_minds_no_case(catalogue: Catalogue) -> None:
    saved(catalogue, OCCUPATION, GRAIN)
    assert listed(catalogue, "UKRAINE svr") == ["occupation"]
    assert listed(catalogue, "МИРОТВОРЦЫ") == ["occupation"]
    assert listed(catalogue, "ukraine grain") == []
    assert listed(catalogue, "%") == []


def test_pages_follow_one_another_without_gap_or_repeat(catalogue: Catalogue) -> None:
    saved(catalogue, *(replace(GRAIN, id=f"claim-{number}") for number in range(7)))
    assert [claim.id for claim in catalogue.all_claims(batch=3)] == [
        f"claim-{number}" for number in range(7)
    ]


def test_a_narrative_counts_its_claims_and_months(catalogue: Catalogue) -> None:
    saved(catalogue, OCCUPATION, replace(GRAIN, narrative=TROOPS, first_seen="2023-05-01"))
    summary = catalogue.narrative("troops")
    assert (summary.claims, summary.appearances) == (2, 2)
    assert (summary.first_seen, summary.last_seen) == ("2023-05-01", "2025-04")
    assert summary.by_month == {"2023-05": 1, "2025-04": 1}
    assert catalogue.narratives() == [summary]
    with pytest.raises(NarrativeNotFound):
        catalogue.narrative("none")


def test_vectors_are_kept_with_their_encoder(catalogue: Catalogue) -> None:
    encoder = catalogue.encoder_id("a" * 64, "fake", 2)
    assert catalogue.encoder_id("a" * 64, "fake", 2) == encoder
    vector = np.array([0.6, 0.8], np.float32)
    catalogue.save(
        [OCCUPATION], who="test", encoded=EncodedTexts(encoder, {OCCUPATION.text: vector})
    )
    english = frozenset({"en"})
    assert catalogue.count_without_vector(encoder, english) == 2
    missing = catalogue.wordings_without_vector(encoder, english, 10)
    assert {found.text for found in missing} == {"Occupation", "Blue helmets are a cover."}
    gone = max(found.id for found in missing) + 100
    rows = np.stack([vector, vector, vector])
    catalogue.store_vectors(encoder, [*(found.id for found in missing), gone], rows)
    assert catalogue.count_without_vector(encoder, english) == 0
    assert catalogue.count_without_vector(encoder, None) == 1
    ids, stored = catalogue.vectors(encoder, 2)
    assert len(ids) == 3
    assert np.array_equal(stored, np.stack([vector] * 3))
    other = catalogue.encoder_id("b" * 64, "other", 2)
    assert catalogue.vectors(other, 2)[1].shape == (0, 2)
    catalogue.remove("occupation", who="test")
    assert len(catalogue.vectors(encoder, 2)[0]) == 0


def test_a_read_sees_one_revision_while_another_connection_writes(catalogue: Catalogue) -> None:
    saved(catalogue, OCCUPATION)
    with catalogue._reading() as connection:
        count = text("SELECT count(*) FROM claims")
        assert connection.execute(count).scalar_one() == 1
        saved(catalogue, GRAIN)
        assert connection.execute(count).scalar_one() == 1
    assert len(listed(catalogue)) == 2


def test_every_connection_writes_through_to_the_disk(catalogue: Catalogue) -> None:
    for context in (catalogue._reading, catalogue._writing):
        with context() as connection:
            pragmas = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("synchronous", "journal_mode", "foreign_keys")
            }
        assert pragmas == {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}


def test_migrating_twice_keeps_what_is_there(catalogue: Catalogue) -> None:
    saved(catalogue, OCCUPATION)
    identity = catalogue.identity()
    catalogue.migrate()
    catalogue.check()
    assert (listed(catalogue), catalogue.identity()) == (["occupation"], identity)


def test_a_catalogue_that_is_not_prepared_is_not_used(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="refrain prepare"):
        Catalogue(sqlite_url(tmp_path / "empty.sqlite")).check()


def test_the_catalogue_of_a_newer_program_is_refused_and_kept(catalogue: Catalogue) -> None:
    with catalogue._writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CatalogueError, match="newer"):
        catalogue.migrate()


def test_a_file_that_is_no_database_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    path.write_bytes(b"this is not a database, but long enough to be looked at" * 20)
    with pytest.raises(CatalogueError, match="cannot be opened"):
        Catalogue(sqlite_url(path)).migrate()


def test_the_migrations_make_the_very_schema_that_the_program_uses(catalogue: Catalogue) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from service.catalogue.schema import metadata

    with catalogue._reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
