"""Encoder and verifier in a tight loop, as the service runs them: what the arithmetic allows.

Run by ``serving.py``, one process a core at a time. Prints one line of JSON: milliseconds for one
sentence and one pair, sentences and pairs per second in full batches.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from service.inference import bundled_verifier, loading
from service.inference.choice import EncoderChoice

BATCH = 32
FIRST = 1_000_000


def rate(run: Callable[[Sequence[Any]], Any], items: Sequence[Any], seconds: float) -> float:
    """Items per second in batches of ``BATCH``, ordered by length as the service orders them."""
    batches = _batches(sorted(items, key=lambda item: len(str(item))))
    began, done = time.monotonic(), 0
    while time.monotonic() < began + seconds:
        batch = next(batches)
        run(batch)
        done += len(batch)
    return done / (time.monotonic() - began)


def single(run: Callable[[Sequence[Any]], Any], items: Sequence[Any], seconds: float) -> float:
    """The median of milliseconds for one item."""
    began, spent = time.monotonic(), []
    for item in _again(items):
        start = time.perf_counter()
        run([item])
        spent.append(1000 * (time.perf_counter() - start))
        if time.monotonic() > began + seconds:
            return statistics.median(spent)
    raise AssertionError


def _again(items: Sequence[Any]) -> Iterator[Any]:
    while True:
        yield from items


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    again = _again(items)
    while True:
        yield list(islice(again, BATCH))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--wordings", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=5.0)
    asked = parser.parse_args()
    sentences = json.loads(asked.sentences.read_text("utf-8"))
    # as long as those of the loads, which are numbered
    sentences = [f"{text} {FIRST + number}" for number, text in enumerate(sentences)]
    lines = asked.wordings.read_text("utf-8").splitlines()
    wordings = [json.loads(line)["text"] for line in lines]
    pairs = [(text, wordings[n % len(wordings)]) for n, text in enumerate(sentences)]
    encoder = loading.load_encoder(EncoderChoice(), asked.data_dir)
    verifier = bundled_verifier.load_verifier(asked.data_dir)
    print(
        json.dumps(
            {
                "encode_ms": single(encoder.encode_queries, sentences, asked.seconds),
                "verify_ms": single(verifier.verify, pairs, asked.seconds),
                "encoded_per_second": rate(encoder.encode_queries, sentences, asked.seconds),
                "verified_per_second": rate(verifier.verify, pairs, asked.seconds),
            }
        )
    )


if __name__ == "__main__":
    main()
