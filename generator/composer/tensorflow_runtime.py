"""The step function on a GPU, with TensorFlow. It always computes all rows, so a result never depends on how many are used."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from generator.composer.arrays import BoolArray, Float32Array, Int32Array
from generator.composer.batch import Batch
from generator.composer.weights import Weights, first_tables, skip_tables


class TensorFlowRuntime:
    """See runtime.Runtime."""

    def __init__(self, weights: Weights, slots: int) -> None:
        self.slots = slots
        self.layers = int(weights.card["model"]["layers"])
        self.units = int(weights.card["model"]["units"])
        arrays = weights.arrays
        # column → (classes, 4 · units)
        self._tables = {column: tf.constant(table) for column, table in first_tables(weights).items()}
        self.columns = max(self._tables) + 1  # of the inputs: further ones are not read
        self._kernels = [tf.constant(arrays[f"lstm_{layer}/kernel"]) for layer in range(self.layers)]
        self._recurrent = [tf.constant(arrays[f"lstm_{layer}/recurrent_kernel"]) for layer in range(self.layers)]
        self._biases = [tf.constant(arrays[f"lstm_{layer}/bias"]) for layer in range(self.layers)]
        self._out = tf.constant(arrays["logits/kernel"]), tf.constant(arrays["logits/bias"])
        # column → (classes, vocabulary)
        self._skip = {column: tf.constant(table) for column, table in skip_tables(weights).items()}
        self._state = tf.zeros((self.layers, 2, slots, self.units))
        row = tf.TensorSpec((slots, self.columns), tf.int32)
        keep = tf.TensorSpec((slots, 1), tf.float32)
        state = tf.TensorSpec((self.layers, 2, slots, self.units), tf.float32)
        self._graph = tf.function(self._step, input_signature=[row, keep, state])
        # Traces now rather than during the first request.
        self.step(np.zeros((slots, self.columns), np.int32), np.zeros(slots, np.bool_))

    def step(self, inputs: Int32Array, begins: BoolArray) -> Float32Array:
        keep = (~begins)[:, None].astype(np.float32)  # (slots, 1)
        log_probs, self._state = self._graph(inputs[:, : self.columns], keep, self._state)
        result: Float32Array = log_probs.numpy()
        return result

    def advance(self, batch: Batch, begins: BoolArray, active: BoolArray) -> None:
        log_probs = self.step(batch.inputs, begins)
        begins[:] = False
        batch.advance(log_probs, active)

    def _step(self, inputs: tf.Tensor, keep: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """inputs: (slots, columns), keep: (slots, 1), state: (layers, 2, slots, units) → log-probabilities, new state"""
        z = sum(tf.gather(table, inputs[:, column]) for column, table in self._tables.items())  # (slots, 4 · units)
        states, x = [], None
        for layer in range(self.layers):
            h, c = state[layer, 0] * keep, state[layer, 1] * keep  # (slots, units)
            if layer:
                z = tf.matmul(x, self._kernels[layer])  # (slots, 4 · units)
            z = z + tf.matmul(h, self._recurrent[layer]) + self._biases[layer]
            i, f, g, o = tf.split(z, 4, axis=1)  # (slots, units) each: input, forget, candidate and output gate
            c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
            x = tf.sigmoid(o) * tf.tanh(c)
            states.append(tf.stack([x, c]))
        kernel, bias = self._out
        logits = tf.matmul(x, kernel) + bias  # (slots, vocabulary)
        for column, table in self._skip.items():
            logits += tf.gather(table, inputs[:, column])
        return tf.nn.log_softmax(logits), tf.stack(states)
