"""The compiled encoder: what a worker runs in place of sentence-transformers and torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.inference.compiled.session import Session
from service.inference.compiled.tokenizing import FILE, SavedTokenizer, Tokens
from service.inference.grouping import groups
from service.inference.protocol import EncodedQueries, Vectors

SENTENCES, TOKENS = "sentence_embedding", "token_embeddings"
"""The model's outputs."""

LARGEST_BATCH = 32
OVERHEAD = 6
"""What a run costs beside its tokens, in tokens: one sentence of 21 tokens took 6.5 ms, in a batch
of 8 5.2 ms each (bundled encoder, AMD EPYC, one thread)."""
AREA = 512
"""Tokens in one run, padding included. More gains nothing and holds up whoever comes after:
sentences of 28 tokens took 8.3 ms alone, 6.5 ms each by four, and 6.4 ms by 8, 16 and 32."""


@dataclass(frozen=True, slots=True)
class EncodedTokens:
    """Queries with a vector for each of their tokens, the special ones included.

    ``tokens`` has one array per text, shape ``(tokens, width of the model)``, as the model's last
    layer left them.
    """

    vectors: Vectors
    truncated: tuple[bool, ...]
    tokens: tuple[NDArray[np.float32], ...]


class CompiledEncoder:
    """Implements ``Encoder``. Safe to use from several threads."""

    def __init__(self, folder: Path, facts: Mapping[str, Any], threads: int = 1) -> None:
        """Loads what ``compiling.compile_encoder`` wrote; ``facts`` are those of its manifest.

        Raises:
            CompiledError: a file cannot be used.
        """
        self.name: str = facts["name"]
        self.fingerprint: str = facts["fingerprint"]
        self.dimension: int = facts["dimension"]
        languages = facts["languages"]
        self.languages = None if languages is None else frozenset(map(str, languages))
        self._query_prompt: str = facts["query_prompt"]
        self._passage_prompt: str = facts["passage_prompt"]
        self._tokenizer = SavedTokenizer(folder / FILE)
        self._session = Session(folder, threads)

    def encode_queries(self, texts: Sequence[str]) -> EncodedQueries:
        """Normalised vectors of queries, shape ``(len(texts), dimension)``."""
        tokens = self._tokenise(self._query_prompt, texts)
        return EncodedQueries(self._encode(tokens), tuple(each.truncated for each in tokens))

    def encode_query_tokens(self, texts: Sequence[str]) -> EncodedTokens:
        """As ``encode_queries``, with the vectors of the tokens."""
        found = self._tokenise(self._query_prompt, texts)
        rows: dict[int, NDArray[np.float32]] = {}
        vectors = self._encode(found, rows)
        return EncodedTokens(
            vectors,
            tuple(each.truncated for each in found),
            tuple(rows[place] for place in range(len(found))),
        )

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Normalised vectors of wordings, shape ``(len(texts), dimension)``."""
        return self._encode(self._tokenise(self._passage_prompt, texts), progress=progress)

    def _tokenise(self, prompt: str, texts: Sequence[str]) -> list[Tokens]:
        return self._tokenizer.tokenise([prompt + text for text in texts])

    def _encode(
        self,
        found: Sequence[Tokens],
        rows: dict[int, NDArray[np.float32]] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Vectors:
        """Vectors of the texts; ``rows`` is filled with the tokens' vectors by place."""
        vectors = np.empty((len(found), self.dimension), np.float32)
        sizes = [len(each) for each in found]
        outputs = (SENTENCES,) if rows is None else (SENTENCES, TOKENS)
        for places in groups(sizes, overhead=OVERHEAD, largest=LARGEST_BATCH, area=AREA):
            feeds = self._tokenizer.feeds([found[place] for place in places], self._session.inputs)
            vectors[places], *layers = self._session.run(outputs, feeds)
            if rows is not None:
                mask = feeds["attention_mask"].astype(bool)
                rows.update((place, layers[0][row][mask[row]]) for row, place in enumerate(places))
            if progress:
                progress(len(places))
        return vectors
