"""The trained LSTM as a step function: one token in, the next one's log-likelihoods out, for many rows at once."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from generator.composer.weights import Weights


class Runtime(Protocol):
    """Holds the weights and each row's LSTM state. What a row computes does not depend on the other rows."""

    def size(self, rows: int) -> int:
        """How many rows are computed when so many are needed."""

    def step(self, inputs: NDArray[np.int32], begins: NDArray[np.bool_]) -> NDArray[np.float32]:
        """inputs: (rows, columns) as features.INPUTS has them; begins: (rows,) where a new tune starts → the
        tokens' log-likelihoods (rows, vocabulary), until the next step. The number of rows is one that `size` gives."""


LANES = 2  # on a CPU: rows are parted among as many runtimes, each with its own thread and its share of the processors


def open_runtimes(weights: Weights, slots: int) -> list[Runtime]:
    """For up to so many rows together: TensorFlow on a GPU, OpenVINO elsewhere."""
    if _has_gpu():
        return [open_runtime(weights, slots)]
    from generator.composer.openvino_runtime import OpenVinoRuntime, first_layer

    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    lanes = min(LANES, processors, slots)
    lookup = first_layer(weights)
    return [OpenVinoRuntime(weights, -(-slots // lanes), threads=processors // lanes, lookup=lookup) for _ in range(lanes)]


def open_runtime(weights: Weights, slots: int) -> Runtime:
    """One for all rows."""
    if _has_gpu():
        from generator.composer.tensorflow_runtime import TensorFlowRuntime

        return TensorFlowRuntime(weights, slots)
    from generator.composer.openvino_runtime import OpenVinoRuntime

    return OpenVinoRuntime(weights, slots)


def _has_gpu() -> bool:
    if not shutil.which("nvidia-smi") or not find_spec("tensorflow"):  # TensorFlow takes seconds to load
        return False
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))
