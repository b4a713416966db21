"""Sentences with their exact places."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.matching.segmentation import sentences


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["Mr. Lavrov met Gen. Smith at 3 p.m. in the U.S. embassy.", "He said no."]),
        ("en", ['"We will not sign," he said.', '"Never."']),
        ("en", ["It cost 1.5 billion.", "Nobody paid."]),
        ("ru", ["В 2024 г. ген. Иванов сказал, что это так.", "Ему не поверили."]),
        ("uk", ["Про це повідомив ген. Сирський.", "Деталей немає."]),
        ("de", ["Am 20. Mai endete die Amtszeit.", "Das sagte Dr. Müller."]),
        ("pl", ["Powiedział to gen. Nowak.", "Nikt nie uwierzył."]),
        ("fr", ["M. Macron a parlé à Paris.", "Personne n'a répondu."]),
    ],
)
def test_abbreviations_and_quotes_end_no_sentence(language: str, expected: list[str]) -> None:
    text = " ".join(expected)
    assert [found.text for found in sentences(text, language)] == expected


def test_a_headline_without_a_full_stop_ends_with_its_line() -> None:
    text = "NATO to attack Moldova\n\nCHISINAU. The post was shared widely.\r\nNobody came"
    assert [found.text for found in sentences(text, "en")] == [
        "NATO to attack Moldova", "CHISINAU.", "The post was shared widely.", "Nobody came",
    ]  # fmt: skip


@given(st.text(st.sampled_from('аб Ab.!?"»\n\r\u2028🇺🇦e\u0301\u200b1'), max_size=300))
def test_places_are_code_points_of_the_text_itself(text: str) -> None:
    found = sentences(text, "uk")
    assert all(text[each.start : each.end] == each.text for each in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert "".join("".join(each.text.split()) for each in found) == "".join(text.split())


@pytest.mark.parametrize("piece", ["word ", "Dr. ", "a", ". ", '"A." ', "А! "])
def test_a_very_long_text_is_cut_in_little_time(piece: str) -> None:
    text = (piece * 50_000)[:50_000]
    began = time.perf_counter()
    sentences(text, "en")
    assert time.perf_counter() - began < 5
