"""Texts to the arrays that a compiled model takes, with the `tokenizers` package alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Encoding, Tokenizer

from service.errors import CompiledError
from service.inference.compiled.session import Feeds

FILE = "tokenizer.json"

_LEAST_LENGTH = 1
"""A batch of empty texts is padded to one token: models do not run on none."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """One text, or pair of texts, as the model sees it; ``truncated`` where it was cut."""

    encoding: Encoding
    truncated: bool

    def __len__(self) -> int:
        return len(self.encoding.ids)


class SavedTokenizer:
    """A tokenizer from its file, which says where to cut and how to pad. Safe between threads."""

    def __init__(self, file: Path) -> None:
        """Raises CompiledError: the file is damaged, or says nothing of padding."""
        try:
            self._tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # the package raises nothing more special
            raise CompiledError(f"The tokenizer cannot be read: {error}") from error
        padding = self._tokenizer.padding
        if padding is None:
            raise CompiledError("The tokenizer's file does not say how to pad.")
        self._left: bool = padding["direction"] == "left"
        self._pad_id: int = padding["pad_id"]
        self._pad_type: int = padding["pad_type_id"]
        self._tokenizer.no_padding()  # done by ``feeds``, once it is known what runs together

    def tokenise(self, texts: Sequence[str] | Sequence[tuple[str, str]]) -> list[Tokens]:
        """Each text, or pair of texts, cut to the model's length."""
        given: Any = list(texts)
        encodings = self._tokenizer.encode_batch_fast(given)
        return [Tokens(each, bool(each.overflowing)) for each in encodings]

    def feeds(self, batch: Sequence[Tokens], inputs: Sequence[str]) -> Feeds:
        """What the model takes: arrays of shape ``(texts, length of the longest)``."""
        shape = (len(batch), max(_LEAST_LENGTH, *map(len, batch)))
        columns = {
            "input_ids": np.full(shape, self._pad_id, np.int64),
            "token_type_ids": np.full(shape, self._pad_type, np.int64),
            "attention_mask": np.zeros(shape, np.int64),
        }
        for row, tokens in enumerate(batch):
            length = len(tokens)
            place = slice(shape[1] - length, None) if self._left else slice(0, length)
            columns["input_ids"][row, place] = tokens.encoding.ids
            columns["token_type_ids"][row, place] = tokens.encoding.type_ids
            columns["attention_mask"][row, place] = 1
        return {name: columns[name] for name in inputs}
