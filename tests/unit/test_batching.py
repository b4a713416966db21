"""Batching of concurrent calls, the encoder on top of it, and the cache of query vectors."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Overloaded
from service.inference.batching import Batcher, Limits, Ran
from service.inference.batching_encoder import BatchingEncoder
from service.inference.batching_verifier import BatchingVerifier
from service.inference.caching import CachingEncoder
from service.inference.grouping import groups
from service.inference.protocol import EncodedQueries, Vectors
from service.inference.verifier import LogProbabilities
from tests.fakes import FakeEncoder

PATIENCE_S = 20


class Gate:
    """Work that notes its batches, and waits inside each until it is let through."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.entered = threading.Semaphore(0)
        self.open = threading.Semaphore(0)

    def __call__(self, items: Sequence[str]) -> list[str]:
        self.batches.append(list(items))
        self.entered.release()
        assert self.open.acquire(timeout=PATIENCE_S)
        return [item.upper() for item in items]

    def enter(self) -> None:
        """Waits until a batch is being run."""
        assert self.entered.acquire(timeout=PATIENCE_S)

    def let(self, batches: int = 1) -> None:
        self.open.release(batches)


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.001)


def in_turn(
    pool: ThreadPoolExecutor, batcher: Batcher[str, str], items: Sequence[str]
) -> list[Future[str]]:
    """Asks for each item in a thread of its own, surely in this order."""
    asked: list[Future[str]] = []
    already = batcher.waiting()
    for item in items:
        asked.append(pool.submit(batcher.one, item))
        eventually(lambda: batcher.waiting() == already + len(asked))
    return asked


def test_a_call_that_comes_alone_is_run_at_once_by_its_own_thread() -> None:
    threads: list[int] = []

    def work(items: Sequence[str]) -> list[str]:
        threads.append(threading.get_ident())
        return list(items)

    batcher = Batcher(work, len)
    assert [batcher.one("a"), batcher.one("b")] == ["a", "b"]
    assert set(threads) == {threading.get_ident()}


def test_what_comes_meanwhile_is_run_together() -> None:
    gate = Gate()
    batcher = Batcher(gate, len)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(batcher.one, "a")
        gate.enter()
        others = in_turn(pool, batcher, ["b", "c", "d"])
        gate.let(2)
        assert [each.result(PATIENCE_S) for each in (first, *others)] == ["A", "B", "C", "D"]
    assert gate.batches == [["a"], ["b", "c", "d"]]


def test_short_texts_do_not_wait_for_long_ones() -> None:
    gate = Gate()
    batcher = Batcher(gate, len, Limits(overhead=2))
    long = "x" * 100
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(batcher.one, "a")]
        gate.enter()
        asked += in_turn(pool, batcher, ["b", long, "c"])
        gate.let(3)
        for each in asked:
            each.result(PATIENCE_S)
    assert gate.batches == [["a"], ["b", "c"], [long]]


def test_what_comes_back_does_not_pass_what_waits() -> None:
    gate = Gate()
    batcher = Batcher(gate, len, Limits(overhead=2))
    long = "x" * 100
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(batcher.one, "a")]
        gate.enter()
        asked += in_turn(pool, batcher, ["b", long])
        gate.let()
        gate.enter()  # "b" is being run
        asked += in_turn(pool, batcher, ["c"])
        gate.let(3)
        for each in asked:
            each.result(PATIENCE_S)
    assert gate.batches == [["a"], ["b"], [long], ["c"]]


def test_a_batch_has_at_most_the_largest_number() -> None:
    gate = Gate()
    batcher = Batcher(gate, len, Limits(largest=2))
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(batcher.one, "a")]
        gate.enter()
        asked += in_turn(pool, batcher, list("bcdef"))
        gate.let(4)
        for each in asked:
            each.result(PATIENCE_S)
    assert [item for batch in gate.batches for item in batch] == list("abcdef")
    assert len(gate.batches) == 4
    assert max(map(len, gate.batches)) == 2


