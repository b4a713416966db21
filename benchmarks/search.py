"""Search alone, at several sizes of the catalogue: time, recall, memory, and the time to build.

    OMP_NUM_THREADS=1 python benchmarks/search.py --sizes 20000 200000 1000000

Makes catalogues of one English wording a claim: texts of words drawn as often as the starter
catalogue has them, vectors around those of the starter's wordings at cosines like those between its
own. Writes each one's index as the service does, maps it in two processes, and asks both: the dense
index, the lexical ones, and all of them together as a query does (``find_candidates``). Prints a
table and writes it to ``benchmarks/results/search.md``. A million takes about a quarter of an hour,
6 GB of memory and 5 GB of disk.
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
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from service.index.dense import DenseIndex
from service.index.dense_base import DenseBase
from service.index.lexical import LexicalIndex
from service.index.postings import K1, B, Forward, Postings, Statistics, mapped, numbers_of
from service.index.roster import Roster
from service.index.snapshot import Snapshot
from service.index.terms import grams, number_of, stems, words
from service.matching.candidates import find_candidates

RESULTS = Path(__file__).parent / "results"
WORDS = 18
"""Words of a text; the starter's wordings have 15 on average, titles included."""
SPREAD = 0.75
"""The length of the noise on a starter vector of length one: neighbours get cosines around 0.65, as
wordings of the same claim have, and others those that the starter's own have."""
QUERIES, NEAREST = 200, 10


def vocabulary() -> tuple[list[str], np.ndarray, np.ndarray]:
    """The starter's English words, how often each occurs, and its wordings' vectors."""
    from service.inference.choice import EncoderChoice
    from service.inference.torch_encoder import TorchEncoder
    from service.starter import load_starter

    texts = [
        text
        for claim in load_starter()
        for language, _, text in claim.phrasings()
        if language == "en"
    ]
    counted = Counter(word for text in texts for word in words(text))
    shares = np.array(list(counted.values()), float)
    vectors = TorchEncoder(EncoderChoice()).encode_passages(texts)
    return list(counted), shares / shares.sum(), vectors


def lexical(chosen: np.ndarray, terms_of: Sequence[np.ndarray], documents: int) -> LexicalIndex:
    """The index of texts that are rows of word numbers, made by columns: a million at once."""
    sizes = np.array([len(each) for each in terms_of])
    flat, starts = np.concatenate(terms_of), np.concatenate([[0], np.cumsum(sizes)[:-1]])
    held = sizes[chosen]
    owners = np.repeat(np.arange(documents), held.sum(1)).astype(np.int32)
    lengths = held.ravel()
    offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    terms = flat[np.repeat(starts[chosen.ravel()], lengths) + offsets]
    order = np.lexsort((owners, terms))
    terms, owners = terms[order], owners[order]
    first = np.append(True, (terms[1:] != terms[:-1]) | (owners[1:] != owners[:-1]))
    places = np.flatnonzero(first)
    frequency = np.diff(np.append(places, len(terms)))
    terms, owners = terms[places], owners[places]
    distinct, begin, held_by = np.unique(terms, return_index=True, return_counts=True)
    length = held.sum(1)
    found = Statistics(documents, float(length.mean()), distinct, held_by.astype(np.int64))
    norm = K1 * (1 - B + B * length[owners] / length.mean())
    idf = np.repeat(found.idf(distinct), held_by)
    impacts = (idf * frequency / (frequency + norm)).astype(np.float32)
    base = Postings(distinct, np.append(begin, len(terms)).astype(np.int64), owners, impacts)
    nothing = np.empty(0, np.int64)
    forward = Forward.of(base, documents)
    return LexicalIndex(found, base, forward, np.arange(documents), nothing, (), nothing)


def build(folder: Path, size: int, known: list[str], shares: np.ndarray, near: np.ndarray) -> Any:
    """Writes the index of a catalogue of that size; what it took, and queries to ask."""
    chance = np.random.default_rng(size)
    chosen = chance.choice(len(known), (size, WORDS), p=shares).astype(np.int32)
    rows = around(near[chance.integers(0, len(near), size)], chance)
    began = time.monotonic()
    base = DenseBase.of(rows)
    built = time.monotonic() - began
    base.write(folder)
    picked = chance.choice(size, QUERIES, replace=False)
    queries = around(rows[picked], chance)
    exact = DenseBase.flat(rows).search(queries, NEAREST)[1]
    found = base.search(queries, NEAREST)[1]
    recall = np.mean(
        [len(np.intersect1d(*pair)) / NEAREST for pair in zip(found, exact, strict=True)]
    )
    del rows
    ids = np.arange(1, size + 1)
    np.save(folder / "dense_ids.npy", ids)
    claims = np.arange(size, dtype=np.int32)
    Roster(
        ids, claims, np.zeros(size, np.int32), tuple(f"claim-{n}" for n in range(size)), ("en",)
    ).write(folder)
    began = time.monotonic()
    for name, terms in (("grams", grams), ("stems-en", lambda word: stems(word, "en"))):
        numbers = [np.array([number_of(t) for t in terms(w)], np.uint64) for w in known]
        lexical(chosen, numbers, size).write(folder, name)
    asked = [" ".join(known[n] for n in chosen[place]) for place in picked]
    (folder / "asked.json").write_text(json.dumps(asked), "utf-8")
    np.save(folder / "asked.npy", queries)
    return {
        "kind": "flat" if base.effort is None else f"HNSW{base.effort}",
        "recall@10": round(float(recall), 4),
        "dense built s": round(built, 1),
        "lexical built s": round(time.monotonic() - began, 1),
        "files MB": round(sum(p.stat().st_size for p in folder.iterdir()) / 1e6),
    }


