"""The main job with the real encoder and the real starter catalogue."""

from __future__ import annotations

import pytest

from service.matching.engine import CatalogueEngine
from service.models import ClaimFilter, MatchQuery
from tests.model.sentences import SENTENCES

# ruff: noqa: E501

pytestmark = pytest.mark.model

ENOUGH = 18 / 20


def test_news_sentences_find_their_claim_first(engine: CatalogueEngine) -> None:
    results = engine.find_matches([MatchQuery(text, min_score=0.0) for text, _ in SENTENCES])
    found = [result.matches[0].claim.id if result.matches else None for result in results]
    missed = [
        (text, expected, got)
        for (text, expected), got in zip(SENTENCES, found, strict=True)
        if got != expected
    ]
    assert len(SENTENCES) >= 20
    assert len(SENTENCES) - len(missed) >= ENOUGH * len(SENTENCES), missed


def test_the_claim_of_the_readme_comes_with_its_rebuttal(engine: CatalogueEngine) -> None:
    text = "Shoigu says the West's peacekeepers are really coming to occupy western Ukraine"
    best = engine.find_matches([MatchQuery(text)])[0].matches[0]
    assert best.claim.id == "peacekeepers-occupy-west-ukraine"
    assert "offered no evidence" in best.claim.rebuttal
    assert best.claim.rebuttals


@pytest.mark.parametrize(
    ("language", "text", "claim_id"),
    [
        ("ru", "Шойгу: под видом миротворцев Запад займёт запад Украины", "peacekeepers-occupy-west-ukraine"),
        ("uk", "Мовляв, повноваження Зеленського скінчилися і підписувати він нічого не може", "zelensky-illegitimate"),
        ("pl", "Czterem państwom obiecano po kawałku Ukrainy: Rumunii, Polsce, Niemcom i Brytanii", "partition-four-zones"),
        ("de", "Europäische Soldaten in der Ukraine bedeuten den Dritten Weltkrieg, warnte Schoigu", "peacekeepers-ww3"),
        ("fr", "Le service russe affirme que cent mille soldats de la paix vont occuper l'Ukraine", "svr-100k-peacekeepers"),
    ],
)  # fmt: skip
def test_a_sentence_in_another_language_finds_its_claim(
    engine: CatalogueEngine, language: str, text: str, claim_id: str
) -> None:
    result = engine.find_matches([MatchQuery(text, min_score=0.0)])[0]
    assert result.language == language
    assert result.matches[0].claim.id == claim_id


def test_filters_fill_the_limit_where_there_are_so_many(engine: CatalogueEngine) -> None:
    narrative = ClaimFilter(narratives=("zelensky-wealth-drugs-corruption",))
    query = MatchQuery(
        "Peacekeepers will occupy Ukraine", limit=16, min_score=0.0, filter=narrative
    )
    result = engine.find_matches([query])[0]
    assert len(result.matches) == 16
    assert {match.claim.narrative and match.claim.narrative.id for match in result.matches} == {
        "zelensky-wealth-drugs-corruption"
    }


def test_case_quotes_and_invisible_letters_change_no_result(engine: CatalogueEngine) -> None:
    text = 'Zelensky\'s "mandate" expired on 20 May 2024'
    odd = "ZELENSKY’S «MANDATE» EX\u200bPIRED ON 20 MAY 2024"
    plain, other = (
        [(match.claim.id, round(match.score, 3)) for match in result.matches]
        for result in engine.find_matches([MatchQuery(text), MatchQuery(odd)])
    )
    assert plain == other
