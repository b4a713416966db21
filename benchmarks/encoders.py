"""The encoder alone, on torch and compiled, side by side in one run.

    OMP_NUM_THREADS=1 python benchmarks/encoders.py

prints sentences per second for one sentence and for batches, the same for one process with two
threads against two processes with one, what concurrent threads get with and without batching, and
the memory of a process that holds nothing but the encoder. What is compared takes turns, round by
round, since other work on the machine comes and goes; the figures are medians of the rounds, and
the ratios those of the same round. Processor time is what other work disturbs least;
beside other work, a process with more threads also gets more of the processor.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

SENTENCE = (
    "The minister said on Friday, report {n}, that Western peacekeepers would amount to an "
    "occupation of the west."
)
"""21 words, numbered so that no two are the same."""

BATCHES = (1, 4, 8, 16, 32)
CALLERS = (1, 2, 8, 32)


class Child:
    """A process that holds one encoder and measures it when told to."""

    def __init__(self, runtime: str, data_dir: Path, threads: int = 1) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--child", runtime, str(threads), "--data-dir", data_dir],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.start_s, self.memory = self._read()

    def tell(self, **what: Any) -> None:
        assert self._process.stdin
        print(json.dumps(what), file=self._process.stdin, flush=True)

    def ask(self, **what: Any) -> Any:
        self.tell(**what)
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    answer = _read

    def end(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def child(runtime: str, threads: int, data_dir: Path) -> None:
    """What a ``Child`` runs: loads, then measures until nothing more is asked."""
    from service.inference import loading
    from service.inference.batching_encoder import BatchingEncoder
    from service.inference.choice import EncoderChoice

    began = time.monotonic()
    chosen: Any = runtime
    encoder: Any = loading.load_encoder(EncoderChoice(), data_dir, chosen, threads)
    encoder.encode_queries([SENTENCE])
    # the modules that are imported above are counted too
    print(json.dumps([time.monotonic() - began, memory()]), flush=True)
    runs: dict[str, Callable[[list[str]], Any]] = {
        "plain": encoder.encode_queries,
        "batched": BatchingEncoder(encoder, queue=1000, deadline_s=60).encode_queries,
        "tokens": getattr(encoder, "encode_query_tokens", encoder.encode_queries),
    }
    cores = sorted(os.sched_getaffinity(0))
    for line in sys.stdin:
        asked = json.loads(line)
        if asked.get("memory"):
            print(json.dumps(memory()), flush=True)
            continue
        # threads inherit it; a worker has one core to itself, where all cores have work
        os.sched_setaffinity(0, cores[-1:] if asked["pinned"] else cores)
        rate = measure(runs[asked["how"]], asked["batch"], asked["callers"], asked["seconds"])
        print(json.dumps(rate), flush=True)


def measure(
    run: Callable[[list[str]], Any], batch: int, callers: int, seconds: float
) -> tuple[float, float]:
    """Sentences per second of ``callers`` threads that each ask for ``batch`` at a time, and the
    processor's milliseconds for each sentence."""
    until, done = time.monotonic() + seconds, [0] * callers

    def call(caller: int) -> None:
        n = caller * 1_000_000
        while time.monotonic() < until:
            run([SENTENCE.format(n=n + k) for k in range(batch)])
            n += batch
            done[caller] += batch

    began, used = time.monotonic(), time.process_time()
    threads = [threading.Thread(target=call, args=(caller,)) for caller in range(callers)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    sentences = sum(done)
    return sentences / (time.monotonic() - began), 1000 * (time.process_time() - used) / sentences


def memory() -> dict[str, float]:
    """Resident memory of this process in MB, what is shared with others, and what is its own."""
    found = {}
    for line in Path("/proc/self/smaps_rollup").read_text("ascii").splitlines()[1:]:
        name, kilobytes = line.split()[:2]
        found[name.rstrip(":")] = int(kilobytes) / 1000
    return {name: found[name] for name in ("Rss", "Pss", "Private_Dirty")}


class Contest:
    """Contenders that take turns, in the same rounds."""

    def __init__(self, rounds: int, seconds: float) -> None:
        self._rounds, self._seconds = rounds, seconds

    def hold(self, title: str, contenders: Sequence[Contender]) -> None:
        """Prints the medians of all rounds."""
        print(f"\n{title}")
        rounds = [[self._together(each) for each in contenders] for _ in range(self._rounds)]
        for place, each in enumerate(contenders):
            rate = statistics.median(row[place][0] for row in rounds)
            ratio = statistics.median(row[place][0] / row[0][0] for row in rounds)
            used = statistics.median(row[place][1] for row in rounds)
            print(f"  {each.name:<34}{rate:8.1f}/s{ratio:7.2f} x{used:8.2f} ms", flush=True)

    def _together(self, contender: Contender) -> tuple[float, float]:
        for each in contender.children:
            each.tell(**contender.what, seconds=self._seconds)
        figures = [each.answer() for each in contender.children]
        return sum(rate for rate, _ in figures), statistics.mean(used for _, used in figures)


@dataclass(frozen=True, slots=True)
class Contender:
    """One or more processes that are told to do the same at the same time."""

    name: str
    children: tuple[Child, ...]
    batch: int = 1
    callers: int = 1
    how: str = "plain"
    pinned: bool = False

    @property
    def what(self) -> dict[str, Any]:
        """What the processes are told to do."""
        facts = {"how": self.how, "batch": self.batch, "callers": self.callers}
        return {**facts, "pinned": self.pinned}


def compare(data_dir: Path, seconds: float, rounds: int) -> None:
    """Prints all tables."""
    torch, compiled = Child("torch", data_dir), Child("compiled", data_dir)
    another, two = Child("compiled", data_dir), Child("compiled", data_dir, threads=2)
    named = (("torch", torch), ("compiled", compiled), ("compiled, another", another))
    print("\nLoaded, in seconds; then MB: resident, its share of it (PSS), changed by it")
    weigh(named, started=True)
    contest = Contest(rounds, seconds)
    print("\nBelow: sentences/s, ratio to the first line, processor time per sentence")
    for batch in BATCHES:
        contest.hold(
            f"{batch} at a time, one thread",
            [
                Contender("torch", (torch,), batch),
                Contender("compiled", (compiled,), batch),
                Contender("compiled, with the tokens' vectors", (compiled,), batch, how="tokens"),
            ],
        )
    for callers in CALLERS:
        contest.hold(
            f"One at a time, from {callers} threads at once, on one core",
            [
                Contender("each for itself", (compiled,), callers=callers, pinned=True),
                Contender("batched", (compiled,), 1, callers, "batched", pinned=True),
            ],
        )
    for batch in (1, 16):
        contest.hold(
            f"{batch} at a time, two cores",
            [
                Contender("1 process with 2 threads", (two,), batch),
                Contender("2 processes with 1 thread", (compiled, another), batch),
            ],
        )
    print("\nMB after all that: resident, its share of it (PSS), changed by it")
    weigh(named, started=False)
    for each in (torch, compiled, another, two):
        each.end()


def weigh(named: Sequence[tuple[str, Child]], *, started: bool) -> None:
    """Prints the memory of processes as it is now."""
    for name, each in named:
        figures = [each.start_s] if started else []
        figures += each.ask(memory=True).values()
        print(f"  {name:<30}" + "".join(f"{figure:9.1f}" for figure in figures))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data-dir", type=Path, help="where the encoder is, or will be, compiled")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(asked.child[0], int(asked.child[1]), asked.data_dir)
        return
    cores = len(os.sched_getaffinity(0))
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "onnxruntime"))
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {cores} cores, {packages}")
    print(f"load before the run: {os.getloadavg()[0]:.1f}; all-MiniLM-L6-v2")
    with tempfile.TemporaryDirectory() as scratch:
        data_dir = asked.data_dir or Path(scratch)
        subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys; from pathlib import Path; from service.inference import loading\n"
                "loading.prepare_encoder(loading.EncoderChoice(), Path(sys.argv[1]), print)",
                str(data_dir),
            ],
            check=True,
        )
        compare(data_dir, asked.seconds, asked.rounds)


if __name__ == "__main__":
    main()
