"""The encoder on sentence-transformers and torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from transformers.utils import logging as untyped_logging

from service.errors import EncoderError
from service.inference import bundled
from service.inference.choice import BUNDLED, EncoderChoice
from service.inference.protocol import EncodedQueries, Vectors

_BATCH = 32

transformers_logging: Any = untyped_logging


class TorchEncoder:
    """A sentence-transformers model; implements ``Encoder``. Safe to use from several threads."""

    def __init__(self, choice: EncoderChoice, threads: int = 1) -> None:
        """Loads the model; ``threads`` is torch's, for this process.

        Raises:
            EncoderError: there is no such model, or it is damaged.
        """
        torch.set_num_threads(threads)
        self._choice = choice
        self._model = _load(choice.name)
        self._model.eval()
        self.name = choice.display_name
        self.languages = choice.languages
        self.query_prompt = choice.query_prompt or _own_prompt(self._model, "query")
        self.passage_prompt = choice.passage_prompt or _own_prompt(
            self._model, "document", "passage", "corpus"
        )
        dimension = self._model.get_embedding_dimension()
        if dimension is None:
            raise EncoderError(f"The encoder {choice.name!r} does not tell its dimension.")
        self.dimension: int = dimension
        self.fingerprint = self._fingerprint()

    @property
    def device(self) -> str:
        """``cpu``, or the kind of GPU that the model was found to run on."""
        return self._model.device.type

    @property
    def model(self) -> SentenceTransformer:
        """The model itself, for what compiles it."""
        return self._model

    def encode_queries(self, texts: Sequence[str]) -> EncodedQueries:
        """Normalised vectors of queries, shape ``(len(texts), dimension)``."""
        rows = self._encode(texts, self.query_prompt, "query")
        return EncodedQueries(rows, self._truncated(texts))

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Normalised vectors of wordings, shape ``(len(texts), dimension)``."""
        # batches of like length: a short text is not padded to a long one's length
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        rows = np.empty((len(texts), self.dimension), np.float32)
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            batch = [texts[place] for place in places]
            rows[places] = self._encode(batch, self.passage_prompt, "document")
            if progress:
                progress(len(places))
        return rows

    def _encode(self, texts: Sequence[str], prompt: str, role: str) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        encode = self._model.encode_query if role == "query" else self._model.encode_document
        rows = encode(
            list(texts),
            prompt=prompt,
            batch_size=_BATCH,
            show_progress_bar=False,
            normalize_embeddings=True,
            convert_to_numpy=True,
        )
        return np.ascontiguousarray(rows, np.float32)

    def _truncated(self, texts: Sequence[str]) -> tuple[bool, ...]:
        longest = self._model.max_seq_length
        if longest is None or not texts:
            return (False,) * len(texts)
        tokenizer: Any = self._model.tokenizer
        tokens = tokenizer(
            [self.query_prompt + text for text in texts],
            truncation=False,
            padding=False,
            verbose=False,
        )["input_ids"]
        return tuple(len(ids) > int(longest) for ids in tokens)

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        for name, tensor in sorted(self._model.state_dict().items()):
            digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
            digest.update(tensor.contiguous().cpu().reshape(-1).view(torch.uint8).numpy().data)
        facts = {
            "modules": [type(module).__name__ for module in self._model],
            "settings": [_module_facts(module) for module in self._model],
            "tokenizer": _tokenizer_facts(self._model.tokenizer),
            "maximum length": self._model.max_seq_length,
            "model's prompts": self._model.prompts,
            "query prompt": self._choice.query_prompt,
            "passage prompt": self._choice.passage_prompt,
            "normalised": True,
            "languages": None if self.languages is None else sorted(self.languages),
        }
        digest.update(json.dumps(facts, sort_keys=True, default=str).encode())
        return digest.hexdigest()


def _load(name: str) -> SentenceTransformer:
    transformers_logging.disable_progress_bar()
    with ExitStack() as stack:
        verbosity = transformers_logging.get_verbosity()
        transformers_logging.set_verbosity_error()
        stack.callback(transformers_logging.set_verbosity, verbosity)
        if name == BUNDLED:
            return SentenceTransformer(str(bundled.model_folder()), local_files_only=True)
        try:
            return SentenceTransformer(name, trust_remote_code=False)
        except Exception as error:  # hubs, files and formats fail in many ways; all mean the same
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise EncoderError(
                f"REFRAIN_ENCODER={name!r} cannot be loaded as a sentence-transformers model "
                f"name or path: {reason}"
            ) from error


def _own_prompt(model: SentenceTransformer, *roles: str) -> str:
    """The prompt that sentence-transformers takes for these roles when it is given none."""
    names = [role for role in roles if role in model.prompts]
    name = names[0] if names else model.default_prompt_name
    return "" if name is None else model.prompts[name] or ""


def _module_facts(module: Any) -> Any:
    return module.get_config_dict() if hasattr(module, "get_config_dict") else None


def _tokenizer_facts(tokenizer: object) -> str:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return str(tokenizer)
    # padding and truncation are set by each call, so they say nothing of the tokenizer
    facts = json.loads(backend.to_str())
    facts.pop("padding", None), facts.pop("truncation", None)
    return json.dumps(facts, sort_keys=True)
