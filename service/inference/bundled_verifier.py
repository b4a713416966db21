"""The bundled verifier: its weights, its torch original and its compiled twin."""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.errors import CompiledError, EncoderError
from service.inference import bundled
from service.inference.compiled.cache import CompiledFolder, Current, this_machine
from service.inference.grouping import groups
from service.inference.pair_tokens import PairTokens, padded
from service.inference.verifier import LogProbabilities, Verifier, log_softmax

NAME = "refrain-pairs"
WEIGHTS = Path(__file__).parent / "weights" / "verifier.safetensors"
ROLE = "verifier"

_TOKENIZER = "tokenizer.json"
_OUTPUT = "logits"
_INPUTS = ("query", "query_mask", "wording", "wording_mask")
_LARGEST_BATCH = 32
_OVERHEAD = 6
_LARGEST_DIFFERENCE = 0.01

Run = Callable[[Mapping[str, NDArray[Any]]], NDArray[np.float32]]

log = logging.getLogger(__name__)


def fingerprint() -> str:
    """Tells the shipped weights from others, with the embeddings below them.

    Raises:
        EncoderError: the weights are missing, or are not those that were shipped.
    """
    recorded = WEIGHTS.with_suffix(".sha256")
    try:
        expected = recorded.read_text("ascii").split()[0]
    except (OSError, IndexError) as error:
        raise EncoderError(f"The verifier's checksum cannot be read: {error}") from error
    bundled.verify(WEIGHTS, expected)
    return hashlib.sha256(f"{expected} {bundled.WEIGHTS_SHA256}".encode()).hexdigest()


class PairVerifier:
    """Implements ``Verifier`` by a function from padded tokens to logits."""

    name = NAME

    def __init__(self, digest: str, tokens: PairTokens, run: Run) -> None:
        self.fingerprint = digest
        self._tokens, self._run = tokens, run

    def verify(self, pairs: Sequence[tuple[str, str]]) -> LogProbabilities:
        """See ``Verifier``. Pairs of like length are read together, so that little is padded."""
        logits = np.zeros((len(pairs), 3), np.float32)
        if not pairs:
            return logits
        queries = self._tokens.of([query for query, _ in pairs])
        wordings = self._tokens.of([wording for _, wording in pairs])
        sizes = [len(one) + len(other) for one, other in zip(queries, wordings, strict=True)]
        for places in groups(sizes, overhead=_OVERHEAD, largest=_LARGEST_BATCH):
            query, query_mask = padded([queries[place] for place in places])
            wording, wording_mask = padded([wordings[place] for place in places])
            values = (query, query_mask, wording, wording_mask)
            logits[list(places)] = self._run(dict(zip(_INPUTS, values, strict=True)))
        return log_softmax(logits)


def load_verifier(data_dir: Path) -> Verifier:
    """The verifier as a worker runs it: compiled where that was prepared, else by torch.

    Raises:
        EncoderError: its weights are missing or damaged.
    """
    digest = fingerprint()
    try:
        return _open(digest, CompiledFolder(data_dir, ROLE), verify=False)
    except CompiledError as error:
        log.info("The verifier runs on torch: %s", error)
        return original(digest)


def prepare_verifier(data_dir: Path, tell: Callable[[str], None]) -> Verifier:
    """As ``load_verifier``, and compiles first where that is missing or does not fit."""
    digest = fingerprint()
    folder = CompiledFolder(data_dir, ROLE)
    wanted = Current({"name": NAME}, digest, this_machine(), digest)
    known = folder.current()
    if known == wanted:
        try:
            return _open(digest, folder, verify=True)
        except CompiledError as error:
            tell(f"The verifier is compiled anew: {error}")
    elif known is not None and known.refused and known.stamp == digest:
        return original(digest)
    tell("Compiling the verifier, once.")
    try:
        folder.write(digest, lambda aside: _compile(digest, aside))
        folder.note(wanted)
        return _open(digest, folder, verify=False)
    except CompiledError as error:
        tell(f"Warning: the verifier runs uncompiled, which is slower. {error}")
        folder.note(Current(wanted.choice, digest, wanted.machine, digest, str(error)))
        return original(digest)


def original(digest: str, weights: Path = WEIGHTS) -> PairVerifier:
    """The verifier on torch."""
    import torch

    from service.inference.pair_model import load

    model = load(weights)

    def run(feeds: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        with torch.inference_mode():
            found = model(*(torch.from_numpy(feeds[name]) for name in _INPUTS))
        rows: NDArray[np.float32] = found.numpy()
        return rows

    return PairVerifier(digest, PairTokens(bundled.model_folder() / _TOKENIZER), run)


def _open(digest: str, folder: CompiledFolder, *, verify: bool) -> PairVerifier:
    from service.inference.compiled.session import Session

    known = folder.current()
    if known is None or known.fingerprint != digest or known.machine != this_machine():
        raise CompiledError("It is not compiled for this machine yet.")
    if known.refused is not None:
        raise CompiledError(known.refused)
    place, _ = folder.read(digest, verify=verify)
    session = Session(place)
    return PairVerifier(
        digest, PairTokens(place / _TOKENIZER), lambda feeds: session.run([_OUTPUT], feeds)[0]
    )


def _compile(digest: str, folder: Path) -> Mapping[str, Any]:
    """Writes the compiled twin and checks it against the original. Raises CompiledError."""
    import torch

    from service.inference.compiled.export import export
    from service.inference.compiled.session import Session, optimise
    from service.inference.pair_model import PairModel, load

    class _Positional(torch.nn.Module):
        """The model as the exporter asks for it: a function of any number of tensors."""

        def __init__(self, model: PairModel) -> None:
            super().__init__()
            self.model = model

        def forward(self, *features: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.model(*features)
            return logits

    example = {
        "query": torch.ones(2, 5, dtype=torch.long),
        "query_mask": torch.ones(2, 5, dtype=torch.bool),
        "wording": torch.ones(2, 7, dtype=torch.long),
        "wording_mask": torch.ones(2, 7, dtype=torch.bool),
    }
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="making-") as scratch:
        exported = Path(scratch) / "exported.onnx"
        export(_Positional(load(WEIGHTS)), example, (_OUTPUT,), exported)
        optimise(exported, folder)
    shutil.copyfile(bundled.model_folder() / _TOKENIZER, folder / _TOKENIZER)
    session = Session(folder)
    tokens = PairTokens(folder / _TOKENIZER)
    twin = PairVerifier(digest, tokens, lambda feeds: session.run([_OUTPUT], feeds)[0])
    difference = float(np.abs(twin.verify(PROBES) - original(digest).verify(PROBES)).max())
    if not difference <= _LARGEST_DIFFERENCE:
        raise CompiledError(f"It differs from the original by {difference:.4f}.")
    return {"largest_difference": difference}


PROBES = (
    ("No.", "Western peacekeepers will occupy Ukraine."),
    ("The minister denied that peacekeepers would occupy Ukraine.", "Peacekeepers to occupy it"),
    ("Миротворцы Запада оккупируют Украину.", "Под видом миротворцев Запад займёт Украину."),
    ("word " * 300, "word " * 300),
    ("🇺🇦", "1,234.56 €"),
)
"""Pairs of many lengths and scripts, on which the compiled twin is compared."""