def test_slices_of_many_go_behind_single_items() -> None:
    gate = Gate()
    batcher = Batcher(gate, len, Limits(largest=2))
    with ThreadPoolExecutor(8) as pool:
        many = pool.submit(batcher.many, ["k", "l", "m", "n", "o"])
        gate.enter()
        asked = in_turn(pool, batcher, ["b", "c"])
        gate.let(4)
        assert many.result(PATIENCE_S) == ["K", "L", "M", "N", "O"]
        assert [each.result(PATIENCE_S) for each in asked] == ["B", "C"]
    assert gate.batches[1] == ["b", "c"]
    assert max(map(len, gate.batches)) == 2


def test_an_overdue_slice_takes_turns_with_single_items() -> None:
    gate = Gate()
    batcher = Batcher(gate, len, Limits(largest=1, deadline_s=60))
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(batcher.one, "a")]
        gate.enter()
        many = pool.submit(batcher.many, ["k"])
        eventually(lambda: batcher.waiting() == 1)
        # as if the slice had come more than half of its deadline ago
        batcher._slices[0].came -= 31
        asked += in_turn(pool, batcher, ["b", "c"])
        gate.let(4)
        for each in asked:
            each.result(PATIENCE_S)
        assert many.result(PATIENCE_S) == ["K"]
    assert gate.batches == [["a"], ["k"], ["b"], ["c"]]


def test_a_full_queue_refuses_at_once() -> None:
    gate = Gate()
    batcher = Batcher(gate, len, Limits(queue=2, slices=1))
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(batcher.one, "a")]
        gate.enter()
        assert not batcher.full()
        asked += in_turn(pool, batcher, ["b", "c"])
        assert batcher.full()
        with pytest.raises(Overloaded):
            batcher.one("d")
        many = pool.submit(batcher.many, ["k"])
        eventually(lambda: batcher.waiting() == 3)
        with pytest.raises(Overloaded):
            batcher.many(["l"])
        gate.let(3)
        assert [each.result(PATIENCE_S) for each in asked] == ["A", "B", "C"]
        assert many.result(PATIENCE_S) == ["K"]
    assert not batcher.full()


def test_a_call_past_its_deadline_is_dropped_while_the_batch_before_still_runs() -> None:
    gate = Gate()
    batcher = Batcher(gate, len, Limits(deadline_s=0.05))
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(batcher.one, "a")
        gate.enter()
        late = [pool.submit(batcher.one, item) for item in "bcd"]
        many = pool.submit(batcher.many, ["k", "l"])
        for each in late:
            with pytest.raises(Overloaded, match="in time"):
                each.result(PATIENCE_S)
        with pytest.raises(Overloaded, match="in time"):
            many.result(PATIENCE_S)
        assert batcher.waiting() == 0
        gate.let()
        assert first.result(PATIENCE_S) == "A"  # what is being run is not given up
        gate.let()
        assert batcher.one("e") == "E"
    assert gate.batches == [["a"], ["e"]]


def test_an_error_reaches_everyone_whose_item_has_it_and_no_one_else() -> None:
    entered, proceed = threading.Event(), threading.Event()

    def work(items: Sequence[str]) -> list[str]:
        entered.set()
        assert proceed.wait(PATIENCE_S)
        if "bad" in items:
            raise ValueError("a bad item")
        return list(items)

    batcher = Batcher(work, len)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(batcher.one, "a")
        assert entered.wait(PATIENCE_S)
        asked = in_turn(pool, batcher, ["b", "bad", "c", "bad"])
        proceed.set()
        assert first.result(PATIENCE_S) == "a"
        for item, each in zip(["b", "bad", "c", "bad"], asked, strict=True):
            if item == "bad":
                with pytest.raises(ValueError, match="a bad item"):
                    each.result(PATIENCE_S)
            else:
                assert each.result(PATIENCE_S) == item
        with pytest.raises(ValueError, match="a bad item"):
            batcher.many(["d", "bad"])


def test_a_wrong_number_of_results_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="1 results came for 2 items"):
        Batcher(lambda items: items[:1], len).many(["a", "b"])


