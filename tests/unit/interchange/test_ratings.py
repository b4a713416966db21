"""Ratings: a true statement must never become a documented falsehood."""

from __future__ import annotations

import pytest

from service.interchange.rating_words import FALSE, MIXED, TRUE
from service.interchange.ratings import Accepted, Rating

REFUSED = ("true", "mixed", "unrated", "unknown", "contradictory")


def phrases(table: str) -> list[str]:
    return [phrase.strip() for phrase in table.split("|") if phrase.strip()]


@pytest.mark.parametrize(
    "text",
    [
        "False", "FALSE!", "  false. ", "Mostly False", "Pants on Fire!", "Fake", "❌ Fake",
        "Misleading", "False: the photo is from 2014", "False – no such law exists", "Неправда",
        "Не правда", "ЛОЖЬ", "Фейк", "В основном неправда", "Маніпуляція", "Брехня", "фейк",
        "Falsch", "Größtenteils falsch", "Irreführend", "Nicht wahr", "Fałsz", "Nieprawda",
        "Manipulacja", "Faux", "Plutôt faux", "C’est faux", "Trompeur", "Not true",
    ],
)  # fmt: skip
def test_words_that_mean_false_come_in(text: str) -> None:
    assert Rating((text,)).meaning() == "false"
    assert Accepted().refusal(Rating((text,))) is None


@pytest.mark.parametrize(
    "text",
    [
        "True", "Mostly true", "Correct", "Accurate", "True!", "✔ True", "True: he did say so",
        "Not false", "Правда", "Скорее правда", "Верно", "Радше правда", "Вірно", "Vrai",
        "Plutôt vrai", "Pas faux", "Prawda", "Raczej prawda", "Wahr", "Richtig", "Stimmt",
        "Größtenteils richtig", "Yes, it does", "Да", "Так", "Oui", "Tak", "Ja",
    ],
)  # fmt: skip
@pytest.mark.parametrize("number", [None, 1.0, 5.0])
def test_words_that_mean_true_are_refused_whatever_the_number(
    text: str, number: float | None
) -> None:
    rating = Rating((text,), number, 1, 5)
    assert rating.meaning() == "true"
    assert "Rated true" in (Accepted().refusal(rating) or "")


@pytest.mark.parametrize(
    "text",
    [
        "Half true", "Half-True", "Mixture", "Missing context", "Partly false", "Unproven",
        "Полуправда", "Напівправда", "Teilweise richtig", "Półprawda", "Partiellement vrai",
        "False, but in part true", "False: it is true that he was there, out of context",
    ],
)  # fmt: skip
def test_words_between_true_and_false_are_refused(text: str) -> None:
    rating = Rating((text,), 1, 1, 5)
    assert rating.meaning() == "mixed"
    assert Accepted().refusal(rating)


def test_every_phrase_of_the_tables_is_read_as_its_table_says() -> None:
    for table, meaning in ((FALSE, "false"), (TRUE, "true"), (MIXED, "mixed")):
        for phrase in phrases(table):
            assert Rating((phrase,)).meaning() == meaning, phrase
            assert Rating((phrase.upper() + ".",)).meaning() == meaning, phrase


def test_no_phrase_is_in_two_tables() -> None:
    tables = [set(phrases(table)) for table in (FALSE, TRUE, MIXED)]
    assert not tables[0] & tables[1]
    assert not tables[0] & tables[2]
    assert not tables[1] & tables[2]


@pytest.mark.parametrize(
    ("value", "worst", "best", "meaning"),
    [
        (1, 1, 5, "false"), (2, 1, 5, "false"), (3, 1, 5, "mixed"), (4, 1, 5, "true"),
        (5, 1, 5, "true"), (0, 0, 1, "false"), (1, 0, 1, "true"), (5, 5, 1, "false"),
        (1, 5, 1, "true"), (0, 1, 5, "unrated"), (-1, -1, -1, "unrated"),
        (1, None, None, "unrated"), (1, 1, None, "unrated"), (7, 1, 5, "unrated"),
        (None, 1, 5, "unrated"),
    ],
)  # fmt: skip
def test_a_number_counts_by_the_scale_that_comes_with_it(
    value: float | None, worst: float | None, best: float | None, meaning: str
) -> None:
    assert Rating((), value, worst, best).meaning() == meaning


def test_a_number_near_the_best_contradicts_the_word_false() -> None:
    assert "contradicts itself" in (Accepted().refusal(Rating(("False",), 5, 1, 5)) or "")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("No, the video shows an exercise in 2015", "false"),
        ("Zdjęcie pochodzi z ćwiczeń w 2015 roku", "false"),
        ("Yes and this is true as far as we know", "unknown"),
        ("Das Zitat ist echt und steht so im Protokoll", "unknown"),
        ("ტყუილი", "unknown"),
        ("Three Nails", "unknown"),
    ],
)
def test_a_sentence_may_be_decided_by_its_number_but_no_unknown_label(
    text: str, meaning: str
) -> None:
    assert Rating((text,), 1, 1, 5).meaning() == meaning
    assert Rating((text,)).meaning() == "unknown"


def test_several_ratings_must_all_mean_false() -> None:
    assert Rating(("False", "Falsch")).meaning() == "false"
    assert Rating(("False", "Richtig")).meaning() == "true"
    assert Rating(("False", "Three Nails")).meaning() == "unknown"


def test_a_rating_that_is_named_comes_in_to_the_letter() -> None:
    rating = Rating(("Three Nails",))
    assert Accepted(["three nails"]).refusal(rating) is None
    assert rating.written() == "Three Nails"
    assert '--accept-rating "Three Nails"' in (Accepted(["other"]).refusal(rating) or "")
    assert Accepted(["unrated"]).refusal(Rating()) is None
    assert Accepted(["half true"]).refusal(Rating(("Half-True",))) is not None
    assert Accepted(["", "…"]).refusal(Rating(("★",))) is not None
    assert Rating((), 1, 1, 5).written() == "1 (1 is worst, 5 is best)"


def test_an_unrated_row_is_refused() -> None:
    assert "Not rated" in (Accepted().refusal(Rating()) or "")
