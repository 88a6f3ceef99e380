"""The step function on a GPU, by TensorFlow. The number of rows never changes, so none depends on how busy the others are."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from generator.composer.weights import Weights, first_tables, skip_tables


class TensorFlowRuntime:
    """See runtime.Runtime."""

    def __init__(self, weights: Weights, slots: int) -> None:
        self.slots = slots
        self.layers = int(weights.card["model"]["layers"])
        self.units = int(weights.card["model"]["units"])
        arrays = weights.arrays
        self._tables = {
            column: tf.constant(table) for column, table in first_tables(weights).items()
        }  # (classes, 4 · units) each
        self.columns = max(self._tables) + 1  # of the input that are needed
        self._kernels = [tf.constant(arrays[f"lstm_{layer}/kernel"]) for layer in range(self.layers)]
        self._recurrent = [tf.constant(arrays[f"lstm_{layer}/recurrent_kernel"]) for layer in range(self.layers)]
        self._biases = [tf.constant(arrays[f"lstm_{layer}/bias"]) for layer in range(self.layers)]
        self._out = tf.constant(arrays["logits/kernel"]), tf.constant(arrays["logits/bias"])
        self._skip = {column: tf.constant(table) for column, table in skip_tables(weights).items()}
        self._state = tf.zeros((self.layers, 2, slots, self.units))
        row = tf.TensorSpec((slots, self.columns), tf.int32)
        keep = tf.TensorSpec((slots, 1), tf.float32)
        state = tf.TensorSpec((self.layers, 2, slots, self.units), tf.float32)
        self._graph = tf.function(self._step, input_signature=[row, keep, state])
        self.step(np.zeros((slots, self.columns), np.int32), np.zeros(slots, np.bool_))  # traced now, not under the first request

    def size(self, rows: int) -> int:
        return self.slots

    def step(self, inputs: NDArray[np.int32], begins: NDArray[np.bool_]) -> NDArray[np.float32]:
        keep = (~begins)[:, None].astype(np.float32)
        logs, self._state = self._graph(inputs[:, : self.columns], keep, self._state)
        result: NDArray[np.float32] = logs.numpy()
        return result

    def _step(self, inputs: Any, keep: Any, state: Any) -> tuple[Any, Any]:
        z = sum(tf.gather(table, inputs[:, column]) for column, table in self._tables.items())  # (slots, 4 · units)
        states, x = [], None
        for layer in range(self.layers):
            h, c = state[layer, 0] * keep, state[layer, 1] * keep  # (slots, units)
            if layer:
                z = tf.matmul(x, self._kernels[layer])
            z = z + tf.matmul(h, self._recurrent[layer]) + self._biases[layer]
            i, f, g, o = tf.split(z, 4, axis=1)
            c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
            x = tf.sigmoid(o) * tf.tanh(c)
            states.append(tf.stack([x, c]))
        kernel, bias = self._out
        logits = tf.matmul(x, kernel) + bias
        for column, table in self._skip.items():
            logits += tf.gather(table, inputs[:, column])
        return tf.nn.log_softmax(logits), tf.stack(states)
