"""Texts to the tokens that the bundled verifier reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

MOST_TOKENS = 128
"""Of each side. The longest wording of the starter catalogue has 80."""

_CYRILLIC = "абвгґдеєёжзиіїйклмнопрстуфхцчшщъыьэюя"
_LATIN = [
    "a",
    "b",
    "v",
    "g",
    "g",
    "d",
    "e",
    "ie",
    "e",
    "zh",
    "z",
    "i",
    "i",
    "i",
    "i",
    "k",
    "l",
    "m",
    "n",
    "o",
    "p",
    "r",
    "s",
    "t",
    "u",
    "f",
    "kh",
    "ts",
    "ch",
    "sh",
    "shch",
    "_",
    "y",
    "_",
    "e",
    "iu",
    "ia",
]
_SPELT = {
    letter: "" if latin == "_" else latin for letter, latin in zip(_CYRILLIC, _LATIN, strict=True)
}
_TABLE = str.maketrans(
    _SPELT | {letter.upper(): latin.capitalize() for letter, latin in _SPELT.items()}
)

Matrix = NDArray[np.int64]
Mask = NDArray[np.bool_]


def in_latin(text: str) -> str:
    """Russian and Ukrainian in Latin letters: half as many word pieces, and names meet."""
    return text.translate(_TABLE)


class PairTokens:
    """Tokenises with a saved tokenizer. Safe to use from several threads."""

    def __init__(self, file: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(file))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)

    def of(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, special ones included."""
        encoded = self._tokenizer.encode_batch([in_latin(text) for text in texts])
        return [each.ids for each in encoded]


def padded(rows: Sequence[list[int]]) -> tuple[Matrix, Mask]:
    """Token ids and where there are any, shape ``(texts, longest)``."""
    longest = max(map(len, rows))
    tokens = np.zeros((len(rows), longest), np.int64)
    mask = np.zeros((len(rows), longest), np.bool_)
    for place, row in enumerate(rows):
        tokens[place, : len(row)] = row
        mask[place, : len(row)] = True
    return tokens, mask
