"""Rows out of raw claims: what is wrong is refused or noted, and the fast way is the right way."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from service.interchange.building import build
from service.interchange.direct import claim_directly
from service.interchange.importing import Refused, Row
from service.models import Claim
from service.schemas.claim import ClaimSchema

RAW = {
    "id": "dam",
    "text": "The dam is a hologram.",
    "rebuttal": "It is made of concrete.",
    "title": "Hologram",
    "language": "en",
    "narrative": {"id": "dams", "title": "Dams"},
    "first_seen": "2016-04",
    "facts_as_of": "2020",
    "wordings": {"ru": ["Плотина — голограмма."]},
    "keywords": ["dam"],
    "appearances": [{"outlet": "Zero", "url": "https://z.example/1", "date": "2016"}],
    "rebuttals": [{"publisher": "Checkers", "kind": "source", "url": "https://c.example/1"}],
}


def built(**changes: Any) -> Row:
    row = build(1, RAW | changes)
    assert isinstance(row, Row), row
    return row


def refused(**changes: Any) -> str:
    row = build(1, RAW | changes)
    assert isinstance(row, Refused), row
    return row.reason


def test_a_claim_in_good_order_is_taken_whole() -> None:
    row = built()
    assert row.notes == ()
    assert row.claim == ClaimSchema().load(RAW)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"text": ""}, "/text"),
        ({"text": "x" * 2001}, "/text"),
        ({"rebuttal": "  "}, "/rebuttal"),
        ({"language": "xx"}, "/language"),
        ({"id": "Not An Id"}, "/id"),
        ({"id": "batch"}, "/id"),
        ({"narrative": {"id": "n", "title": "x" * 301}}, "/narrative/title"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_fault_in_what_a_claim_is_refuses_it(changes: dict[str, Any], part: str) -> None:
    if "colour" in changes:
        assert "/colour is left out" in " ".join(built(**changes).notes)
    else:
        assert part in refused(**changes)


def test_a_fault_in_anything_else_is_left_out_and_noted() -> None:
    row = built(
        first_seen="2016-13",
        keywords=["dam", "x" * 101, "river"],
        appearances=[{"outlet": "Zero", "url": "zero", "date": "x"}, {"outlet": " "}, {"url": "u"}],
        rebuttals=[{"publisher": "C", "url": "c"}, {"url": "https://c.example/1"}],
        wordings={"ru": ["Голограмма."], "xx": ["?"], "uk": ["x" * 2001]},
    )
    claim = row.claim
    assert claim.first_seen is None
    assert claim.keywords == ("dam", "river")
    assert [(a.outlet, a.url, a.date) for a in claim.appearances] == [("Zero", None, None)]
    assert [(r.publisher, r.url) for r in claim.rebuttals] == [("C", None)]
    assert claim.wordings == {"ru": ("Голограмма.",)}
    for pointer in ("/first_seen", "/keywords/1", "/appearances/0/url", "/appearances/1/outlet",
                    "/appearances/2/outlet", "/rebuttals/1/publisher", "/wordings"):  # fmt: skip
        assert any(note.startswith(pointer) for note in row.notes), pointer


def test_lists_are_cut_to_what_a_claim_may_hold_and_that_is_noted() -> None:
    row = built(
        keywords=[f"k{number % 60}" for number in range(90)],
        rebuttals=[{"publisher": f"p{number}"} for number in range(201)],
        wordings={"ru": [f"w{number}" for number in range(101)]},
    )
    assert len(row.claim.keywords) == 50
    assert len(row.claim.rebuttals) == 200
    assert len(row.claim.wordings["ru"]) == 100
    assert len(row.notes) == 3
    assert any("10 of 60 are left out" in note for note in row.notes)


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(
    ["", " ", "a\x00", "\ud800", "2016", "2016-02-30", "en", "xx", "https://a.example/1", "http://",
     "fact_check", "source", "x" * 101, "x" * 301, "x" * 2001, "batch", [], {}, ["x"], {"a": "b"}]
)  # fmt: skip
ENTRIES = st.dictionaries(
    st.sampled_from(["outlet", "publisher", "url", "archived_url", "date", "language", "kind",
                     "title", "rating", "id", "colour"]), VALUES, max_size=4,
)  # fmt: skip


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted([*RAW, "colour"])), VALUES, max_size=3),
    st.lists(ENTRIES | st.just(RAW["appearances"][0]), max_size=2),  # type: ignore[index]
    st.lists(ENTRIES | st.just(RAW["rebuttals"][0]), max_size=2),  # type: ignore[index]
)
def test_the_fast_way_makes_what_the_schema_makes(
    changes: dict[str, Any], appearances: list[Any], rebuttals: list[Any]
) -> None:
    raw = RAW | {"appearances": appearances, "rebuttals": rebuttals} | changes
    direct: Claim | None = None
    with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError):
        direct = claim_directly(raw)
    if direct is not None:
        try:
            assert direct == ClaimSchema().load(raw)
        except ValidationError as error:
            pytest.fail(f"{raw} is refused by the schema: {error}")
