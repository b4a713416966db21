"""The one shape of a claim: what loads, what does not, and that it comes back as it went."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from service.models import Claim, Narrative
from service.schemas.claim import ClaimSchema
from service.schemas.faults import faults
from service.schemas.languages import LANGUAGES
from tests.fakes import CLAIMS

LEAST: dict[str, Any] = {"id": "a", "text": "A claim.", "rebuttal": "It is not so."}


def load(**fields: Any) -> Claim:
    claim: Claim = ClaimSchema().load(LEAST | fields)
    return claim


def refused(**fields: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        load(**fields)
    return [pointer for pointer, _ in faults(caught.value.messages)]


def test_least_claim_has_the_documented_defaults() -> None:
    assert load() == Claim(id="a", text="A claim.", rebuttal="It is not so.")


def test_what_was_read_can_be_sent_back() -> None:
    for claim in CLAIMS:
        again = ClaimSchema().load(ClaimSchema().dump(claim))
        assert ClaimSchema(exclude=("revision", "updated")).dump(again) == ClaimSchema(
            exclude=("revision", "updated")
        ).dump(claim)


def test_read_only_fields_are_ignored_whatever_they_hold() -> None:
    assert load(last_seen=5, revision="x", updated=None) == load()


def test_id_may_be_left_out_where_it_comes_from_elsewhere() -> None:
    claim = ClaimSchema(partial=("id",)).load({"text": "a", "rebuttal": "b"})
    assert claim.id == ""


def test_narrative_without_a_title_is_one_that_exists() -> None:
    assert load(narrative={"id": "n"}).narrative == Narrative("n", "")


def test_languages_are_the_183_of_the_standard() -> None:
    assert len(LANGUAGES) == 183


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"id": "batch"}, "/id"),
        ({"id": "A"}, "/id"),
        ({"text": " "}, "/text"),
        ({"text": "a" * 2001}, "/text"),
        ({"title": "a" * 301}, "/title"),
        ({"title": ""}, "/title"),
        ({"rebuttal": "a" * 5001}, "/rebuttal"),
        ({"rebuttal": "a\x00"}, "/rebuttal"),
        ({"language": "xx"}, "/language"),
        ({"wordings": []}, "/wordings"),
        ({"wordings": {"xx": ["a"]}}, "/wordings/xx"),
        ({"wordings": {"ru": "a"}}, "/wordings/ru"),
        ({"wordings": {"ru": ["a", " "]}}, "/wordings/ru/1"),
        ({"narrative": "n"}, "/narrative"),
        ({"narrative": {"title": "N"}}, "/narrative/id"),
        ({"narrative": {"id": "n", "more": 1}}, "/narrative/more"),
        ({"first_seen": "2024-02-30"}, "/first_seen"),
        ({"keywords": "a,b"}, "/keywords"),
        ({"keywords": ["a", 5]}, "/keywords/1"),
        ({"appearances": [{"outlet": "TASS"}, {"url": None}]}, "/appearances/1/outlet"),
        ({"appearances": [{"outlet": "TASS", "date": "x"}]}, "/appearances/0/date"),
        ({"rebuttals": [{"publisher": "P", "kind": "opinion"}]}, "/rebuttals/0/kind"),
        ({"reviewed": 1}, "/reviewed"),
        ({"reviewed": "true"}, "/reviewed"),
        ({"reviewed": None}, "/reviewed"),
        ({"wordngs": {}}, "/wordngs"),
    ],
)
def test_fault_is_named_by_a_pointer_to_its_place(fields: dict[str, Any], pointer: str) -> None:
    assert refused(**fields) == [pointer]


@pytest.mark.parametrize(
    "url",
    [
        "https://euvsdisinfo.eu/report/один",
        "HTTP://example.org:8080/a?b=c#d",
        "https://xn--80aaa.xn--j1amh/",
        "https://перевірка.укр/а",
        "https://1.2.3.4/",
    ],
)
def test_web_addresses_are_taken_as_they_come(url: str) -> None:
    assert load(appearances=[{"outlet": "o", "url": url}]).appearances[0].url == url


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org",
        "javascript:alert(1)",
        "//example.org",
        "example.org",
        "https://",
        "https://localhost/",
        "https://user:pass@example.org/",
        "https://example.org:port/",
        "https://exa mple.org/",
        "https://example.org/a\nb",
        'https://example.org/"onclick=',
        "https://[::1",
        "https://example.org\\@evil.org",
        "https://example.org/" + "a" * 2000,
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    assert refused(appearances=[{"outlet": "o", "url": url}]) == ["/appearances/0/url"]
