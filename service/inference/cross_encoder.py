"""Any sentence-transformers CrossEncoder with NLI labels as a verifier."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from sentence_transformers import CrossEncoder

from service.errors import EncoderError
from service.inference.verifier import LogProbabilities, log_softmax

_LABELS = ("entailment", "contradiction", "neutral")
"""As repeats, rejects and neither."""
_BATCH = 32


class CrossEncoderVerifier:
    """Implements ``Verifier``: the query is the premise, the wording the hypothesis."""

    def __init__(self, name: str) -> None:
        """Loads the model by name or path.

        Raises:
            EncoderError: there is no such model, or its labels are not those of NLI.
        """
        try:
            self._model: Any = CrossEncoder(name, trust_remote_code=False)
            labels = {
                str(label).lower(): int(place)
                for place, label in self._model.model.config.id2label.items()
            }
        except Exception as error:  # hubs, files and formats fail in many ways; all mean the same
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise EncoderError(
                f"REFRAIN_VERIFIER={name!r} cannot be loaded as a CrossEncoder: {reason}"
            ) from error
        if set(labels) != set(_LABELS):
            raise EncoderError(
                f"REFRAIN_VERIFIER={name!r} has the labels {', '.join(sorted(labels))}; "
                f"{', '.join(_LABELS)} are needed."
            )
        self._order = [labels[label] for label in _LABELS]
        self.name = name.rstrip("/").split("/")[-1]
        self.fingerprint = self._fingerprint()

    def verify(self, pairs: Sequence[tuple[str, str]]) -> LogProbabilities:
        """See ``Verifier``."""
        if not pairs:
            return np.zeros((0, 3), np.float32)
        logits = self._model.predict(
            list(pairs), batch_size=_BATCH, apply_softmax=False, show_progress_bar=False
        )
        return log_softmax(np.asarray(logits, np.float32)[:, self._order])

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        for name, tensor in sorted(self._model.model.state_dict().items()):
            digest.update(f"{name}{tuple(tensor.shape)}".encode())
            digest.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
        backend = getattr(self._model.tokenizer, "backend_tokenizer", None)
        facts = [self._order, self._model.max_seq_length, backend.to_str() if backend else ""]
        digest.update(json.dumps(facts, default=str).encode())
        return digest.hexdigest()