def test_a_thread_that_is_broken_off_leaves_nobody_waiting() -> None:
    gate = Gate()

    def work(items: Sequence[str]) -> list[str]:
        if "!" in items:
            raise SystemExit
        return gate(items)

    batcher = Batcher(work, len)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(batcher.one, "a")
        gate.enter()
        asked = in_turn(pool, batcher, ["b", "!", "c"])
        gate.let(8)
        assert first.result(PATIENCE_S) == "A"
        ended = [type(each.exception(PATIENCE_S)) for each in asked]
        assert ended.count(SystemExit) == 1
        assert ended.count(RuntimeError) == 2
        assert batcher.one("d") == "D"


def test_batches_are_told_to_whoever_watches() -> None:
    seen: list[Ran] = []
    batcher: Batcher[str, str] = Batcher(list, len, watch=seen.append)
    batcher.one("a")
    batcher.many(["b", "c"])
    assert [ran.items for ran in seen] == [1, 2]
    assert all(ran.processor_s >= 0 and min(ran.waited_s) >= 0 for ran in seen)


@pytest.mark.parametrize("pause", [0.0, 0.002])
def test_no_call_is_lost_among_64_threads(pause: float) -> None:
    running = threading.Lock()

    def work(items: Sequence[int]) -> list[int]:
        assert running.acquire(blocking=False), "two batches at a time"
        try:
            time.sleep(random.random() * pause)
            if any(item % 97 == 0 for item in items):
                raise ValueError
            return [-item for item in items]
        finally:
            running.release()

    batcher = Batcher(work, lambda item: item % 7, Limits(largest=8, queue=64, slices=64))

    def ask(thread: int) -> int:
        failed = 0
        for n in range(40):
            item = thread * 1000 + n + 1
            try:
                if n % 10 == 9:
                    assert batcher.many([item, item + 500]) == [-item, -item - 500]
                else:
                    assert batcher.one(item) == -item
            except ValueError:
                failed += 1
        return failed

    with ThreadPoolExecutor(64) as pool:
        asked = [pool.submit(ask, thread) for thread in range(64)]
        assert sum(each.result(60) for each in asked) > 0
    assert batcher.waiting() == 0


def test_under_too_much_load_every_call_ends_in_time() -> None:
    def work(items: Sequence[int]) -> list[int]:
        time.sleep(0.002 * len(items))
        return list(items)

    limits = Limits(largest=4, queue=16, deadline_s=0.02)
    batcher = Batcher(work, lambda _: 1, limits)
    answered, refused = [], []

    def ask(_: int) -> None:
        for n in range(20):
            began = time.monotonic()
            try:
                batcher.one(n)
                answered.append(time.monotonic() - began)
            except Overloaded:
                refused.append(time.monotonic() - began)
                time.sleep(0.002)

    with ThreadPoolExecutor(48) as pool:
        for each in [pool.submit(ask, n) for n in range(48)]:
            each.result(60)
    assert len(answered) + len(refused) == 48 * 20
    assert answered
    assert refused
    assert max(answered) < 2


# -- grouping ---------------------------------------------------------------------------------


def padded(sizes: Sequence[int], division: Sequence[Sequence[int]], overhead: int) -> int:
    return sum(
        overhead + len(places) * max(1, *(sizes[place] for place in places)) for places in division
    )


@given(
    st.lists(st.integers(0, 300), max_size=80),
    st.integers(0, 50),
    st.integers(1, 33),
    st.none() | st.integers(1, 4000),
)
def test_every_text_is_in_one_group_within_the_limits(
    sizes: list[int], overhead: int, largest: int, area: int | None
) -> None:
    division = groups(sizes, overhead=overhead, largest=largest, area=area)
    assert sorted(place for places in division for place in places) == list(range(len(sizes)))
    for places in division:
        assert len(places) <= largest
        assert area is None or len(places) == 1 or len(places) * sizes[places[-1]] <= area
    flat = [sizes[place] for places in division for place in places]
    assert flat == sorted(flat)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=9), st.integers(0, 30))
