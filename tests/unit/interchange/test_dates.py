"""Dates: every shape that feeds have, and no guess."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.interchange.dates import partial_date
from service.models import date_span


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2017", "2017"), ("2017-10", "2017-10"), ("2017-10-03", "2017-10-03"),
        ("2017-1-3", "2017-01-03"), ("2017-10-03T22:15:00Z", "2017-10-03"),
        ("2017-10-03T23:59:59.123456789+02:00", "2017-10-03"), ("2017-10-03 12:00", "2017-10-03"),
        ("20171003", "2017-10-03"), ("2017/10/03", "2017-10-03"), ("2017.10.03", "2017-10-03"),
        ("03.10.2017", "2017-10-03"), ("3. 10. 2017", "2017-10-03"), ("25/10/2017", "2017-10-25"),
        ("10/25/2017", "2017-10-25"), ("04/04/2017", "2017-04-04"),
        ("3 October 2017", "2017-10-03"), ("3rd Oct. 2017", "2017-10-03"),
        ("October 3, 2017", "2017-10-03"), ("Oct 3rd, 2017", "2017-10-03"),
        ("Tue, 03 Oct 2017 10:00:00 GMT", "2017-10-03"), ("Tuesday, October 3, 2017", "2017-10-03"),
        ("3. Oktober 2017", "2017-10-03"), ("3 octobre 2017", "2017-10-03"),
        ("1er mai 2017", "2017-05-01"), ("3 października 2017", "2017-10-03"),
        ("3 октября 2017 г.", "2017-10-03"), ("3 жовтня 2017 р.", "2017-10-03"),
        ("3 листопада 2017", "2017-11-03"), ("3 lipca 2017", "2017-07-03"),
        ("3 juillet 2017", "2017-07-03"), ("March 2017", "2017-03"), ("березень 2017", "2017-03"),
        ("1507032000", "2017-10-03"), ("1507032000000", "2017-10-03"),
    ],
)  # fmt: skip
def test_a_date_is_read(value: str, date: str) -> None:
    assert partial_date(value) == date


@pytest.mark.parametrize(("order", "date"), [("dmy", "2017-04-03"), ("mdy", "2017-03-04")])
def test_two_readings_are_told_apart_by_the_stated_order(order: str, date: str) -> None:
    assert partial_date("03/04/2017", order) == date  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    ["03/04/2017", "31.02.2017", "2017-13-01", "25/10/17", "yesterday", "", "3 Smarch 2017",
     "0000-00-00", "1017-10-03", "9999-01-01", "0", "13/13/2017"],
)  # fmt: skip
def test_what_is_no_single_day_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        partial_date(value)


def test_the_stated_order_is_not_stretched() -> None:
    with pytest.raises(ValueError, match="no day"):
        partial_date("10/25/2017", "dmy")


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_date_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        date_span(partial_date(text))
