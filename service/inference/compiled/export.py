"""Any torch module to ONNX. Brings torch in; only `refrain prepare` needs it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from service.errors import CompiledError


def export(
    module: torch.nn.Module,
    features: Mapping[str, torch.Tensor],
    outputs: Sequence[str],
    file: Path,
) -> None:
    """Writes ``module`` to ``file``, weights beside it, for any number and length of texts.

    ``module`` takes the ``features``, each of shape ``(texts, tokens)``, in their order, and
    returns one tensor for each name in ``outputs``. The example needs at least two texts and
    three tokens: a dimension of one would be taken for constant.

    Raises:
        CompiledError: torch cannot export the module.
    """
    free = torch.export.Dim.DYNAMIC
    try:
        with _quiet(), torch.inference_mode():
            program = torch.onnx.export(
                module.eval(),
                tuple(features.values()),
                dynamo=True,
                dynamic_shapes=(tuple({0: free, 1: free} for _ in features),),
                input_names=list(features),
                output_names=list(outputs),
                verbose=False,
            )
            if program is None:
                raise CompiledError("torch exported nothing.")
            program.save(file, external_data=True)
    except CompiledError:
        raise
    except Exception as error:  # the exporter fails in many ways; all mean the same
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CompiledError(f"torch cannot export the model: {reason}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter tells of its own deprecations, packages that it misses, and all that it does."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [log.level for log in loggers]
    try:
        for log in loggers:
            log.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, level in zip(loggers, levels, strict=True):
            log.setLevel(level)
