"""Finds the sentences of an article that are about a known claim."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from service.matching.protocol import Engine
from service.matching.segmentation import Sentence, sentences
from service.models import Finding, Match, Narrative, NarrativeCount, ScanQuery, ScanResult

LONGEST_SENTENCE = 2_000
"""Characters of a sentence that are looked up, as many as a single query may have."""

ENOUGH_TO_TELL = 4_000
"""Characters of an article from which its language is told."""


def scan(engine: Engine, article: ScanQuery) -> ScanResult:
    """The sentences that match, in order, with their places in code points.

    All sentences are looked up in one go. Raises NotReady.
    """
    language = article.options.language or engine.language_of(article.text[:ENOUGH_TO_TELL])
    found = [
        sentence
        for sentence in sentences(article.text, language or "en")
        if any(character.isalpha() for character in sentence.text)
    ]
    queries = [
        replace(article.options, text=sentence.text[:LONGEST_SENTENCE], language=language)
        for sentence in found
    ]
    results = engine.find_matches(queries) if queries else []
    findings = tuple(
        _finding(sentence, result.matches)
        for sentence, result in zip(found, results, strict=True)
        if result.matches
    )
    return ScanResult(language, len(found), findings, _narratives(findings))


def _finding(sentence: Sentence, matches: tuple[Match, ...]) -> Finding:
    return Finding(sentence.start, sentence.end, sentence.text, matches)


def _narratives(findings: tuple[Finding, ...]) -> tuple[NarrativeCount, ...]:
    """In how many findings each narrative occurs, the most frequent first."""
    counted: Counter[Narrative] = Counter()
    for finding in findings:
        counted.update(
            {match.claim.narrative for match in finding.matches if match.claim.narrative}
        )
    return tuple(NarrativeCount(narrative, count) for narrative, count in counted.most_common())
