"""Runs what concurrent threads ask for together, within a bounded time.

A model costs less for each item the more of them it is given at once, and threads that run it side
by side only take the core from one another. So one thread runs it at a time, and what has come
meanwhile is run together next.

No thread is kept for that. Of those that wait, one leads: it runs one batch and passes the lead
on. So a request that comes alone is run at once by its own thread, there is nothing to start, to
stop, or to survive a fork, and no thread whose death would have to be noticed. Nor is there a
pause for more to come: under load a batch fills while the one before is run, and a wait of 2 ms
gained nothing from 1 to 32 callers.

Libraries looked at, none of which refuses what is too much or gives up what is too late: `batched`
0.1.5 (threads and two priorities, but its queue has no bound and each batch may wait for a
timeout), `batch-inference` (no release since 2023), `async-batcher` and `fast-dynamic-batcher`
(asyncio only). Servers that batch (Triton, mosec, LitServe) would be another process.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

from service.errors import Overloaded
from service.inference.grouping import groups

In = TypeVar("In")
Out = TypeVar("Out")

PLANNED = 4
"""So many full batches are planned at a time, at most."""

TOO_LATE = "The service could not take up the request in time."


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a ``Batcher`` takes on.

    ``largest`` items run together, on a rectangle of at most ``area`` in the unit of the sizes;
    ``overhead`` is what a run costs beside that, in the same unit. ``queue`` single items may
    wait, each at most ``deadline_s``; ``slices`` is how many calls with many items may wait.
    """

    largest: int = 32
    area: int | None = None
    overhead: int = 0
    queue: int = 32
    slices: int = 8
    deadline_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Ran:
    """One batch, for whoever measures: how long its jobs waited, what of a processor it took."""

    items: int
    waited_s: tuple[float, ...]
    processor_s: float


@dataclass(slots=True, eq=False)
class _Job(Generic[In, Out]):
    """What one call waits for: one item, or a slice of many."""

    items: Sequence[In]
    size: int
    came: float
    woken: threading.Event = field(default_factory=threading.Event)
    running: bool = False
    dropped: bool = False
    leads: bool = False
    done: bool = False
    results: Sequence[Out] = ()
    error: BaseException | None = None


