"""The step loops that the composer is compared with: an LSTM without a grammar, as fast as each library runs it.

A step advances every row by one token, drawn at temperature 1. The features beside the token stay constant, so that they
cost only their lookup.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from generator.bench.keras_loop import EagerLoop
from generator.bench.network import Network
from generator.bench.onnx_loop import OnnxLoop
from generator.bench.openvino_loop import OpenVinoLoop
from generator.bench.torch_loop import TorchLoop


class Loop(Protocol):
    """A network with its state for each row."""

    inputs: NDArray[np.int32]  # (rows, columns) what the next step reads

    def step(self) -> NDArray[Any]:
        """Draws the next tokens, (rows,), and writes them to the first column of `inputs`. Without `sample` it returns the
        logits, (rows, vocabulary), and draws nothing.
        """


class MakeLoop(Protocol):
    """Makes a loop. form, precision: one of those in composer.CONTENDERS."""

    def __call__(self, network: Network, rows: int, form: str, precision: str, *, sample: bool = True) -> Loop: ...


LOOPS: dict[str, MakeLoop] = {"eager": EagerLoop, "onnx": OnnxLoop, "openvino": OpenVinoLoop, "pytorch": TorchLoop}
