"""One suite for every index: each must behave as a plain search over what it holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.index import dense_base
from service.index.dense import DenseIndex
from service.index.dense_base import ENOUGH, DenseBase, Rows

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
    DenseBase.flat(rows_for(ids)).write(tmp_path)
    mapped = DenseIndex.from_base(DenseBase.read(tmp_path), np.array(ids, np.int64))
    query = rows_for([777])[0]
    assert mapped.search([query], 10) == dense(ids).search([query], 10)
    few = np.array([3, 4], np.int64)
    assert {hit.id for hit in mapped.search([query], 10, few)[0]} == {3, 4}


def test_a_file_that_is_no_index_is_refused(tmp_path: Path) -> None:
    DenseBase.flat(rows_for([1, 2])).write(tmp_path)
    (tmp_path / "dense.faiss").write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="not a FAISS index"):
        DenseBase.read(tmp_path)


def test_an_index_of_another_kind_than_noted_is_refused(tmp_path: Path) -> None:
    DenseBase.flat(rows_for([1, 2])).write(tmp_path)
    (tmp_path / "dense.json").write_text('{"effort": 64, "recall": 1.0}')
    with pytest.raises(ValueError, match="of the kind"):
        DenseBase.read(tmp_path)


def clustered(number: int) -> Rows:
    """Vectors around a hundred centres, as those of sentences lie around their topics."""
    chance = np.random.default_rng(7)
    centres = chance.normal(size=(100, 32))
    rows = centres[chance.integers(0, 100, number)] + chance.normal(size=(number, 32))
    unit: Rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


@pytest.fixture(name="graph", scope="module")
def _graph(tmp_path_factory: pytest.TempPathFactory) -> DenseIndex:
    """A large base, mapped from disk."""
    folder = tmp_path_factory.mktemp("graph")
    rows = clustered(4000)
    DenseBase.graph(rows).write(folder)
    return DenseIndex.from_base(DenseBase.read(folder), np.arange(1, len(rows) + 1))


def test_a_graph_finds_nearly_all_that_a_plain_search_finds(graph: DenseIndex) -> None:
    assert graph.base.effort is not None
    assert graph.base.recall >= ENOUGH
    rows = clustered(4000)
    found = 0
    for query in rows[::40]:
        best = set(np.argsort(-(rows @ query))[:10] + 1)
        found += len(best & {hit.id for hit in graph.search([query], 10)[0]})
    assert found >= ENOUGH * 10 * len(rows[::40])


def test_a_graph_finds_no_wording_that_is_dead_and_all_that_are_new(graph: DenseIndex) -> None:
    rows = clustered(4000)
    query = rows[10]
    dead = np.array([hit.id for hit in graph.search([query], 5)[0]], np.int64)
    changed = graph.without(dead).with_added(np.array([5000], np.int64), query[None])
    found = [hit.id for hit in changed.search([query], 20)[0]]
    assert found[0] == 5000
    assert not set(found) & set(dead.tolist())


@pytest.mark.parametrize("every", [3, 400])
def test_what_passes_a_filter_is_found_exactly(graph: DenseIndex, every: int) -> None:
    rows = clustered(4000)
    allowed = np.arange(1, 4001, every)
    scores = rows[allowed - 1] @ rows[20]
    best = allowed[np.argsort(-scores)[:5]]
    assert [hit.id for hit in graph.search([rows[20]], 5, allowed)[0]] == best.tolist()


def test_cosines_of_a_graph_are_those_of_its_vectors(graph: DenseIndex) -> None:
    rows = clustered(4000)
    asked = np.array([1, 77, 4000, 9999], np.int64)
    found = graph.similarities(rows[0], asked)
    assert found[:3] == pytest.approx(rows[asked[:3] - 1] @ rows[0], abs=1e-5)
    assert np.isnan(found[3])


def test_vectors_in_which_a_graph_finds_too_little_are_compared_one_by_one() -> None:
    chance = np.random.default_rng(3)
    rows = chance.normal(size=(3000, 128)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert DenseBase.graph(rows, efforts=(1,)).effort is None


def test_the_best_graph_is_taken_where_none_finds_quite_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dense_base, "ENOUGH", 1.1)
    rows = clustered(400)
    found = DenseBase.graph(rows, efforts=(400, 800))
    assert (found.effort, found.recall >= dense_base.LEAST) == (400, True)
    monkeypatch.setattr(dense_base, "LEAST", 1.1)
    assert DenseBase.graph(rows, efforts=(400, 800)).effort is None


def test_ids_that_do_not_fit_the_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        DenseIndex.of(np.array([2, 1], np.int64), rows_for([1, 2]))


def test_many_queries_are_answered_in_order() -> None:
    index = dense([1, 2, 3])
    queries = list(rows_for([3, 1]))
    assert [hits[0].id for hits in index.search(queries, 1)] == [3, 1]
    assert index.search([], 5) == []
