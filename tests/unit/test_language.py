"""The language of short news texts, among those that a catalogue has."""

from __future__ import annotations

import pytest

from service.matching.language import detect

SIX = frozenset({"en", "ru", "uk", "pl", "de", "fr"})


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Zelensky has no right to sign anything", "en"),
        ("Зеленский не имеет права ничего подписывать", "ru"),
        ("Зеленський не має права нічого підписувати", "uk"),
        ("Zełenski nie ma prawa niczego podpisywać", "pl"),
        ("Selenskyj darf nichts unterschreiben", "de"),
        ("Zelensky n'a le droit de rien signer", "fr"),
        ("ВСУ бегут из Курска", "ru"),
        ("Захід окупує Україну", "uk"),
    ],
)
def test_a_short_sentence_is_in_its_language(text: str, language: str) -> None:
    found = detect(text, SIX)
    assert (found.language, found.covered) == (language, True)


@pytest.mark.parametrize(
    "text",
    [
        "El presidente dijo ayer que no firmará ningún acuerdo de paz.",
        "Cumhurbaşkanı dün hiçbir anlaşmayı imzalamayacağını söyledi.",
        "大統領は昨日、いかなる協定にも署名しないと述べた。",
    ],
)
def test_a_language_that_is_not_there_is_not_taken_for_another(text: str) -> None:
    assert detect(text, SIX).covered == (" " not in text)


def test_a_word_or_two_decide_nothing() -> None:
    assert detect("Buenos días", SIX).covered
    assert detect("Buenos días", SIX).language in SIX


def test_only_languages_that_are_present_are_found() -> None:
    assert detect("Selenskyj darf nichts mehr unterschreiben", {"en", "de"}).language == "de"


@pytest.mark.parametrize("text", ["", "2024", "🇺🇦 🕊️", "..."])
def test_a_text_without_letters_is_in_no_language(text: str) -> None:
    found = detect(text, SIX)
    assert (found.language, found.covered) == (None, True)
