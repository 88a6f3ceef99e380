"""The step loop of the MIT 6.S191 lab, with Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.bench.network import Network


class EagerLoop:
    """See loops.Loop. A stateful Keras model, called eagerly for each step, as in the MIT 6.S191 lab."""

    def __init__(self, network: Network, rows: int, form: str, precision: str, *, sample: bool = True) -> None:
        import keras
        import tensorflow as tf

        self._tf, self._sample = tf, sample
        self.inputs = np.zeros((rows, len(network.embeddings)), np.int32)
        inputs = keras.Input(batch_shape=(rows, 1, *self.inputs.shape[1:]), dtype="int32")

        def with_weights(layer: Any, x: Any, *arrays: Any) -> Any:
            y = layer(x)
            layer.set_weights(arrays)
            return y

        columns = [inputs[:, :, index] for index in range(len(network.embeddings))]  # (rows, 1) each
        embedded = [
            with_weights(keras.layers.Embedding(*table.shape), column, table)
            for column, table in zip(columns, network.embeddings, strict=True)
        ]
        x = keras.layers.Concatenate()(embedded) if len(embedded) > 1 else embedded[0]
        for weights in zip(network.kernels, network.recurrent, network.biases, strict=True):
            x = with_weights(keras.layers.LSTM(network.units, return_sequences=True, stateful=True), x, *weights)
        logits = with_weights(keras.layers.Dense(network.vocabulary), x, *network.out)
        for index, table in network.skip.items():
            logits += with_weights(keras.layers.Embedding(*table.shape), columns[index], table)
        self._model = keras.Model(inputs, logits)

    def step(self) -> NDArray[Any]:
        tf = self._tf
        inputs = tf.expand_dims(self.inputs, 1)  # (rows, 1, columns)
        logits = tf.squeeze(self._model(inputs), 1)  # (rows, vocabulary)
        if not self._sample:
            return np.asarray(logits)
        drawn: NDArray[Any] = tf.random.categorical(logits, num_samples=1)[:, 0].numpy()
        self.inputs[:, 0] = drawn
        return drawn
