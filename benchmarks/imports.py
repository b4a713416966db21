"""Importing claims against encoding the same texts, in one run.

    OMP_NUM_THREADS=1 python benchmarks/imports.py

makes files of distinct claims, imports each with ``refrain import jsonl`` into a fresh data folder,
and encodes the same texts with the same encoder in a loop, half of them before the import and half
after it, since other work on the machine comes and goes. It prints the claims per second of the
command, its start included, those of the loop, the ratio of the two, in processor time as well,
which other work disturbs least, and the largest memory that the command held. Then it imports the
same file again, which should change nothing and take a tenth of the time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SIZES = (5_000, 20_000)
BATCH = 500
"""Texts that the loop hands to the encoder at a time, as many as an import has in a transaction."""
WARM_UP = 64

SPEAKERS = (
    "The foreign minister", "A retired general", "The head of the security council",
    "A talk show host", "The governor of Belgorod", "An anonymous channel on Telegram",
    "The press secretary", "A deputy of the State Duma", "A former intelligence officer",
    "The ambassador in Ankara", "A war correspondent", "The state news agency",
)  # fmt: skip
VERBS = ("says", "claims", "reports", "insists", "repeats", "warns", "has announced", "maintains")
ACTORS = (
    "the Kyiv government", "the Polish army", "a British laboratory", "the American embassy",
    "Ukrainian nationalists", "French instructors", "the European Commission", "NATO headquarters",
    "the Baltic states", "foreign mercenaries", "a German arms maker", "Western sponsors",
    "the Romanian border guard", "the secret services",
)  # fmt: skip
DEEDS = (
    "sold grain meant for Africa", "hid ammunition under a school", "staged the attack for cameras",
    "prepared an occupation of the western regions", "closed the last church in the district",
    "trained saboteurs to blow up a railway bridge", "traded in the organs of wounded soldiers",
    "planned a provocation at the nuclear power plant", "forged the results of the election",
    "took children from their families", "tested a dangerous virus on conscripts",
    "smuggled weapons to criminal gangs", "poisoned the water supply", "burned the harvest",
    "ordered the shelling of its own city", "bought villas with humanitarian aid",
)  # fmt: skip
PLACES = (
    "near Kharkiv", "in Odesa", "outside Mariupol", "in the Zaporizhzhia region", "close to Lviv",
    "on the Belarusian border", "in Transcarpathia", "in the port of Mykolaiv", "around Kherson",
    "in the suburbs of Dnipro", "in a village by Sumy", "at an airfield in Poltava",
)  # fmt: skip
TIMES = (
    "last winter", "before the talks in Istanbul", "on the night of the ceasefire", "in early May",
    "while the inspectors were away", "during the mobilisation", "after the summit in Vilnius",
    "two days before the vote",
)  # fmt: skip
PARTS = (SPEAKERS, VERBS, ACTORS, DEEDS, PLACES, TIMES)


def claims(count: int) -> Iterator[dict[str, Any]]:
    """That many claims in the interface's JSON, each with another text of some 20 words."""
    choose = random.Random(20)
    seen: set[str] = set()
    while len(seen) < count:
        speaker, verb, actor, deed, place, moment = (choose.choice(part) for part in PARTS)
        text = f"{speaker} {verb} that {actor} {deed} {place} {moment}."
        if text in seen:
            continue
        seen.add(text)
        number = len(seen)
        yield {
            "id": f"made-{number}",
            "text": text,
            "rebuttal": f"Nothing shows that {actor} {deed}. Report {number} names no source.",
            "first_seen": f"{2014 + number % 12}-{1 + number % 12:02}-{1 + number % 28:02}",
            "keywords": [place.split()[-1], actor.split()[-1]],
            "appearances": [{"outlet": speaker, "url": f"https://outlet.example/{number}"}],
            "rebuttals": [{"publisher": "Checkers", "url": f"https://checkers.example/{number}"}],
        }


@dataclass(frozen=True, slots=True)
class Run:
    """What a process took: seconds on the clock and of the processor, MB at most, its output."""

    wall_s: float
    processor_s: float
    memory: float
    said: str


def run(command: Sequence[str | Path], environment: dict[str, str]) -> Run:
    """Runs a command to its end. Raises SystemExit with what it said where it fails."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - began
        said.seek(0)
        text = said.read()
    if process.returncode:
        sys.exit(f"{command} failed:\n{text}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, text)


def encode(path: Path, half: int) -> None:
    """What the loop's process does: loads, warms up, encodes, and says how long that took."""
    from service.preparation import load_encoder
    from service.settings import read_settings

    encoder = load_encoder(read_settings(os.environ))
    texts = [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()]
    encoder.encode_passages(texts[:WARM_UP])
    middle = len(texts) // 2
    texts = texts[middle:] if half else texts[:middle]
    wall, processor = time.monotonic(), time.process_time()
    for start in range(0, len(texts), BATCH):
        encoder.encode_passages(texts[start : start + BATCH])
    print(json.dumps([time.monotonic() - wall, time.process_time() - processor]))


def loop(path: Path, half: int, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds on the clock and of the processor for encoding one half of the texts of a file."""
    command = [sys.executable, __file__, "--encode", str(path), "--half", str(half)]
    said = run(command, environment).said
    wall, processor = json.loads(said.strip().splitlines()[-1])
    return wall, processor


def measure(count: int, folder: Path) -> None:
    """Imports a file of that many claims twice, and prints what that took."""
    environment = os.environ | {
        "REFRAIN_DATA_DIR": str(folder / f"import-{count}"),
        "REFRAIN_STARTER": "false",
        "REFRAIN_VERIFIER": "off",
    }
    path = folder / f"claims-{count}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(claim) + "\n" for claim in claims(count))
    refrain = [sys.executable, "-m", "service"]
    run([*refrain, "prepare"], environment)
    before = loop(path, 0, environment)
    first = run([*refrain, "import", "jsonl", str(path)], environment)
    after = loop(path, 1, environment)
    again = run([*refrain, "import", "jsonl", str(path)], environment)
    wall, processor = (sum(pair) for pair in zip(before, after, strict=True))
    print(f"{first.said.strip().splitlines()[-1].split(': ', 1)[1]}")
    print(
        f"  import {count / first.wall_s:.0f} claims/s, encoder alone {count / wall:.0f} "
        f"(before {count / 2 / before[0]:.0f}, after {count / 2 / after[0]:.0f}): "
        f"ratio {wall / first.wall_s:.2f}"
    )
    print(
        f"  processor: import {first.processor_s:.1f} s, encoder alone {processor:.1f} s: "
        f"ratio {processor / first.processor_s:.2f}"
    )
    print(f"  memory of the import at most {first.memory:.0f} MB")
    print(
        f"  again: {again.wall_s:.1f} s, {again.wall_s / first.wall_s:.3f} of the first time "
        f"({again.said.strip().splitlines()[-1].split(': ', 1)[1]})",
        flush=True,
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--encode", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--half", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.encode:
        encode(asked.encode, asked.half)
        return
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        for count in asked.sizes:
            measure(count, Path(folder))


if __name__ == "__main__":
    main()