class Batcher(Generic[In, Out]):
    """Calls ``work`` with the items of many callers at once. Safe to use from many threads.

    ``work`` returns one result per item, in order. Single items go before slices of many; but a
    slice that has waited for half its deadline is not passed by two batches in turn.
    """

    def __init__(
        self,
        work: Callable[[Sequence[In]], Sequence[Out]],
        size: Callable[[In], int],
        limits: Limits | None = None,
        watch: Callable[[Ran], None] | None = None,
    ) -> None:
        """``size`` tells how long an item is; ``watch`` is told of each batch that was run."""
        self._work, self._size, self._watch = work, size, watch
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._singles: deque[_Job[In, Out]] = deque()
        self._slices: deque[_Job[In, Out]] = deque()
        self._plan: deque[list[_Job[In, Out]]] = deque()
        self._led = False
        self._last_was_slice = False

    def full(self) -> bool:
        """Whether a single item would be refused now; cheap to ask, and needs no lock."""
        return len(self._singles) >= self._limits.queue

    def waiting(self) -> int:
        """How many calls wait to be run."""
        return len(self._singles) + len(self._slices)

    def one(self, item: In) -> Out:
        """The result of one item.

        Raises:
            Overloaded: too many wait already, or the deadline passed before it was its turn.
            Exception: whatever ``work`` raised for this item.
        """
        return self._wait(self._job([item], self._size(item)), self._singles, self._limits.queue)[0]

    def many(self, items: Sequence[In], progress: Callable[[int], None] | None = None) -> list[Out]:
        """The results of many items, run in slices of like size behind all single ones.

        ``progress`` is called with the number of items done since last.

        Raises:
            Overloaded: as ``one``, for any of the slices; what was done is lost.
            Exception: whatever ``work`` raised for an item.
        """
        found: dict[int, Out] = {}
        sizes = [self._size(item) for item in items]
        for places in self._groups(sizes):
            job = self._job([items[place] for place in places], sizes[places[-1]])
            results = self._wait(job, self._slices, self._limits.slices)
            found.update(zip(places, results, strict=True))
            if progress:
                progress(len(places))
        return [found[place] for place in range(len(items))]

    def _job(self, items: Sequence[In], size: int) -> _Job[In, Out]:
        return _Job(items, size, time.monotonic())

    def _groups(self, sizes: Sequence[int]) -> list[list[int]]:
        limits = self._limits
        return groups(sizes, overhead=limits.overhead, largest=limits.largest, area=limits.area)

    def _wait(self, job: _Job[In, Out], queue: deque[_Job[In, Out]], longest: int) -> Sequence[Out]:
        with self._lock:
            if len(queue) >= longest:
                raise Overloaded
            queue.append(job)
            if not self._led:
                self._led = job.leads = True
        while not job.done:
            if job.leads:
                job.leads = False
                self._lead()
            elif job.woken.wait(job.came + self._limits.deadline_s - time.monotonic()):
                job.woken.clear()  # ``done`` and ``leads`` are set before it, so neither is missed
            else:
                self._give_up(job, queue)
        if job.error is not None:
            raise job.error
        return job.results

    def _give_up(self, job: _Job[In, Out], queue: deque[_Job[In, Out]]) -> None:
        with self._lock:
            if job.done or job.leads:
                return
            if not job.running:
                queue.remove(job)
                job.dropped = True
                raise Overloaded(TOO_LATE)
        job.woken.wait()  # it is being run: it ends as that ends

    def _lead(self) -> None:
        """Runs one batch, then has another waiting thread lead."""
        batch: list[_Job[In, Out]] = []
        try:
            with self._lock:
                batch = self._take(time.monotonic())
            if batch:
                self._run(batch)
        finally:
            self._pass_on(batch)

    def _take(self, now: float) -> list[_Job[In, Out]]:
        """Takes from the queues what is run next; nothing where all have given up."""
        for queue in (self._singles, self._slices):
            while queue and queue[0].came + self._limits.deadline_s <= now:
                late = queue.popleft()
                late.dropped = True
                self._finish(late, Overloaded(TOO_LATE))
        self._last_was_slice = self._is_turn_of_slice(now)
        batch = [self._slices.popleft()] if self._last_was_slice else self._next_singles()
        for job in batch:
            job.running = True
        return batch

    def _next_singles(self) -> list[_Job[In, Out]]:
        """The next batch of those planned together, before any that came after the plan.

        Were each batch made of the oldest item and all of like size, those who come back with
        such items would pass the others again and again.
        """
        while self._plan or self._singles:
            if not self._plan:
                waiting = list(islice(self._singles, PLANNED * self._limits.largest))
                places = self._groups([job.size for job in waiting])
                self._plan.extend([waiting[place] for place in group] for group in places)
            batch = [job for job in self._plan.popleft() if not job.dropped]
            for job in batch:
                self._singles.remove(job)
            if batch:
                return batch
        return []

    def _is_turn_of_slice(self, now: float) -> bool:
        if not self._slices or not self._singles:
            return bool(self._slices)
        overdue = self._slices[0].came + self._limits.deadline_s / 2 <= now
        return overdue and not self._last_was_slice

    def _run(self, batch: Sequence[_Job[In, Out]]) -> None:
        began, worked = time.monotonic(), time.thread_time()
        items = [item for job in batch for item in job.items]
        try:
            results = self._results(items)
        except Exception as error:
            if len(batch) == 1:
                batch[0].error = error
            else:  # a fault of one item must reach its caller only
                for job in batch:
                    self._run([job])
            return
        at = 0
        for job in batch:
            job.results = list(results[at : at + len(job.items)])
            at += len(job.items)
        if self._watch:
            waited = tuple(began - job.came for job in batch)
            self._watch(Ran(len(items), waited, time.thread_time() - worked))

    def _results(self, items: Sequence[In]) -> Sequence[Out]:
        results = self._work(items)
        if len(results) != len(items):
            raise RuntimeError(f"{len(results)} results came for {len(items)} items.")
        return results

    def _pass_on(self, batch: Sequence[_Job[In, Out]]) -> None:
        with self._lock:
            # first, so that the model is not idle while answers are written
            following = next(iter(self._singles or self._slices), None)
            if following is None:
                self._led = False
            else:
                following.leads = True
                following.woken.set()
            for job in batch:
                interrupted = job.error is None and not job.results
                self._finish(
                    job, RuntimeError("The batch was broken off.") if interrupted else None
                )

    def _finish(self, job: _Job[In, Out], error: BaseException | None) -> None:
        job.error = job.error or error
        job.done = True
        job.woken.set()
