"""Reads dates in the shapes in which feeds have them; a guess is never made."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from service.models import date_span

DayOrder = Literal["dmy", "mdy"]
"""How ``03/04/2017`` is meant: day first, or month first."""

EARLIEST_YEAR = 1900

_MONTHS = (
    "jan янв січ sty stycz",
    "feb fév fev лют фев lut",
    "mar mär maerz мар бер",
    "apr avr апр кві kwi",
    "may mai маю мая май тра maj",
    "jun juin июн чер cze",
    "jul juil июл лип lip",
    "aug aoû aou авг сер sie",
    "sep сен вер wrz",
    "oct okt окт жов paź paz",
    "nov ноя лис lis",
    "dec dez déc дек гру gru",
)
_MONTH_OF = {start: month for month, row in enumerate(_MONTHS, 1) for start in row.split()}

_ISO = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?:[T ]\d{1,2}:.*|[T ]?Z)?\Z")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T\d{4,6}.*)?\Z")
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?:[T ]\d{1,2}:.*)?\Z")
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?:,? .*)?\Z")
_SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?:,? .*)?\Z")
_DAY_NAMED = re.compile(
    r"(?:.*[,\s])?(\d{1,2})(?:st|nd|rd|th|er|\.)?[\s-]+([^\W\d_]+)\.?,?[\s-]+(\d{4})\b"
)
_NAMED_DAY = re.compile(r"(?:.*[,\s])?([^\W\d_]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b")
_NAMED = re.compile(r"([^\W\d_]+)\.?,?\s+(\d{4})\Z")
_SECONDS = re.compile(r"\d{9,10}(?:\.\d+)?\Z")
_MILLISECONDS = re.compile(r"\d{12,13}\Z")


def partial_date(value: str, order: DayOrder | None = None) -> str:
    """The date as ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``; the time of day is dropped.

    Known are ISO 8601, ``2017/10/03``, ``03.10.2017`` (with dots the day stands first),
    ``03/10/2017`` and ``03-10-2017`` (by ``order``; without one only where a number above 12
    leaves no doubt), ``3 October 2017`` and ``October 3, 2017`` with the months of the six
    languages, e-mail dates, and seconds or milliseconds since 1970 (in UTC).

    Raises:
        ValueError: the date has another shape, could be two different days, or does not exist.
    """
    text = " ".join(value.split())
    for shape, read in _SHAPES:
        if found := shape.match(text):
            year, month, day = read(found)
            return _written(year, month, day, text)
    if found := _SLASHED.match(text):
        return _written(*_by_order(int(found[1]), int(found[2]), int(found[3]), order, text), text)
    if _SECONDS.match(text) or _MILLISECONDS.match(text):
        seconds = float(text) / (1000 if _MILLISECONDS.match(text) else 1)
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
    raise ValueError(f"{_short(text)} is not a date that can be read.")


def date_or_note(
    value: str, name: str, notes: list[str], order: DayOrder | None = None
) -> str | None:
    """As ``partial_date``; what cannot be read is left out and noted as that of the field."""
    if not value.strip():
        return None
    try:
        return partial_date(value, order)
    except ValueError as error:
        notes.append(f"/{name} is left out: {error}")
        return None


def _by_order(
    first: int, second: int, year: int, order: DayOrder | None, text: str
) -> tuple[int, int, int]:
    if first == second or order == "dmy":
        return year, second, first
    if order == "mdy":
        return year, first, second
    if first > 12:
        return year, second, first
    if second > 12:
        return year, first, second
    raise ValueError(f"{_short(text)} could be two different days.")


def _written(year: int, month: int | None, day: int | None, text: str) -> str:
    written = f"{year:04}"
    if month is not None:
        written += f"-{month:02}"
    if day is not None:
        written += f"-{day:02}"
    try:
        date_span(written)
    except ValueError:
        raise ValueError(f"{_short(text)} is no day of the calendar.") from None
    if not EARLIEST_YEAR <= year <= datetime.now(UTC).year + 1:
        raise ValueError(f"{_short(text)} is not a year in which a claim can have been made.")
    return written


_Parts = tuple[int, int | None, int | None]


def _numbers(*places: int) -> Callable[[re.Match[str]], _Parts]:
    """Year, month and day from these groups of a match."""

    def read(found: re.Match[str]) -> _Parts:
        year, month, day = (int(found[place]) if found[place] else None for place in places)
        return year or 0, month, day

    return read


def _with_name(year: int, month: int, day: int | None) -> Callable[[re.Match[str]], _Parts]:
    """As ``_numbers``, with a month in words."""

    def read(found: re.Match[str]) -> _Parts:
        return int(found[year]), _month(found[month]), int(found[day]) if day else None

    return read


def _month(name: str) -> int:
    folded = name.casefold()
    for length in (5, 4, 3):
        if folded[:length] in _MONTH_OF:
            return _MONTH_OF[folded[:length]]
    raise ValueError(f"{_short(name)} is no month.")


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


_SHAPES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], _Parts]], ...] = (
    (_ISO, _numbers(1, 2, 3)),
    (_COMPACT, _numbers(1, 2, 3)),
    (_YEAR_FIRST, _numbers(1, 2, 3)),
    (_DOTTED, _numbers(3, 2, 1)),
    (_DAY_NAMED, _with_name(3, 2, 1)),
    (_NAMED_DAY, _with_name(3, 1, 2)),
    (_NAMED, _with_name(2, 1, None)),
)
