"""The main job with the real encoder and the real starter catalogue."""

from __future__ import annotations

import pytest

from service.matching.engine import CatalogueEngine
from service.models import MatchQuery
from tests.model.sentences import SENTENCES

pytestmark = pytest.mark.model

ENOUGH = 18 / 20


def test_news_sentences_find_their_claim_first(engine: CatalogueEngine) -> None:
    results = engine.find_matches([MatchQuery(text) for text, _ in SENTENCES])
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
    found = {match.claim.id: match for match in engine.find_matches([MatchQuery(text)])[0].matches}
    best = found["peacekeepers-occupy-west-ukraine"]
    assert "offered no evidence" in best.claim.rebuttal
    assert best.claim.rebuttals
