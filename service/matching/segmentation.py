"""Cuts a text into sentences, each with its exact place in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sentencex

_LINE = re.compile(r"[^\r\n\v\f\x85\u2028\u2029]+")
# sentencex knows the usual abbreviations of English, Russian and German; these are
# the ones it broke on in the newsroom's other languages, and military ranks.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(«„“\"'])"
    r"(?:[Гг]ен|[Пп]олк|[Сс]т|[Мм]лн|[Мм]лрд|[Тт]ис|[Тт]ыс|[Тт]\. ?[Ее]|[Тт]\. ?[Пп]|[Сс]м|[Рр]ед"
    r"|[Oo]k|m\.in|[Gg]en|[Pp]łk|[Pp]or|[Nn]p|[Tt]zw|[Cc]a|[Ee]nv|M|MM|[Cc]f|[Pp]rof|[Dd]r|[Nn]r|[Aa]rt)"
    r"\.\s*$"
)
# What follows can not begin a sentence: a small letter, or a dash that goes on after a quotation.
_CONTINUES = re.compile(r"[-–—]?\s*[a-zß-öø-ÿа-яёіїєґąćęłńóśźż]|[-–—»”]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence; ``start`` and ``end`` count Unicode code points, as Python does."""

    text: str
    start: int
    end: int


def sentences(text: str, language: str) -> list[Sentence]:
    """The sentences of ``text`` in order; ``text[s.start:s.end] == s.text``.

    A new line ends a sentence, since headlines carry no full stop. White space
    around a sentence is left out. Linear in the length of the text.
    """
    return [
        Sentence(text[start:end], start, end)
        for line in _LINE.finditer(text)
        for start, end in _trimmed(text, _joined(text, _boundaries(line, language)))
    ]


def _boundaries(line: re.Match[str], language: str) -> Iterator[tuple[int, int]]:
    for boundary in sentencex.get_sentence_boundaries(language, line[0]):
        yield line.start() + boundary["start_index"], line.start() + boundary["end_index"]


def _joined(text: str, spans: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Put back together what was cut after an abbreviation or before a continuation."""
    start = end = -1
    for next_start, next_end in spans:
        if start >= 0 and not _belong_together(text, end, next_start):
            yield start, end
            start = -1
        start = next_start if start < 0 else start
        end = next_end
    if start >= 0:
        yield start, end


def _belong_together(text: str, end: int, next_start: int) -> bool:
    # Looking back a few characters only keeps the whole linear in the text.
    tail = text[max(0, end - 12) : end]
    return bool(_ABBREVIATION.search(tail) or _CONTINUES.match(text, next_start))


def _trimmed(text: str, spans: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for start, end in spans:
        sentence = text[start:end]
        leading = len(sentence) - len(sentence.lstrip())
        if leading < len(sentence):
            yield start + leading, start + len(sentence.rstrip())
