"""A new release of the starter corrects what no editor touched, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from service import preparation
from service.catalogue.catalogue import Catalogue
from service.catalogue.schema import claims
from service.models import Claim, Narrative
from service.starter import load_starter
from service.starter.updating import STARTER, StarterUpdate, update_starter

MOON = Narrative("moon", "The Moon")
OLD = tuple(
    Claim(f"moon-{name}", f"The Moon is {name}.", "It is rock.", narrative=MOON)
    for name in ("cheese", "hollow", "flat")
)
CHEESE, HOLLOW, FLAT = (claim.id for claim in OLD)
NEW = tuple(replace(claim, rebuttal="It is rock, as samples show.") for claim in OLD)
NOTHING = StarterUpdate()


@pytest.fixture(name="seeded", params=["with hashes", "before hashes were kept"])
def _seeded(catalogue: Catalogue, request: pytest.FixtureRequest) -> Catalogue:
    """A catalogue that was seeded by this release, or by one that kept no hashes."""
    if request.param == "with hashes":
        assert update_starter(catalogue, OLD) == StarterUpdate(added=(CHEESE, HOLLOW, FLAT))
    else:
        catalogue.save(OLD, who=STARTER, encoded=None)
        assert catalogue.origin_hashes(STARTER) == {}
    return catalogue


def edit(catalogue: Catalogue, claim_id: str, **changes: object) -> Claim:
    edited = replace(catalogue.claim(claim_id), **changes)  # type: ignore[arg-type]
    catalogue.save([edited], who="the desk", encoded=None)
    return catalogue.claim(claim_id)


def rebuttals(catalogue: Catalogue) -> dict[str, str]:
    return {claim.id: claim.rebuttal for claim in catalogue.all_claims()}


def test_an_untouched_claim_is_corrected_through_the_history(seeded: Catalogue) -> None:
    assert update_starter(seeded, NEW).corrected == (CHEESE, HOLLOW, FLAT)
    assert rebuttals(seeded) == {claim.id: claim.rebuttal for claim in NEW}
    last, first = seeded.history(CHEESE, before=None, limit=9)
    assert (last.who, last.action) == (STARTER, "update")
    assert last.before
    assert last.after
    assert (last.before.rebuttal, last.after.rebuttal) == (OLD[0].rebuttal, NEW[0].rebuttal)
    assert (first.who, first.action) == (STARTER, "create")
    assert set(seeded.changed_wordings(first.revision)[1]) == {CHEESE, HOLLOW, FLAT}


@pytest.mark.parametrize(
    "changes",
    [
        {"rebuttal": "Ask a geologist."},
        {"reviewed": True},
        {"keywords": ("Moon",)},
        {"wordings": {"uk": ("Місяць із сиру.",)}},
        {"narrative": None},
    ],
)
def test_a_touched_claim_is_left_and_said_once(
    seeded: Catalogue, changes: dict[str, object]
) -> None:
    before = edit(seeded, CHEESE, **changes)
    assert update_starter(seeded, NEW) == StarterUpdate(corrected=(HOLLOW, FLAT), left=(CHEESE,))
    assert seeded.claim(CHEESE) == before
    assert update_starter(seeded, NEW) == NOTHING
    newer = [replace(claim, title="Moon") for claim in NEW]
    assert update_starter(seeded, newer).left == (CHEESE,)
    assert seeded.claim(CHEESE) == before


def test_an_edit_is_no_news_while_the_starter_says_the_same(seeded: Catalogue) -> None:
    edit(seeded, CHEESE, rebuttal="Ask a geologist.")
    assert update_starter(seeded, OLD) == NOTHING


def test_a_deleted_claim_stays_deleted(seeded: Catalogue) -> None:
    seeded.remove(CHEESE, who="the desk")
    assert update_starter(seeded, NEW) == StarterUpdate(corrected=(HOLLOW, FLAT))
    assert set(rebuttals(seeded)) == {HOLLOW, FLAT}


def test_what_an_editor_wrote_in_place_of_a_deleted_claim_is_left(seeded: Catalogue) -> None:
    seeded.remove(CHEESE, who="the desk")
    seeded.save([replace(OLD[0], rebuttal="Ours.")], who="the desk", encoded=None)
    assert update_starter(seeded, NEW).left == (CHEESE,)
    assert seeded.claim(CHEESE).rebuttal == "Ours."


def test_what_is_no_longer_in_the_starter_stays(seeded: Catalogue) -> None:
    assert update_starter(seeded, NEW[1:]).corrected == (HOLLOW, FLAT)
    assert seeded.claim(CHEESE).rebuttal == OLD[0].rebuttal
    assert update_starter(seeded, NEW).corrected == (CHEESE,)


def test_a_second_run_changes_nothing(seeded: Catalogue) -> None:
    update_starter(seeded, NEW)
    revision, hashes = seeded.revision(), seeded.origin_hashes(STARTER)
    assert set(hashes) == {CHEESE, HOLLOW, FLAT}
    assert update_starter(seeded, NEW) == NOTHING
    assert (seeded.revision(), seeded.origin_hashes(STARTER)) == (revision, hashes)


def test_a_new_claim_comes_in_beside_the_others(seeded: Catalogue) -> None:
    more = Claim("moon-square", "The Moon is square.", "It is round.", narrative=MOON)
    assert update_starter(seeded, [*OLD, more]) == StarterUpdate(added=(more.id,))


def test_a_narrative_keeps_its_title(seeded: Catalogue) -> None:
    renamed = [replace(claim, narrative=Narrative("moon", "Our Moon")) for claim in OLD]
    assert update_starter(seeded, renamed) == NOTHING
    assert seeded.claim(CHEESE).narrative == MOON


def test_a_claim_that_has_the_id_by_chance_is_left(catalogue: Catalogue) -> None:
    mine = replace(OLD[0], text="Cheese is made on the Moon.")
    catalogue.save([mine], who="the desk", encoded=None)
    assert update_starter(catalogue, OLD) == StarterUpdate(added=(HOLLOW, FLAT))
    assert catalogue.claim(CHEESE).text == mine.text
    assert CHEESE not in catalogue.origin_hashes(STARTER)


def test_a_claim_saved_while_the_update_runs_is_left(
    seeded: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    narratives = seeded.narratives

    def edited_meanwhile() -> object:
        monkeypatch.undo()
        edit(seeded, CHEESE, rebuttal="Ours.")
        return narratives()

    monkeypatch.setattr(seeded, "narratives", edited_meanwhile)
    assert update_starter(seeded, NEW) == StarterUpdate(corrected=(HOLLOW, FLAT), left=(CHEESE,))
    assert seeded.claim(CHEESE).rebuttal == "Ours."


def test_the_whole_starter_is_seeded_once(catalogue: Catalogue) -> None:
    starter = list(load_starter())
    assert len(update_starter(catalogue, starter).added) == len(starter)
    assert update_starter(catalogue, starter) == NOTHING
    with catalogue.database.writing() as connection:
        connection.execute(update(claims).values(origin=None, origin_hash=None))
    assert update_starter(catalogue, starter) == NOTHING
    assert len(catalogue.origin_hashes(STARTER)) == len(starter)


def test_preparing_tells_what_it_did_and_what_it_left(
    seeded: Catalogue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(seeded, CHEESE, rebuttal="Ours.")
    monkeypatch.setattr(preparation, "load_starter", lambda: iter(NEW))
    preparation._seed(seeded)
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "Corrected 2 claims that no editor touched, from the starter.",
        "Left 1 claim as an editor has them, of which the starter says something new: moon-cheese",
    ]
    preparation._seed(seeded)
    assert capsys.readouterr().err == ""
