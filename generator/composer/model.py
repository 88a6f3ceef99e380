"""The LSTM: tokens, their place, and what stood there before → the next token.

inputs  (batch, time, columns): the columns of `tracker.INPUTS`, of which the model reads those that it has a width for
  → embeddings, side by side          (batch, time, their widths together)
  → LSTM × layers                     (batch, time, units)
  → logits over the vocabulary        (batch, time, vocabulary), to which what is counted adds its own:
                                      that no note is longer than what remains of the bar need not go through the LSTM
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from generator.composer.tracker import INPUTS
from generator.notation.tokens import VOCABULARY


@dataclass(frozen=True, slots=True)
class ModelConfig:
    units: int = 512
    layers: int = 2
    embedding: int = 192  # of a token
    place: int = 16  # of each thing that is counted: position, bar, what remains, notes as recalled; 0: the model is not told
    recall: int = 32  # of each recalled pitch and of each duration; 0: the model is not told
    dropout: float = 0.3  # between layers; a corpus of 0.7 M tokens overfits without
    vocabulary: int = len(VOCABULARY)
    columns: tuple[str, ...] = tuple(INPUTS)  # what of them the model is told, where it has a width
    # The token and the pitch before and what is counted also speak for or against each token by themselves, so many times as
    # loud as their weights, which so many times as fast learn a rule without exception; 0: they do not.
    direct: float = 8.0
    one_hot: bool = False  # the token as it is instead of a learnt embedding, and no dropout on it: folk-rnn's input

    def inputs(self) -> dict[str, tuple[int, int]]:
        """What the model reads: how many classes each has, and the width of its embedding."""
        token = self.vocabulary if self.one_hot else self.embedding
        widths = {"token": token, **dict.fromkeys(("pitch", "duration", "last"), self.recall)}
        classes = {name: size for name, size in (INPUTS | {"token": self.vocabulary}).items() if name in self.columns}
        found = {name: (size, widths.get(name.split("_")[0], self.place)) for name, size in classes.items()}
        return {name: (size, width) for name, (size, width) in found.items() if width}

    def counted(self) -> set[str]:
        """Those of its inputs that are numbers of the tune, not spelt: neither a token nor a pitch or duration."""
        return {name for name in self.inputs() if name.split("_")[0] not in ("token", "pitch", "duration", "last")}


def build(config: ModelConfig) -> keras.Model:
    """The model for training: whole tunes at once, each from an empty state."""
    inputs = keras.Input((None, None), dtype="int32", name="inputs")
    frozen = {"embeddings_initializer": "identity", "trainable": False} if config.one_hot else {}
    counted = config.counted()
    embedded, direct = [], []
    for name, (classes, width) in config.inputs().items():
        column = inputs[:, :, list(INPUTS).index(name)]
        x = keras.layers.Embedding(classes, width, name=f"{name}_embedding", **frozen)(column)
        if config.direct and (name in counted or name in ("token", "last")):
            table = keras.layers.Embedding(classes, config.vocabulary, "zeros", name=f"{name}_direct", dtype="float32")
            direct.append(table(column))
        if not (name in counted or (name == "token" and config.one_hot)):  # what is counted stays exact
            x = keras.layers.Dropout(config.dropout)(x)
        embedded.append(x)
    x = keras.layers.Concatenate(name="embedded")(embedded) if len(embedded) > 1 else embedded[0]
    for layer in range(config.layers):
        x = keras.layers.Dropout(config.dropout)(x) if layer else x
        x = HoistedLSTM(config.units, return_sequences=True, name=f"lstm_{layer}")(x)  # (batch, time, units)
    x = keras.layers.Dropout(config.dropout)(x)
    logits = keras.layers.Dense(config.vocabulary, dtype="float32", name="logits")(x)  # (batch, time, vocabulary)
    if direct:
        spoken = keras.layers.Add(name="direct", dtype="float32")(direct) if len(direct) > 1 else direct[0]
        spoken = keras.layers.Rescaling(config.direct, name="direct_gain", dtype="float32")(spoken)
        logits = keras.layers.Add(name="directed_logits", dtype="float32")([logits, spoken])
    return keras.Model(inputs, logits, name="tunesmith")


@keras.saving.register_keras_serializable("tunesmith")
class HoistedLSTM(keras.layers.LSTM):  # type: ignore[misc]  # keras is untyped
    """Keras' LSTM, with the same weights and the same gradients, computed faster on a CPU.

    What does not depend on the step before is done for all steps in one matrix product: the input's projection before
    the loop, the recurrent weights' gradient after it. With a GPU Keras' own layer (cuDNN's kernel) is used.
    """

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        if initial_state is not None or mask is not None or tf.config.list_physical_devices("GPU"):
            return super().call(sequences, initial_state=initial_state, mask=mask, training=training)
        cell = self.cell
        low = self.compute_dtype  # of the matrix products; states and gates stay in float32
        x = tf.transpose(tf.cast(sequences, low), (1, 0, 2))  # (time, batch, features): each step's rows lie together
        projected = tf.tensordot(x, tf.cast(cell.kernel, low), 1)  # (time, batch, 4 · units)
        projected = tf.cast(projected, tf.float32) + tf.cast(cell.bias, tf.float32)
        outputs = _recur(projected, tf.cast(cell.recurrent_kernel, low))  # (time, batch, units)
        outputs = tf.cast(outputs, low)
        return tf.transpose(outputs, (1, 0, 2)) if self.return_sequences else outputs[-1]


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _recur(projected: Any, weights: Any) -> Any:
    """The loop over time. projected: (time, batch, 4 · units), weights: (units, 4 · units) → (time, batch, units)."""
    time, batch = tf.shape(projected)[0], tf.shape(projected)[1]
    units = weights.shape[0]
    low = weights.dtype

    def array() -> Any:
        return tf.TensorArray(tf.float32, time, element_shape=(None, None))

    def times(rows: Any, matrix: Any) -> Any:
        return tf.cast(tf.matmul(tf.cast(rows, low), matrix), tf.float32)

    def forward(t: Any, h: Any, c: Any, gates: Any, cells: Any, hidden: Any) -> Any:
        z = projected[t] + times(h, weights)  # (batch, 4 · units)
        i, f, g, o = tf.split(z, 4, axis=1)
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        c = f * c + i * g
        h = o * tf.tanh(c)
        return t + 1, h, c, gates.write(t, tf.concat([i, f, g, o], 1)), cells.write(t, c), hidden.write(t, h)

    zero = tf.zeros((batch, units))
    _, _, _, gates, cells, hidden = tf.while_loop(
        lambda t, *_: t < time, forward, (0, zero, zero, array(), array(), array()), parallel_iterations=1
    )
    gates, cells, hidden = gates.stack(), cells.stack(), hidden.stack()

    def gradient(upstream: Any) -> Any:
        earlier_cells = tf.concat([zero[None], cells[:-1]], 0)
        earlier_hidden = tf.concat([zero[None], hidden[:-1]], 0)  # (time, batch, units)
        transposed = tf.transpose(weights)

        def backward(t: Any, dh: Any, dc: Any, dzs: Any) -> Any:
            i, f, g, o = tf.split(gates[t], 4, axis=1)
            dh = dh + upstream[t]
            squashed = tf.tanh(cells[t])
            dc = dc + dh * o * (1 - squashed * squashed)
            dz = tf.concat(
                [
                    dc * g * i * (1 - i),
                    dc * earlier_cells[t] * f * (1 - f),
                    dc * i * (1 - g * g),
                    dh * squashed * o * (1 - o),
                ],
                1,
            )  # (batch, 4 · units)
            return t - 1, times(dz, transposed), dc * f, dzs.write(t, dz)

        _, _, _, dzs = tf.while_loop(lambda t, *_: t >= 0, backward, (time - 1, zero, zero, array()), parallel_iterations=1)
        dz = dzs.stack()  # (time, batch, 4 · units)
        rows = tf.cast(tf.reshape(earlier_hidden, (-1, units)), low)
        return dz, tf.matmul(rows, tf.cast(tf.reshape(dz, (-1, 4 * units)), low), transpose_a=True)

    return hidden, gradient