def around(rows: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """A vector near each of these, of length one."""
    noise = chance.standard_normal(rows.shape, dtype=np.float32)
    noise *= SPREAD / np.linalg.norm(noise, axis=1, keepdims=True)
    noise += rows
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    return noise


def ask(folder: Path) -> None:
    """What each of two processes does: maps the index and times its queries. Prints JSON."""
    began = time.monotonic()
    dense = DenseIndex.from_base(DenseBase.read(folder), mapped(folder / "dense_ids.npy"))
    roster = Roster.read(folder)
    gram_index = LexicalIndex.read(folder, "grams")
    stem_index = LexicalIndex.read(folder, "stems-en")
    snapshot = Snapshot(1, roster, dense, gram_index, {"en": stem_index})
    opened = time.monotonic() - began
    texts = json.loads((folder / "asked.json").read_text("utf-8"))
    vectors = np.load(folder / "asked.npy")
    runs: dict[str, Callable[[int], Any]] = {
        "dense": lambda n: dense.nearest(vectors[n], 100),
        "grams": lambda n: gram_index.nearest(numbers_of(grams(texts[n])), 50),
        "stems": lambda n: stem_index.nearest(numbers_of(stems(texts[n], "en")), 50),
        "together": lambda n: find_candidates(snapshot, texts[n], vectors[n], "en", 5, None),
    }
    figures: dict[str, float] = {"opened s": round(opened, 2)}
    for name, run in runs.items():
        spent = []
        for number in [*range(QUERIES // 4), *range(QUERIES)]:  # the first ones warm up
            start = time.perf_counter()
            run(number)
            spent.append(1000 * (time.perf_counter() - start))
        figures[f"{name} ms"] = round(statistics.median(spent[QUERIES // 4 :]), 2)
    print(json.dumps(figures), flush=True)
    sys.stdin.readline()
    print(_pss(), flush=True)


def _pss() -> float:
    rollup = Path("/proc/self/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1000 for line in rollup if line.startswith("Pss:"))


def measure(size: int, made: tuple[list[str], np.ndarray, np.ndarray], place: Path) -> Any:
    """All figures of one size."""
    with tempfile.TemporaryDirectory(dir=place, prefix="refrain-search-") as name:
        folder = Path(name)
        row = {"wordings": size, **build(folder, size, *made)}
        command = [sys.executable, __file__, "--ask", folder]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        running = [subprocess.Popen(command, **pipes) for _ in range(2)]
        answers = [json.loads(each.stdout.readline()) for each in running]
        row |= {key: statistics.mean(one[key] for one in answers) for key in answers[0]}
        memory = 0.0
        for each in running:
            each.stdin.write("\n")
            each.stdin.flush()
            memory += float(each.stdout.readline())
        row["two processes MB"] = round(memory)
        for each in running:
            each.stdin.close()
            each.wait()
    return row


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown, a column a size."""
    lines = [
        "| | " + " | ".join(f"{row['wordings']:,}" for row in rows) + " |",
        "|---" * (len(rows) + 1) + "|",
    ]
    for key in list(rows[0])[1:]:
        cells = [f"{row[key]:g}" if isinstance(row[key], float) else str(row[key]) for row in rows]
        lines.append(f"| {key} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument("--place", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.ask:
        ask(asked.ask)
        return
    made = vocabulary()
    rows = []
    for size in asked.sizes:
        rows.append(measure(size, made, asked.place))
        print(json.dumps(rows[-1]), flush=True)
    machine = (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}, faiss {version('faiss-cpu')}, one thread a process, "
        "two processes at once"
    )
    asked.out.mkdir(parents=True, exist_ok=True)
    text = f"# Search alone\n\n{machine}\n\n{table(rows)}\n"
    (asked.out / "search.md").write_text(text, "utf-8")
    (asked.out / "search.json").write_text(json.dumps({"machine": machine, "rows": rows}, indent=1))
    print(text)


if __name__ == "__main__":
    main()
