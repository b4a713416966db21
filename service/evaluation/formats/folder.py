"""Finds the evaluation sets that lie in a folder, and tells which known ones do not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.evaluation.formats import development, diary, trec
from service.evaluation.sets import EvaluationSet, Query, SetError, neutral_for

KNOWN = {
    "dev": "development sets",
    "checkthat2020": "CheckThat! 2020 task 2",
    "vox_diary": "Propaganda Diary",
}
"""The sets that the project is measured on, by the folder in which they are looked for."""

_CASES = re.compile(r"^cases\.([a-z]{2})\.json\Z")


@dataclass(frozen=True, slots=True)
class Found:
    """``absent`` are the known folders that are not there."""

    sets: tuple[EvaluationSet, ...]
    absent: tuple[str, ...]


def find_sets(place: Path) -> Found:
    """All sets in ``place`` and in the folders right below it, recognised by their files' names.

    A set is named after its folder and file: ``dev/queries_en``, ``checkthat2020/dev``.

    Raises:
        SetError: a file of a set is malformed, or half of a set is missing.
    """
    try:
        folders = [place, *sorted(path for path in place.iterdir() if path.is_dir())]
    except OSError as error:
        raise SetError(f"{place}: cannot be read: {error.strerror or error}") from error
    sets = []
    seen = set()
    for folder in folders:
        name = folder.resolve().name
        inside = [*_development(folder, name), *_judged(folder, name), *_diary(folder, name)]
        if inside:
            seen.add(name)
        sets += inside
    return Found(tuple(sets), tuple(name for name in KNOWN if name not in seen))


def _development(folder: Path, name: str) -> Iterator[EvaluationSet]:
    paths = [*sorted(folder.glob("queries*.jsonl")), *sorted(folder.glob("opposite*.jsonl"))]
    beside = folder / "neutral.jsonl"
    neutral = development.read_neutral(beside) if paths and beside.exists() else ()
    everything: list[Query] = []
    for path in paths:
        queries = development.read_queries(path)
        everything += queries
        yield EvaluationSet(f"{name}/{path.stem}", queries, neutral_for(queries, neutral))
    if len(paths) > 1:
        # the thresholds and the calibration are one for all, so they are measured over all as well
        yield EvaluationSet(f"{name}/all", tuple(everything), neutral)
    if (folder / "articles.jsonl").exists():
        articles = development.read_articles(folder / "articles.jsonl")
        yield EvaluationSet(f"{name}/articles", articles=articles)


def _judged(folder: Path, name: str) -> Iterator[EvaluationSet]:
    paths = sorted(folder.glob("*.queries.tsv"))
    beside = folder / "verified_claims.tsv"
    claims = trec.read_claims(beside) if paths and beside.exists() else None
    for path in paths:
        stem = path.name.removesuffix(".queries.tsv")
        yield trec.read_set(f"{name}/{stem}", path, folder / f"{stem}.qrels", claims)


def _diary(folder: Path, name: str) -> Iterator[EvaluationSet]:
    for path in sorted(folder.glob("cases.*.json")):
        if language := _CASES.match(path.name):
            yield diary.read_set(f"{name}/{language[1]}", path, language[1])
