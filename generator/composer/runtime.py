"""The trained LSTM as a step function: takes one token in each of many rows, returns log-probabilities of the next ones."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from typing import Protocol

from generator.composer.arrays import BoolArray, Float32Array, Int32Array
from generator.composer.weights import Weights

LANES = 2  # on a CPU: the rows are divided among this many runtimes, each with its own thread and share of the processors


class Runtime(Protocol):
    """Holds the weights and the LSTM state of each row. The result for a row does not depend on the other rows."""

    def size(self, rows: int) -> int:
        """The smallest number of rows for which `step` can be called if at least `rows` are needed."""

    def step(self, inputs: Int32Array, begins: BoolArray) -> Float32Array:
        """Advances each row by one token and returns the log-probabilities of the next one, (rows, vocabulary).

        inputs: (rows, columns), see features.INPUTS; begins: (rows,) where a new tune begins, which resets the state. The
        number of rows must be one that `size` returns. The result is overwritten by the next step.
        """


def open_runtimes(weights: Weights, slots: int) -> list[Runtime]:
    """Runtimes for up to `slots` rows in total: one with TensorFlow if there is a GPU, else up to LANES with OpenVINO."""
    if _has_gpu():
        return [open_runtime(weights, slots)]
    from generator.composer.openvino_runtime import OpenVinoRuntime, first_layer

    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    lanes = min(LANES, processors, slots)
    lookup = first_layer(weights)
    return [OpenVinoRuntime(weights, -(-slots // lanes), threads=processors // lanes, lookup=lookup) for _ in range(lanes)]


def open_runtime(weights: Weights, slots: int) -> Runtime:
    """A single runtime for up to `slots` rows."""
    if _has_gpu():
        from generator.composer.tensorflow_runtime import TensorFlowRuntime

        return TensorFlowRuntime(weights, slots)
    from generator.composer.openvino_runtime import OpenVinoRuntime

    return OpenVinoRuntime(weights, slots)


def _has_gpu() -> bool:
    if not shutil.which("nvidia-smi") or not find_spec("tensorflow"):  # asked first: TensorFlow takes seconds to import
        return False
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))
