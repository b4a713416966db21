"""The lexical index must score as BM25 does, whatever was added and taken out since its base."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.index import lexical
from service.index.lexical import LexicalIndex
from service.index.postings import K1, B, numbers_of

WORDS = st.lists(st.sampled_from("abcdefghij"), max_size=12)
DOCUMENTS = st.dictionaries(st.integers(0, 30), WORDS, max_size=12).map(
    lambda found: dict(sorted(found.items()))
)


def coverage(query: list[str], document: list[str], base: Mapping[int, list[str]]) -> float:
    """Robertson and Zaragoza's BM25 with the base's statistics, over the most it could be."""
    size = len(base)
    mean = sum(map(len, base.values())) / size if size else 1.0
    counts = Counter(document)

    def idf(term: str) -> float:
        frequency = sum(term in terms for terms in base.values())
        return log(1 + (size - frequency + 0.5) / (frequency + 0.5))

    norm = K1 * (1 - B + B * len(document) / (mean or 1.0))
    reached = sum(
        idf(term) * counts[term] / (counts[term] + norm) for term in set(query) if counts[term]
    )
    return reached / (sum(idf(term) for term in set(query)) or 1.0)


@given(
    base=DOCUMENTS,
    steps=st.lists(st.tuples(st.lists(st.integers(0, 30), max_size=6), DOCUMENTS), max_size=4),
    query=WORDS,
    allowed=st.none() | st.lists(st.integers(0, 30), unique=True).map(sorted),
)
def test_after_any_changes_it_scores_as_bm25_does(
    base: dict[int, list[str]],
    steps: list[tuple[list[int], dict[int, list[str]]]],
    query: list[str],
    allowed: list[int] | None,
) -> None:
    index, present = LexicalIndex.of(base), dict(base)
    for gone, added in steps:
        replaced = np.array(sorted({*gone, *added}), np.int64)
        index = index.without(replaced).with_added(added)
        present = {key: terms for key, terms in present.items() if key not in replaced} | added
    expected = {key: coverage(query, terms, base) for key, terms in present.items()}
    asked = np.arange(35, dtype=np.int64)
    found = index.similarities(numbers_of(query), asked)
    for key in asked.tolist():
        if key in expected:
            assert found[key] == pytest.approx(expected[key], abs=1e-5)
        else:
            assert np.isnan(found[key])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lexical, "MOST_POSTINGS", 0)  # as where the terms' postings are many
        by_document = index.similarities(numbers_of(query), asked)
    assert by_document == pytest.approx(found, abs=1e-6, nan_ok=True)
    usable = {
        key: score
        for key, score in expected.items()
        if score > 0 and (allowed is None or key in allowed)
    }
    filtered = None if allowed is None else np.array(allowed, np.int64)
    hits = index.search([numbers_of(query)], 5, filtered)[0]
    assert len(index) == len(present)
    assert len(hits) == min(5, len(usable))
    assert all(hit.similarity == pytest.approx(usable[hit.id], abs=1e-5) for hit in hits)
    assert [hit.similarity for hit in hits] == pytest.approx(
        sorted(usable.values(), reverse=True)[:5], abs=1e-5
    )


def test_a_written_index_is_mapped_and_finds_the_same(tmp_path: Path) -> None:
    index = LexicalIndex.of({3: ["a", "b"], 7: ["b", "c", "c"]})
    names = index.write(tmp_path, "grams")
    assert sorted(names) == sorted(path.name for path in tmp_path.iterdir())
    mapped = LexicalIndex.read(tmp_path, "grams")
    assert mapped.search([numbers_of(["c", "b"])], 5) == index.search([numbers_of(["c", "b"])], 5)
    assert [hit.id for hit in mapped.search([numbers_of(["c"])], 5)[0]] == [7]


def test_many_small_changes_leave_few_pieces() -> None:
    index = LexicalIndex.of({})
    for number in range(200):
        index = index.with_added({number: ["a", f"word{number}"]})
    assert len(index) == 200
    assert len(index.delta) <= 9
    assert [hit.id for hit in index.search([numbers_of(["word150"])], 5)[0]] == [150]


def test_a_change_leaves_the_index_it_began_from_as_it_was() -> None:
    index = LexicalIndex.of({1: ["a"], 2: ["b"]})
    index.without(np.array([1], np.int64)).with_added({9: ["a"]})
    assert [hit.id for hit in index.search([numbers_of(["a"])], 5)[0]] == [1]


def test_an_empty_query_and_an_empty_index_find_nothing() -> None:
    assert LexicalIndex.of({1: ["a"]}).search([numbers_of([])], 5) == [[]]
    assert LexicalIndex.of({}).search([numbers_of(["a"])], 5) == [[]]


def test_in_a_large_index_the_rarest_terms_alone_find_the_candidates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    documents = {n: ["every", f"rare{n}"] if n % 2 else ["every", "half"] for n in range(100)}
    index = LexicalIndex.of(documents)
    terms = ["every", "half", "rare7", "unknown"]
    assert len(index.search([numbers_of(terms)], 200)[0]) == 100
    monkeypatch.setattr(lexical, "MOST_POSTINGS", 60)
    found = index.search([numbers_of(terms)], 200)[0]
    assert len(found) == 51
    monkeypatch.setattr(lexical, "MOST_POSTINGS", 5)
    assert [hit.id for hit in index.search([numbers_of(terms)], 200)[0]] == [7]
    assert len(index.search([numbers_of(["every"])], 200)[0]) == 100
