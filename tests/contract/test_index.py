"""One suite for every index: each must behave as a plain search over what it holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.index.dense import DenseIndex, Rows, read_base, write_base

DIMENSION = 8


def rows_for(ids: list[int]) -> Rows:
    rows = np.stack([np.random.default_rng(key).normal(size=DIMENSION) for key in ids])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32)


def dense(ids: list[int]) -> DenseIndex:
    rows = rows_for(ids) if ids else np.empty((0, DIMENSION), np.float32)
    return DenseIndex.of(np.array(ids, np.int64), rows)


def plain(ids: set[int], query: Rows, limit: int) -> list[int]:
    ordered = sorted(ids)
    if not ordered:
        return []
    scores = rows_for(ordered) @ query
    return [ordered[row] for row in np.argsort(-scores, kind="stable")[:limit]]


SOME_IDS = st.lists(st.integers(1, 60), unique=True, max_size=30).map(sorted)


@given(
    base=SOME_IDS,
    steps=st.lists(st.tuples(SOME_IDS, st.integers(0, 5)), max_size=4),
    allowed=st.none() | SOME_IDS,
    seed=st.integers(0, 1000),
    limit=st.integers(1, 40),
)
def test_after_any_changes_it_finds_what_a_plain_search_finds(
    base: list[int],
    steps: list[tuple[list[int], int]],
    allowed: list[int] | None,
    seed: int,
    limit: int,
) -> None:
    index, present, fresh = dense(base), set(base), 100
    for gone, more in steps:
        added = list(range(fresh, fresh + more))
        fresh += more
        index = index.without(np.array(gone, np.int64))
        if added:
            index = index.with_added(np.array(added, np.int64), rows_for(added))
        present = (present - set(gone)) | set(added)
    query = rows_for([5000 + seed])[0]
    usable = present if allowed is None else present & set(allowed)
    filtered = None if allowed is None else np.array(allowed, np.int64)
    hits = index.search([query], limit, filtered)[0]
    assert [hit.id for hit in hits] == plain(usable, query, limit)
    assert len(index) == len(present)
    asked = np.array(sorted(present | set(base)), np.int64)
    found = index.similarities(query, asked)
    for key, similarity in zip(asked.tolist(), found, strict=True):
        if key in present:
            assert similarity == pytest.approx(float(rows_for([key])[0] @ query), abs=1e-5)
        else:
            assert np.isnan(similarity)


def test_a_change_leaves_the_index_it_began_from_as_it_was() -> None:
    index = dense([1, 2, 3])
    query = rows_for([2])[0]
    index.without(np.array([2], np.int64)).with_added(np.array([9], np.int64), rows_for([9]))
    assert [hit.id for hit in index.search([query], 1)[0]] == [2]
    assert len(index) == 3


def test_a_written_base_is_mapped_and_finds_the_same(tmp_path: Path) -> None:
    ids = list(range(1, 200))
    write_base(tmp_path / "dense.faiss", rows_for(ids))
    mapped = DenseIndex.from_base(read_base(tmp_path / "dense.faiss"), np.array(ids, np.int64))
    query = rows_for([777])[0]
    assert mapped.search([query], 10) == dense(ids).search([query], 10)
    few = np.array([3, 4], np.int64)
    assert {hit.id for hit in mapped.search([query], 10, few)[0]} == {3, 4}


def test_a_file_that_is_no_index_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dense.faiss").write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="not a FAISS index"):
        read_base(tmp_path / "dense.faiss")


def test_ids_that_do_not_fit_the_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        DenseIndex.of(np.array([2, 1], np.int64), rows_for([1, 2]))


def test_many_queries_are_answered_in_order() -> None:
    index = dense([1, 2, 3])
    queries = list(rows_for([3, 1]))
    assert [hits[0].id for hits in index.search(queries, 1)] == [3, 1]
    assert index.search([], 5) == []