def test_no_other_division_costs_less(sizes: list[int], overhead: int) -> None:
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    best = padded(sizes, groups(sizes, overhead=overhead, largest=32), overhead)
    for cuts in range(2 ** (len(sizes) - 1)):
        division: list[list[int]] = [[]]
        for n, place in enumerate(order):
            if n and cuts >> (n - 1) & 1:
                division.append([])
            division[-1].append(place)
        assert best <= padded(sizes, division, overhead)


# -- the encoder ------------------------------------------------------------------------------


class CountingEncoder(FakeEncoder):
    """Notes what it is given, and can be held up."""

    def __init__(self) -> None:
        super().__init__()
        self.queries: list[list[str]] = []
        self.passages: list[list[str]] = []
        self.entered = threading.Semaphore(0)
        self.proceed = threading.Event()
        self.proceed.set()
        self.fault: Exception | None = None

    def encode_queries(self, texts: Sequence[str]) -> EncodedQueries:
        self.queries.append(list(texts))
        self.entered.release()
        assert self.proceed.wait(PATIENCE_S)
        if self.fault:
            raise self.fault
        return super().encode_queries(texts)

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        self.passages.append(list(texts))
        return super().encode_passages(texts, progress)


def test_batches_give_the_vectors_of_the_encoder() -> None:
    plain, inner = FakeEncoder(), CountingEncoder()
    batching = BatchingEncoder(inner)
    texts = [f"word {'long ' * (n % 9)}{n}" for n in range(70)]
    expected = plain.encode_queries(texts)
    got = batching.encode_queries(texts)
    assert np.array_equal(got.vectors, expected.vectors)
    assert got.truncated == expected.truncated
    assert max(map(len, inner.queries)) <= 32
    assert np.array_equal(batching.encode_queries(texts[:1]).vectors, expected.vectors[:1])
    done: list[int] = []
    passages = batching.encode_passages(texts, done.append)
    assert np.array_equal(passages, plain.encode_passages(texts))
    assert sum(done) == 70
    assert max(map(len, inner.passages)) <= 32


def test_a_batching_encoder_has_the_facts_of_its_encoder() -> None:
    inner = FakeEncoder(8, frozenset({"uk"}))
    for outer in (BatchingEncoder(inner), CachingEncoder(inner)):
        for fact in ("name", "fingerprint", "dimension", "languages"):
            assert getattr(outer, fact) == getattr(inner, fact)
        assert outer.encode_queries([]).vectors.shape == (0, 8)
        assert outer.encode_passages([]).shape == (0, 8)


def test_truncation_is_told_of_the_right_text() -> None:
    batching = BatchingEncoder(FakeEncoder())
    texts = ["long " * 300, "short", "long " * 400]
    assert batching.encode_queries(texts).truncated == (True, False, True)


# -- the cache --------------------------------------------------------------------------------


def test_a_repeated_query_is_encoded_once() -> None:
    inner = CountingEncoder()
    caching = CachingEncoder(inner)
    first = caching.encode_queries(["a b", "c"])
    again = caching.encode_queries(["c", "d", "a b"])
    assert inner.queries == [["a b", "c"], ["d"]]
    assert np.array_equal(again.vectors[[2, 0]], first.vectors)
    assert (caching.hits, caching.misses) == (2, 3)


def test_a_text_that_stands_twice_in_a_call_is_encoded_once() -> None:
    inner = CountingEncoder()
    found = CachingEncoder(inner).encode_queries(["a", "b", "a"])
    assert inner.queries == [["a", "b"]]
    assert np.array_equal(found.vectors[0], found.vectors[2])


def test_truncation_is_remembered() -> None:
    caching = CachingEncoder(FakeEncoder())
    for _ in range(2):
        assert caching.encode_queries(["long " * 300, "short"]).truncated == (True, False)


