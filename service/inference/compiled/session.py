"""ONNX Runtime, set up for a process that has one core to itself and many neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from service.errors import CompiledError

MODEL, WEIGHTS = "model.onnx", "model.data"

_KEEP_INSIDE = 1024
"""Bytes up to which a constant stays in the graph's own file."""

Feeds = Mapping[str, NDArray[Any]]


class Session:
    """A compiled model, ready to run. Safe to use from several threads."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Maps the model in ``folder``, which ``optimise`` wrote.

        Raises:
            CompiledError: it cannot be run.
        """
        options = _options(threads)
        # it was optimised when it was written
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        self._session = _open(folder / MODEL, options)
        self.inputs: tuple[str, ...] = tuple(each.name for each in self._session.get_inputs())

    def run(self, outputs: Sequence[str], feeds: Feeds) -> list[NDArray[np.float32]]:
        """The outputs named, for one batch; what is not named costs nothing to hand over."""
        found: list[NDArray[np.float32]] = self._session.run(list(outputs), dict(feeds))
        return found


def optimise(exported: Path, folder: Path) -> None:
    """Writes an exported model into ``folder`` as ``Session`` wants it.

    The weights are laid out for this processor and kept in a file of their own that is mapped, so
    that all workers share one copy: of 103 MB resident per worker 30 MB are its own (bundled
    encoder, AMD EPYC), where a model read the usual way has 125 MB of its own. On another kind of
    processor ``Session`` raises, since ONNX Runtime compares the layouts.

    Raises:
        CompiledError: ONNX Runtime does not take the model.
    """
    options = _options(threads=1)
    # EXTENDED, since ALL adds only layouts for convolutions
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(folder / MODEL)
    for name, value in {
        "session.optimized_model_external_initializers_file_name": WEIGHTS,
        "session.optimized_model_external_initializers_min_size_in_bytes": str(_KEEP_INSIDE),
        "session.save_external_prepacked_constant_initializers": "1",
    }.items():
        options.add_session_config_entry(name, value)
    _open(exported, options)


def _options(threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    # Runs are small (grouping.py), so what the arena keeps of them stays small too: after texts of
    # mixed lengths from 32 threads a process had 86 MB of its own, and 168 MB with malloc, which
    # keeps an arena for each thread. The weights stay out of it, since there they would be copied.
    options.enable_cpu_mem_arena = True
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    # a plan of memory for each shape: ours are never the same
    options.enable_mem_pattern = False
    # threads that wait for work must not burn the cores of the other workers
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options


def _open(model: Path, options: Any) -> Any:
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # each of its faults has a class of its own; all mean the same
        raise CompiledError(f"ONNX Runtime cannot run the model: {error}") from error
