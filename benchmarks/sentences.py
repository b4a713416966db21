"""Sentences for the measurements: half repeat or reject a starter claim, half do neither."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

TRAINING = Path(__file__).parent.parent / "training"


def sentences(seed: int = 1) -> list[str]:
    """Distinct English sentences in a fixed order, about claims and not about any in turn."""
    groups = [
        row
        for path in sorted((TRAINING / "held_out").glob("english_starter*.jsonl"))
        for row in _rows(path)
    ]
    about = [text for row in groups for text in row["repeats"] + row["rejects"]]
    other = [
        row["text"]
        for path in sorted(TRAINING.glob("ordinary*.jsonl"))
        for row in _rows(path)
        if row.get("language", "en") == "en"
    ]
    other += [text for row in groups for text in row["related"]]
    chance = random.Random(seed)
    about, other = (list(dict.fromkeys(each)) for each in (about, other))
    chance.shuffle(about)
    chance.shuffle(other)
    return [text for pair in zip(about, other, strict=False) for text in pair]


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
