"""Articles: the right sentences, at their exact places, in one batch."""

from __future__ import annotations

from collections.abc import Sequence

from service.matching.scanning import LONGEST_SENTENCE, scan
from service.models import MatchQuery, MatchResult, ScanQuery
from tests.fakes import FakeEngine

ARTICLE = (
    "🇺🇦 MOSCOW\n"
    "The weather was fine. Western peacekeepers are a cover for the occupation of western "
    "Ukraine, he said.  Nothing else happened.\n…"
)


class CountingEngine(FakeEngine):
    """Knows how often it was asked, and with what."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[MatchQuery]] = []

    def find_matches(self, queries: Sequence[MatchQuery]) -> list[MatchResult]:
        self.asked.append(list(queries))
        return super().find_matches(queries)


def test_a_finding_has_the_sentence_to_the_letter_and_its_place() -> None:
    result = scan(FakeEngine(), ScanQuery(ARTICLE, MatchQuery("", limit=1, min_score=0.6)))
    [finding] = result.findings
    assert ARTICLE[finding.start : finding.end] == finding.text
    assert finding.text.startswith("Western peacekeepers")
    assert finding.matches[0].claim.id == "peacekeepers-occupy-west-ukraine"
    assert [(each.narrative.id, each.findings) for each in result.narratives] == [
        ("western-troops-peacekeepers", 1)
    ]


def test_an_article_is_one_batch_without_pieces_that_have_no_letter() -> None:
    engine = CountingEngine()
    result = scan(engine, ScanQuery(ARTICLE, MatchQuery("", limit=3, language="en")))
    [asked] = engine.asked
    assert result.sentences == len(asked) == 4
    assert {(query.limit, query.language) for query in asked} == {(3, "en")}


def test_a_text_without_sentences_asks_nothing() -> None:
    engine = CountingEngine()
    result = scan(engine, ScanQuery("…", MatchQuery("")))
    assert (result.sentences, result.findings, engine.asked) == (0, (), [])


def test_a_sentence_of_fifty_thousand_characters_is_looked_up_by_its_beginning() -> None:
    engine = CountingEngine()
    result = scan(engine, ScanQuery("word " * 10_000, MatchQuery("")))
    assert result.sentences == 1
    assert len(engine.asked[0][0].text) == LONGEST_SENTENCE