def test_the_query_used_least_lately_is_forgotten() -> None:
    inner = CountingEncoder()
    caching = CachingEncoder(inner, size=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        caching.encode_queries([text])
    assert inner.queries == [["a"], ["b"], ["c"], ["b"]]


def test_texts_of_one_key_have_one_vector() -> None:
    inner = CountingEncoder()
    caching = CachingEncoder(inner, key=str.lower)
    caching.encode_queries(["Peace"])
    caching.encode_queries(["PEACE"])
    assert inner.queries == [["Peace"]]


def test_a_cache_of_no_size_remembers_nothing() -> None:
    inner = CountingEncoder()
    caching = CachingEncoder(inner, size=0)
    assert len(caching.encode_queries(["a"]).vectors) == 1
    caching.encode_queries(["a"])
    assert inner.queries == [["a"], ["a"]]


def test_what_a_caller_does_to_its_vectors_is_not_remembered() -> None:
    caching = CachingEncoder(FakeEncoder())
    caching.encode_queries(["a"]).vectors[:] = 0
    assert caching.encode_queries(["a"]).vectors.any()


def test_a_text_that_several_ask_for_at_a_time_is_encoded_once() -> None:
    inner = CountingEncoder()
    inner.proceed.clear()
    caching = CachingEncoder(inner)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(caching.encode_queries, ["a"])]
        assert inner.entered.acquire(timeout=PATIENCE_S)
        asked += [pool.submit(caching.encode_queries, ["a"]) for _ in range(5)]
        eventually(lambda: caching.hits == 5)
        inner.proceed.set()
        rows = [each.result(PATIENCE_S).vectors for each in asked]
    assert inner.queries == [["a"]]
    assert all(np.array_equal(each, rows[0]) for each in rows)


def test_what_befalls_one_request_does_not_befall_the_one_that_waited_for_it() -> None:
    inner = CountingEncoder()
    inner.proceed.clear()
    inner.fault = Overloaded()
    caching = CachingEncoder(inner)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(caching.encode_queries, ["a"])
        assert inner.entered.acquire(timeout=PATIENCE_S)
        second = pool.submit(caching.encode_queries, ["a"])
        eventually(lambda: caching.hits == 1)
        inner.proceed.set()
        with pytest.raises(Overloaded):
            first.result(PATIENCE_S)
        inner.fault = None
        # it tries by itself, and may still meet the fault
        error = second.exception(PATIENCE_S)
        assert error is None or isinstance(error, Overloaded)
    assert inner.queries == [["a"], ["a"]]
    assert len(caching.encode_queries(["a"]).vectors) == 1


class CountingVerifier:
    """Tells repeating from rejecting by whether two texts are the same; notes its batches."""

    name, fingerprint = "fake", "f" * 64

    def __init__(self) -> None:
        self.gate = Gate()
        self.batches: list[int] = []

    def verify(self, pairs: Sequence[tuple[str, str]]) -> LogProbabilities:
        self.batches.append(len(pairs))
        self.gate([query for query, _ in pairs])
        return np.array([[float(one == two), 0, 0] for one, two in pairs], np.float32)


def test_pairs_of_several_requests_are_verified_together_and_each_gets_its_own() -> None:
    verifier = CountingVerifier()
    batching = BatchingVerifier(verifier)
    verifier.gate.let(10)
    assert batching.verify([]).shape == (0, 3)
    with ThreadPoolExecutor(8) as pool:
        verifier.gate.open = threading.Semaphore(0)
        first = pool.submit(batching.verify, [("a", "a")])
        verifier.gate.enter()
        others = [pool.submit(batching.verify, [(str(n), "4")]) for n in range(6)]
        eventually(lambda: batching.waiting() == 6)
        verifier.gate.let(10)
        assert first.result(PATIENCE_S).tolist() == [[1, 0, 0]]
        assert [each.result(PATIENCE_S)[0, 0] for each in others] == [0, 0, 0, 0, 1, 0]
    assert verifier.batches == [1, 6]


def test_the_pairs_of_a_scan_keep_their_order() -> None:
    verifier = CountingVerifier()
    verifier.gate.let(100)
    pairs = [("x" * (n % 7), "x" * 3) for n in range(80)]
    found = BatchingVerifier(verifier).verify(pairs)
    assert found[:, 0].tolist() == [float(n % 7 == 3) for n in range(80)]
    assert max(verifier.batches) <= 32
