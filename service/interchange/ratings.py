"""Tells what a fact-checker's rating says of a claim; where there is doubt, it says so.

A true statement must never become a documented falsehood. So a rating counts as ``false`` only
where its words are known to mean that, or where its number does by a scale that is given and its
words say nothing against it. The rest is for a person, who names a rating with --accept-rating.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from service.interchange.rating_words import FALSE, MIXED, TRUE

Meaning = Literal["false", "true", "mixed", "unrated", "unknown", "contradictory"]

UNRATED = "unrated"
"""What --accept-rating calls a row that has no rating at all."""

_LOW, _HIGH = 0.25, 0.75
"""On a scale from worst to best: up to the lower is false, from the higher on true."""

_LABEL_WORDS = 4
"""A longer text is a sentence: its number may decide. An unknown label of fewer is not guessed."""


def _phrases(table: str) -> frozenset[str]:
    return frozenset(_folded(phrase) for phrase in table.split("|") if phrase.strip())


def _folded(text: str) -> str:
    """Case, accents that vary, punctuation, emoji and white space taken out."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е").replace("’", "'")
    kept = "".join(
        c if c.isalnum() or c in "'- " or unicodedata.combining(c) else " " for c in text
    )
    return " ".join(kept.split()).strip("'- ")


_KNOWN: tuple[tuple[Meaning, frozenset[str]], ...] = (
    ("mixed", _phrases(MIXED)),
    ("true", _phrases(TRUE)),
    ("false", _phrases(FALSE)),
)
_DOUBTFUL = frozenset(
    phrase for phrase in _KNOWN[0][1] | _KNOWN[1][1] if " " not in phrase
) | frozenset(
    """partly partially half mostly largely mainly context evidence частично частково отчасти
    teilweise teils partiellement partie częściowo częściowa""".split()  # noqa: SIM905
)
"""Words that in a sentence speak against taking it for ``false`` by its number alone."""

_HEAD = re.compile(r"\s*(.+?)\s*(?:[.,:;!?()\[\]/|]|\s[-–—]\s|[–—]|$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating as it came: its texts to the letter, and its number with the scale, if any."""

    texts: tuple[str, ...] = ()
    value: float | None = None
    worst: float | None = None
    best: float | None = None

    def written(self) -> str | None:
        """The rating to show: its texts, or else its number; None where there is neither."""
        if self.texts:
            return " / ".join(self.texts)
        if self.value is None:
            return None
        scale = (
            f" ({self.worst:g} is worst, {self.best:g} is best)"
            if self.worst is not None and self.best is not None
            else ""
        )
        return f"{self.value:g}{scale}"

    def meaning(self) -> Meaning:
        """What the rating says of the claim, words before numbers, doubt before both."""
        said = {_meaning(text) for text in self.texts}
        counted = self._counted()
        if not said:
            return counted or "unrated"
        if said == {"unknown"}:
            sentences = all(_is_harmless_sentence(text) for text in self.texts)
            return "false" if counted == "false" and sentences else "unknown"
        if "true" in said or "mixed" in said:
            return "mixed" if "mixed" in said else "true"
        if said != {"false"}:
            return "unknown"
        return "contradictory" if counted == "true" else "false"

    def _counted(self) -> Meaning | None:
        """By its place on the scale, which may run either way; None without a scale."""
        if self.value is None or self.worst is None or self.best is None:
            return None
        if self.best == self.worst:
            return None
        place = (self.value - self.worst) / (self.best - self.worst)
        if not 0 <= place <= 1:
            return None
        return "false" if place <= _LOW else "true" if place >= _HIGH else "mixed"


class Accepted:
    """Which ratings come in: those that mean ``false``, and those that an editor has named."""

    def __init__(self, named: Iterable[str] = ()) -> None:
        self._named = frozenset(_folded(name) for name in named) - {""}

    def refusal(self, rating: Rating) -> str | None:
        """Why a row with this rating does not come in; None where it does."""
        meaning, written = rating.meaning(), rating.written()
        names = {_folded(text) for text in (*rating.texts, written or UNRATED)}
        if meaning == "false" or names & self._named:
            return None
        accept = f'--accept-rating "{written or UNRATED}" takes it.'
        return _REASONS[meaning].format(written=written, number=rating.value, accept=accept)


_REASONS = {
    "true": "Rated true ({written}). {accept}",
    "mixed": "Rated neither true nor false ({written}). {accept}",
    "unrated": "Not rated. {accept}",
    "unknown": "The rating is not one that is known to mean false ({written}). {accept}",
    "contradictory": "The rating contradicts itself: {written}, but {number:g} is near the best. "
    "{accept}",
}


def _meaning(text: str) -> Meaning:
    folded = _folded(text)
    for meaning, phrases in _KNOWN:
        if folded in phrases:
            return meaning
    head = _HEAD.match(text)
    first = _folded(head[1]) if head else folded
    rest = _folded(text[head.end(1) :]) if head else ""
    for meaning, phrases in _KNOWN:
        if first in phrases:
            doubtful = meaning == "false" and any(known in phrases_of(rest) for known in _HEDGES)
            return "mixed" if doubtful else meaning
    return "unknown"


def phrases_of(text: str) -> set[str]:
    """All runs of one to three words of a folded text."""
    words = text.split()
    return {
        " ".join(words[start : start + length])
        for length in (1, 2, 3)
        for start in range(len(words) - length + 1)
    }


_HEDGES = _KNOWN[0][1] | {"true", "mostly true", "правда", "wahr", "richtig", "vrai", "prawda"}
"""In what follows the first words of a rating, these make a "False, but …"."""


def _is_harmless_sentence(text: str) -> bool:
    words = _folded(text).split()
    return len(words) >= _LABEL_WORDS and not _DOUBTFUL.intersection(words)
