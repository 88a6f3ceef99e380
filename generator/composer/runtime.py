"""The trained LSTM as a step function: takes one token in each of many rows, returns log-probabilities of the next ones."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from typing import Protocol

from generator.composer.arrays import BoolArray, Float32Array, Int32Array
from generator.composer.batch import Batch
from generator.composer.integer_product import TILE
from generator.composer.weights import Weights


class Runtime(Protocol):
    """Holds the weights and the LSTM state of each row. The result for a row does not depend on the other rows."""

    def step(self, inputs: Int32Array, begins: BoolArray) -> Float32Array:
        """Advances each row by one token and returns the log-probabilities of the next one, (rows, vocabulary).

        inputs: (rows, columns), see features.INPUTS; begins: (rows,) where a new tune begins, which resets the state. The
        result is overwritten by the next step.
        """

    def advance(self, batch: Batch, begins: BoolArray, active: BoolArray) -> None:
        """Advances the active rows of a batch by a few tokens: until a tune ends, or until its listeners should hear of it.

        begins: (rows,) where a new tune begins; it is cleared
        """


def open_runtimes(weights: Weights, slots: int) -> list[Runtime]:
    """Runtimes for up to `slots` rows in total, each for a thread: one if there is a GPU, else one for each processor."""
    if _has_gpu():
        return [open_runtime(weights, slots)]
    from generator.composer.cpu_runtime import CpuRuntime
    from generator.composer.network import make_network

    lanes = min(processors(), -(-slots // TILE))
    network = make_network(weights)
    return [CpuRuntime(weights, -(-slots // lanes), network=network) for _ in range(lanes)]


def open_runtime(weights: Weights, slots: int) -> Runtime:
    """A single runtime for up to `slots` rows."""
    if _has_gpu():
        from generator.composer.tensorflow_runtime import TensorFlowRuntime

        return TensorFlowRuntime(weights, slots)
    from generator.composer.cpu_runtime import CpuRuntime

    return CpuRuntime(weights, slots)


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _has_gpu() -> bool:
    if not shutil.which("nvidia-smi") or not find_spec("tensorflow"):  # asked first: TensorFlow takes seconds to import
        return False
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))
