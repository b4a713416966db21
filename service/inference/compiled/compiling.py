"""Compiles an encoder: the whole pipeline from tokens to a normalised vector, checked."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from service.errors import CompiledError
from service.inference.compiled.encoder import SENTENCES, TOKENS, CompiledEncoder
from service.inference.compiled.export import export
from service.inference.compiled.session import optimise
from service.inference.compiled.tokenizing import FILE
from service.inference.protocol import Vectors
from service.inference.torch_encoder import TorchEncoder

LEAST_COSINE = 0.9999
"""How alike each vector has to be to that of the original."""

_INPUTS = ("input_ids", "token_type_ids", "attention_mask")

_SENTENCE = "Western peacekeepers are a cover for the occupation of western Ukraine."
PROBES = (
    "",
    "No.",
    "   spaces   and\ttabs\n",
    _SENTENCE,
    _SENTENCE.upper(),
    "Под видом миротворцев Запад оккупирует Украину.",
    "Їжак і ґава: «Україна — це ми», — сказав президент у 2024 році.",
    "Rosja żąda, żeby Łódź oddała Żółć; naïve café, coöperate, ångström.",
    "🇺🇦 Victory! 😀👨‍👩‍👧 #StandWithUkraine @user https://example.org/a?b=c",
    "北约不会派兵到乌克兰。 ウクライナ 우크라이나",
    "تقول روسيا إن الغرب يحتل أوكرانيا",
    "It cost 1,234.56 €, i.e. 12% more (see § 4) — or so they said…",
    "supercalifragilisticexpialidocious" * 8,
    " ".join([_SENTENCE] * 4),
    " ".join([_SENTENCE] * 100),
    "мир " * 700,
)
"""Texts of many lengths and scripts, the longest longer than any usual model's limit."""


class _Pipeline(torch.nn.Module):
    """All modules of a sentence-transformers model as one function of its tensors."""

    def __init__(self, encoder: TorchEncoder, inputs: tuple[str, ...]) -> None:
        super().__init__()
        self._model, self._inputs = encoder.model, inputs
        self._dimension = encoder.dimension

    def forward(self, *features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = self._model(dict(zip(self._inputs, features, strict=True)))
        cut = found[SENTENCES][:, : self._dimension]
        return torch.nn.functional.normalize(cut, p=2, dim=1), found[TOKENS]


def compile_encoder(encoder: TorchEncoder, folder: Path) -> Mapping[str, Any]:
    """Writes the compiled twin of ``encoder`` into ``folder``; the facts that it is loaded with.

    Raises:
        CompiledError: the model cannot be compiled, or its twin gives other vectors.
    """
    write_tokenizer(encoder, folder / FILE)
    features = _features(encoder)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="making-") as scratch:
        exported = Path(scratch) / "exported.onnx"
        pipeline = _Pipeline(encoder, tuple(features))
        export(pipeline, features, (SENTENCES, TOKENS), exported)
        optimise(exported, folder)
    facts = {
        "name": encoder.name,
        "fingerprint": encoder.fingerprint,
        "dimension": encoder.dimension,
        "languages": None if encoder.languages is None else sorted(encoder.languages),
        "query_prompt": encoder.query_prompt,
        "passage_prompt": encoder.passage_prompt,
        "max_length": int(encoder.model.max_seq_length or 0),
    }
    return {**facts, "least_cosine": check(encoder, CompiledEncoder(folder, facts))}


def check(original: TorchEncoder, twin: CompiledEncoder) -> float:
    """The least cosine between the vectors of both, over ``PROBES`` as queries and as wordings.

    Raises:
        CompiledError: it is below ``LEAST_COSINE``, or a text is cut by one and not the other.
    """
    queries, twins = original.encode_queries(PROBES), twin.encode_queries(PROBES)
    if queries.truncated != twins.truncated:
        raise CompiledError("It cuts other texts than the original does.")
    alone = np.concatenate([twin.encode_queries([text]).vectors for text in PROBES])
    passages = twin.encode_passages(PROBES)
    least = min(
        _least_cosine(queries.vectors, twins.vectors),
        _least_cosine(queries.vectors, alone),
        _least_cosine(original.encode_passages(PROBES), passages),
    )
    if not least >= LEAST_COSINE:  # not a number is not enough either
        raise CompiledError(
            f"A vector has a cosine of {least:.6f} to that of the original; "
            f"{LEAST_COSINE} is asked for."
        )
    return least


def _least_cosine(some: Vectors, others: Vectors) -> float:
    # a text without any token has no direction; both then give nothing
    both_nothing = ~some.any(axis=1) & ~others.any(axis=1)
    cosines = np.where(both_nothing, 1.0, (some * others).sum(axis=1))
    return float(cosines.min())


def _features(encoder: TorchEncoder) -> dict[str, torch.Tensor]:
    """The tensors that the model takes, of an example."""
    found = encoder.model.preprocess([_SENTENCE, "No, not at all."])
    tensors = {name: value for name, value in found.items() if isinstance(value, torch.Tensor)}
    unknown = sorted(set(tensors) - set(_INPUTS))
    if unknown or not tensors:
        raise CompiledError(f"The model takes other inputs than tokens: {', '.join(unknown)}.")
    return {name: tensors[name] for name in _INPUTS if name in tensors}


def write_tokenizer(encoder: TorchEncoder, file: Path) -> None:
    """The tokenizer with where to cut and how to pad, as sentence-transformers has it do."""
    longest = encoder.model.max_seq_length
    tokenizer: Any = encoder.model.tokenizer
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise CompiledError("The model has no fast tokenizer.")
    if longest is None:
        raise CompiledError("The model does not say how long a text may be.")
    if tokenizer.pad_token is None:
        raise CompiledError("The model's tokenizer has no token to pad with.")
    written = Tokenizer.from_str(backend.to_str())
    written.enable_truncation(
        int(longest), strategy="longest_first", direction=tokenizer.truncation_side
    )
    written.enable_padding(
        direction=tokenizer.padding_side,
        pad_id=tokenizer.pad_token_id,
        pad_token=tokenizer.pad_token,
        pad_type_id=tokenizer.pad_token_type_id,
    )
    written.save(str(file), pretty=False)
