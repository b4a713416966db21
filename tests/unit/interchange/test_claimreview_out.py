"""ClaimReview out: what schema.org defines, and no more than the catalogue knows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.interchange import claimreview
from service.interchange.claimreview_out import claim_review
from service.interchange.importing import Row
from service.interchange.ratings import Accepted
from service.models import Appearance, Claim, Rebuttal
from service.starter import load_starter
from tests.fakes import CLAIMS
from tests.vocabulary import faults

FULL = replace(
    CLAIMS[0],
    appearances=(
        Appearance("TASS", "https://tass.example/1", "https://web.archive.org/1", "2024-11", "ru"),
    ),
    rebuttals=(
        Rebuttal("Checkers", "No", "https://c.example/1", "2025", "en", "fact_check", "False"),
        Rebuttal("Checkers", "No", None, "2025", "en", "fact_check", "False"),
        Rebuttal("News", "It happened", "https://n.example/1", "2025", "en", "source", "False"),
        Rebuttal("Checkers", "Also", "https://c.example/2", None, None, "fact_check", None),
    ),
)


@pytest.mark.parametrize("base_url", [None, "https://refrain.example/"])
@pytest.mark.parametrize("claim", [FULL, *CLAIMS])
def test_a_claim_goes_out_as_schema_org_defines(claim: Claim, base_url: str | None) -> None:
    assert list(faults(claim_review(claim, "Our Desk", base_url), "ClaimReview")) == []


def test_the_whole_starter_catalogue_goes_out_as_schema_org_defines() -> None:
    for claim in load_starter():
        assert list(faults(claim_review(claim, "Our Desk"), "ClaimReview")) == [], claim.id


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"rebuttal": "No."}, "ClaimReview has no rebuttal"),
        ({"ratingValue": "1"}, "ClaimReview has no ratingValue"),
        ({"url": "claims/1"}, "url of ClaimReview"),
        ({"datePublished": "last May"}, "datePublished of ClaimReview"),
        ({"author": {"@type": "Rating"}}, "Rating stands where"),
        ({"itemReviewed": {"@type": "Lie"}}, "Lie is no type"),
    ],
)
def test_the_vocabulary_finds_what_is_wrong(wrong: dict[str, Any], fault: str) -> None:
    found = list(faults(claim_review(FULL, "Our Desk") | wrong, "ClaimReview"))
    assert len(found) == 1
    assert fault in found[0]


def test_the_newsroom_is_the_author_and_the_rebuttal_the_body() -> None:
    review = claim_review(FULL, "Our Desk", "https://refrain.example/")
    assert review["author"] == {"@type": "Organization", "name": "Our Desk"}
    assert review["claimReviewed"] == FULL.text
    assert review["reviewBody"] == FULL.rebuttal
    assert review["url"] == f"https://refrain.example/claims/{FULL.id}"
    assert review["dateModified"] == "2026-11-22T09:00:00Z"
    assert "reviewRating" not in review


def test_only_what_came_in_as_a_review_goes_out_as_one() -> None:
    citations = claim_review(FULL, "Our Desk")["citation"]
    assert [work["@type"] for work in citations] == [
        "ClaimReview", "CreativeWork", "CreativeWork", "CreativeWork",
    ]  # fmt: skip
    assert citations[0]["author"]["name"] == "Checkers"
    assert citations[0]["reviewRating"] == {"@type": "Rating", "alternateName": "False"}
    assert not any("reviewRating" in work or "author" in work for work in citations[1:])


def test_what_is_not_known_is_left_out() -> None:
    review = claim_review(Claim("a", "Text.", "Rebuttal."), "")
    assert set(review) == {
        "@context", "@type", "identifier", "inLanguage", "claimReviewed", "reviewBody",
        "itemReviewed",
    }  # fmt: skip


def test_a_fact_checkers_rating_comes_in_and_goes_out_to_the_letter(tmp_path: Path) -> None:
    path = tmp_path / "review.json"
    path.write_text(json.dumps(claim_review(FULL, "Our Desk", "https://r.example")), "utf-8")
    (row,) = claimreview.read(path, claimreview.Selection(), Accepted(["unrated"]))
    assert isinstance(row, Row)
    assert (row.claim.text, row.claim.rebuttal) == (FULL.text, FULL.rebuttal)
    kinds = [(r.publisher, r.kind, r.rating) for r in row.claim.rebuttals]
    assert kinds[1:] == [
        ("Checkers", "fact_check", "False"),
        ("News", "source", None),
        ("Checkers", "source", None),
    ]
