"""Chooses how the encoder is run: compiled where that was prepared and fits, else by torch.

torch is imported only where it is needed: that takes seconds, and hundreds of megabytes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from service.errors import CompiledError, EncoderError
from service.inference import bundled
from service.inference.choice import BUNDLED, EncoderChoice
from service.inference.compiled.cache import CompiledFolder, Current, stamp, this_machine
from service.inference.protocol import Encoder

if TYPE_CHECKING:
    from service.inference.torch_encoder import TorchEncoder

Runtime = Literal["auto", "torch", "compiled"]

ROLE = "encoder"

log = logging.getLogger(__name__)


def load_encoder(
    choice: EncoderChoice, data_dir: Path, runtime: Runtime = "auto", threads: int = 1
) -> Encoder:
    """The encoder as a worker runs it: compiled, where ``prepare_encoder`` left one that fits.

    Raises:
        EncoderError: there is no such model; or, with ``compiled``, no compiled one that fits.
    """
    if runtime != "torch":
        try:
            return _open(choice, CompiledFolder(data_dir, ROLE), verify=False, threads=threads)
        except CompiledError as error:
            if runtime == "compiled":
                raise EncoderError(f"REFRAIN_ENCODER_RUNTIME=compiled: {error}") from error
            log.info("The encoder runs on torch: %s", error)
    return _original(choice, threads)


def prepare_encoder(
    choice: EncoderChoice,
    data_dir: Path,
    tell: Callable[[str], None],
    runtime: Runtime = "auto",
    *,
    rebuild: bool = False,
    threads: int = 1,
) -> Encoder:
    """As ``load_encoder``, and compiles first where that is missing; only one process at a time.

    Every byte of a compiled encoder is checked. What is damaged, was made on another machine, or
    for another state of the model, is made anew. A model that has its name from a hub stays as it
    was until ``rebuild`` asks the hub again. ``tell`` is given lines for people.

    Raises:
        EncoderError: there is no such model; or, with ``compiled``, it cannot be compiled.
    """
    if runtime == "torch":
        return _original(choice, threads)
    folder = CompiledFolder(data_dir, ROLE)
    known = folder.current()
    asked_again = rebuild and known is not None and not known.stamp
    if known is not None and _fits(known, choice) and not asked_again:
        if known.refused is not None and runtime == "auto":
            return _original(choice, threads)
        try:
            return _open(choice, folder, verify=True, threads=threads)
        except CompiledError as error:
            if known.refused is None:
                tell(f"The encoder is compiled anew: {error}")
    original = _original(choice, threads)
    refused = _compile(original, folder, tell)
    folder.note(_current(choice, original.fingerprint, refused))
    if refused is None:
        return _open(choice, folder, verify=False, threads=threads)
    if runtime == "compiled":
        raise EncoderError(f"REFRAIN_ENCODER_RUNTIME=compiled: {refused}")
    return original


def _compile(
    original: TorchEncoder, folder: CompiledFolder, tell: Callable[[str], None]
) -> str | None:
    """Compiles; returns why the original is to be used instead, or None."""
    from service.inference.compiled.compiling import compile_encoder

    if original.device != "cpu":
        return f"The encoder runs on {original.device}."
    tell(f"Compiling {original.name}, once: about a quarter of a minute.")
    try:
        folder.write(original.fingerprint, lambda aside: compile_encoder(original, aside))
    except CompiledError as error:
        tell(f"Warning: {original.name} runs uncompiled, which is slower. {error}")
        return str(error)
    return None


def _open(choice: EncoderChoice, folder: CompiledFolder, *, verify: bool, threads: int) -> Encoder:
    known = folder.current()
    if known is None:
        raise CompiledError("It is not compiled yet.")
    if not _fits(known, choice):
        raise CompiledError("It was compiled for another model, or on another machine.")
    if known.refused is not None:
        raise CompiledError(known.refused)
    from service.inference.compiled.encoder import CompiledEncoder

    place, facts = folder.read(known.fingerprint, verify=verify)
    return CompiledEncoder(place, facts, threads)


def _original(choice: EncoderChoice, threads: int) -> TorchEncoder:
    from service.inference.torch_encoder import TorchEncoder

    return TorchEncoder(choice, threads)


def _fits(known: Current, choice: EncoderChoice) -> bool:
    return known == _current(choice, known.fingerprint, known.refused)


def _current(choice: EncoderChoice, fingerprint: str, refused: str | None) -> Current:
    languages = None if choice.languages is None else sorted(choice.languages)
    model = bundled.stamp() if choice.name == BUNDLED else stamp(Path(choice.name))
    return Current(
        choice={**asdict(choice), "languages": languages},
        stamp=model,
        machine=this_machine(),
        fingerprint=fingerprint,
        refused=refused,
    )
