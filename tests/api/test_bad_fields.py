"""POST /match: a wrong field answers a problem that names it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Poster, assert_problem


def test_missing_text_answers_422_naming_it(match: Poster) -> None:
    assert_problem(match(), 422, "/text")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\t ",
        "\u200b\u2060",
        "\u3000",
        "a" * 2001,
        None,
        1,
        1.5,
        True,
        ["a"],
        {"a": "b"},
        "a\x00b",
        "\x00",
        "a\x1b[31m",
        "\x7f",
        "\ud800",
        "a\udfff",
        "\udc00\ud800",
    ],
)
def test_bad_text_answers_422_naming_it(match: Poster, text: Any) -> None:
    assert_problem(match(text=text), 422, "/text")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("limit", 0),
        ("limit", 51),
        ("limit", -1),
        ("limit", True),
        ("limit", "5"),
        ("limit", 2.5),
        ("limit", None),
        ("limit", 10**400),
        ("min_score", -0.01),
        ("min_score", 1.01),
        ("min_score", True),
        ("min_score", "0.5"),
        ("min_score", [0.5]),
        ("min_score", 10**400),
        ("language", "EN"),
        ("language", "eng"),
        ("language", "xx"),
        ("language", ""),
        ("language", 5),
        ("since", "29.11.2024"),
        ("since", "2024-13"),
        ("since", "2023-02-29"),
        ("since", "0000"),
        ("since", "٢٠٢٤"),
        ("since", 2024),
        ("until", "2024-11-29T00:00:00Z"),
        ("until", ""),
        ("until", "2024\n"),
        ("relations", []),
        ("relations", "repeats"),
        ("relations", {"repeats": 1}),
        ("relations", None),
        ("narratives", "a"),
        ("narratives", ["a"] * 101),
        ("rebuttal_languages", {"en": 1}),
        ("txt", "a"),
        ("a/b", 1),
    ],
)
def test_bad_option_answers_422_naming_it(match: Poster, field: str, value: Any) -> None:
    assert_problem(match(text="a", **{field: value}), 422, "/" + field.replace("/", "~1"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("relations", "mentions"),
        ("relations", None),
        ("narratives", "No Spaces"),
        ("narratives", "a\n"),
        ("narratives", "-a"),
        ("narratives", "a" * 129),
        ("narratives", 5),
        ("rebuttal_languages", "en-GB"),
        ("rebuttal_publishers", "https://euvsdisinfo.eu"),
        ("rebuttal_publishers", "localhost"),
        ("rebuttal_publishers", "a..b"),
        ("rebuttal_publishers", "-a.eu"),
        ("rebuttal_publishers", "a" * 64 + ".eu"),
        ("rebuttal_publishers", "euvsdisinfo.eu:80"),
        ("rebuttal_publishers", "\x00.eu"),
        ("rebuttal_publishers", "\ud800.eu"),
        ("rebuttal_publishers", "ü" * 100 + ".eu"),
        ("rebuttal_publishers", "www."),
        ("rebuttal_publishers", ["a.eu"]),
    ],
)
def test_bad_entry_of_a_list_answers_422_naming_its_place(
    match: Poster, field: str, value: Any
) -> None:
    good = {"relations": "repeats", "narratives": "a", "rebuttal_languages": "en"}
    values = [good.get(field, "a.eu"), value]
    assert_problem(match(text="a", **{field: values}), 422, f"/{field}/1")


def test_interval_that_ends_before_it_begins_answers_422(match: Poster) -> None:
    assert_problem(match(text="a", since="2024-02", until="2024-01"), 422, "/until")
    assert match(text="a", since="2024-02", until="2024").status_code == 200


def test_all_wrong_fields_are_named_at_once(match: Poster) -> None:
    body = match(text=" ", limit=0, since="never", extra=1).get_json(force=True)
    named = {fault["pointer"] for fault in body["errors"]}
    assert named == {"/text", "/limit", "/since", "/extra"}


def test_unknown_names_of_any_kind_stay_short_and_printable(match: Poster) -> None:
    body = match(**{"text": "a", "\ud800~/" + "x" * 5000: 1}).get_json(force=True)
    assert body["errors"][0]["pointer"].startswith("/?~0~1xxx")
    assert len(body["errors"][0]["pointer"]) < 200


def test_many_faults_are_cut_off(match: Poster) -> None:
    body = match(text="a", **{f"x{at}": at for at in range(5000)}).get_json(force=True)
    assert len(body["errors"]) == 100
