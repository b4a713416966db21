"""What a reader would call the same is the same to encoder and index."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.index.terms import grams, stems, words
from service.text import fold, normalise, plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("«Peace» said he", '"Peace" said he'),
        ("Zel\u200bensky", "Zelensky"),
        ("\ufeffZelensky", "Zelensky"),
        ("Zelеnsky", "Zelensky"),  # a Cyrillic е
        ("Moсква", "Москва"),  # a Latin M and o
        ("２０２４", "2024"),
        ("war – peace", "war - peace"),
        ("Ukraine’s", "Ukraine's"),
        ("fish &amp; chips", "fish & chips"),
        ("a \n  b", "a b"),
    ],
)
def test_two_spellings_of_the_same_are_one(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


def test_a_name_meets_its_spellings_in_other_languages() -> None:
    same = {fold(name) for name in ("Zelensky", "Zelenskyy", "Зеленский", "Зеленський", "Zełenski")}
    assert len(same) == 1
    for other in ("Selenskyj", "Zelenskyj"):
        shared = set(grams(other)) & set(grams("Зеленський"))
        assert len(shared) >= 8


def test_a_post_loses_its_links_and_keeps_its_words() -> None:
    post = "So it goes #StopTheWar @SomeOne https://t.co/x1 pic.twitter.com/abc"
    assert plain(post) == "So it goes Stop The War Some One"


def test_the_date_and_handle_of_a_quoted_post_are_left_out() -> None:
    post = "They lie. — Jane Doe (@jane) January 14, 2020"
    assert plain(post) == "They lie. Jane Doe"


def test_numbers_are_one_word_however_they_are_grouped() -> None:
    assert words("100,000 men, 100 000 euros, 1.5 percent") == [
        "100000", "men", "100000", "euros", "1.5", "percent",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "peacekeepers", "peacekeeper"),
        ("ru", "миротворцев", "миротворцы"),
        ("uk", "президента", "президент"),
        ("de", "Soldaten", "Soldat"),
        ("xx", "same", "same"),
    ],
)
def test_two_forms_of_a_word_share_a_stem(language: str, one: str, other: str) -> None:
    assert stems(one, language) == stems(other, language)


@given(st.text(max_size=200))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(st.text(max_size=200))
def test_any_text_has_terms_without_an_error(text: str) -> None:
    assert all(isinstance(term, str) for term in grams(text) + stems(text, "ru"))
