"""A transformer in the place of the LSTM layers: a baseline, which can be trained and measured but not composed with.

As in GPT-2: before each part of a block its input is normalized (Radford et al., 2019). Positions are sines (Vaswani et al.,
2017), so that a tune can be longer than those in training.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

LONGEST_WAVE = 10_000  # tokens, of the slowest sine


def transformer_layers(x: tf.Tensor, *, units: int, layers: int, heads: int, dropout: float) -> tf.Tensor:
    """(batch, time, width) → (batch, time, units). A position sees itself and those before it."""
    x = keras.layers.Dense(units, name="projection")(x)  # (batch, time, units)
    x = keras.layers.Dropout(dropout)(Positions(name="positions")(x))
    for layer in range(layers):
        name = f"block_{layer}"
        y = keras.layers.LayerNormalization(name=f"{name}_attention_norm")(x)
        attention = keras.layers.MultiHeadAttention(heads, units // heads, dropout=dropout, name=f"{name}_attention")
        x = keras.layers.Add()([x, keras.layers.Dropout(dropout)(attention(y, y, use_causal_mask=True))])
        y = keras.layers.LayerNormalization(name=f"{name}_dense_norm")(x)
        y = keras.layers.Dense(4 * units, "gelu", name=f"{name}_dense")(y)  # (batch, time, 4 · units)
        y = keras.layers.Dense(units, name=f"{name}_output")(y)
        x = keras.layers.Add()([x, keras.layers.Dropout(dropout)(y)])
    return keras.layers.LayerNormalization(name="norm")(x)


@keras.saving.register_keras_serializable("tunesmith")
class Positions(keras.layers.Layer):  # type: ignore[misc]  # keras is untyped
    """Adds sines of the position, from one step to LONGEST_WAVE steps long."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """x: (batch, time, units) → the same shape."""
        units = x.shape[-1]
        rates = LONGEST_WAVE ** -(np.arange(0, units, 2, dtype=np.float32) / units)  # radians in a step
        angles = tf.range(tf.shape(x)[1], dtype=tf.float32)[:, None] * rates  # (time, units / 2)
        waves = tf.concat([tf.sin(angles), tf.cos(angles)], 1)[:, :units]  # (time, units)
        return x + tf.cast(waves, x.dtype)
