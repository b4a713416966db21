"""The model that tells languages is loaded once, however many ask at first."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest

from service import language


def test_many_first_callers_load_one_model(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[int] = []

    class Slow:
        def rank(self, _text: str) -> list[tuple[str, float]]:
            return [("en", 1.0)]

    @cache
    def slowly() -> Slow:
        time.sleep(0.05)
        loaded.append(1)
        return Slow()

    monkeypatch.setattr(language, "_identifier", slowly)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(language.ranked_languages, ["a"] * 8))
    assert answers == [[("en", 1.0)]] * 8
    assert len(loaded) == 1
