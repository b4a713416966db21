"""VoxUkraine's Propaganda Diary: does a case find another case of the same fake?"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from service.evaluation.formats.lines import Place
from service.evaluation.formats.trec import NO_REBUTTAL
from service.evaluation.sets import Documents, EvaluationSet, Query, SetError
from service.models import Claim

_CASE = "Disinfo_cases"
_FAKE = "Fakes"


def read_set(name: str, path: Path, language: str) -> EvaluationSet:
    """The cases in one language, each asked of all others.

    Cases of the same text are one case, or finding a copy would count. Empty cases are passed
    over; the only case of its fake is among the others but is not asked.

    Raises:
        SetError: the file is not a list of cases.
    """
    fakes: defaultdict[str, set[str]] = defaultdict(set)
    for number, row in enumerate(_rows(path), start=1):
        if not isinstance(row, dict):
            raise SetError(f"{path}: case number {number} is not an object")
        case = next((row[key] for key in row if key.startswith(_CASE)), None)
        fake = row.get(_FAKE)
        if not all(value is None or isinstance(value, str) for value in (case, fake)):
            raise SetError(f"{path}: case number {number}: the case and its fake must be texts")
        if case and fake and case.strip() and fake.strip():
            fakes[" ".join(case.split())].add(" ".join(fake.split()))
    ids = {text: f"case-{number}" for number, text in enumerate(fakes, start=1)}
    of_fake: defaultdict[str, set[str]] = defaultdict(set)
    for text, named in fakes.items():
        for fake in named:
            of_fake[fake].add(ids[text])
    claims = (Claim(ids[text], text, NO_REBUTTAL, language=language) for text in fakes)
    queries = []
    for text, named in fakes.items():
        itself = frozenset({ids[text]})
        same = frozenset[str]().union(*(of_fake[fake] for fake in named)) - itself
        if same:
            queries.append(Query(ids[text], text, same, language, without=itself))
    return EvaluationSet(
        name, queries=tuple(queries), documents=Documents(path.name, tuple(claims))
    )


def _rows(path: Path) -> list[Any]:
    try:
        rows = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise SetError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SetError(f"{path}: not UTF-8 at byte {error.start + 1}") from error
    except json.JSONDecodeError as error:
        place = Place(path, error.lineno)
        raise place.wrong(f"not JSON: {error.msg} at column {error.colno}") from error
    except RecursionError as error:
        raise SetError(f"{path}: not JSON: nested too deeply") from error
    if not isinstance(rows, list):
        raise SetError(f"{path}: not a list of cases")
    return rows
