"""The LSTM as a Keras model: from the token and its features at each step to the logits of the next token.

    inputs (batch, time, columns)             the columns of `features.INPUTS`; the model reads those that have a width
      → embeddings, concatenated              (batch, time, sum of the widths)
      → LSTM layers                           (batch, time, units)
      → dense layer                           (batch, time, vocabulary)
      + scaled skip connection from inputs    (batch, time, vocabulary)

The skip connection adds one learnt logit per class of an input and token. A rule such as "no note is longer than what
remains of the bar" then need not pass through the LSTM.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from generator.composer.features import INPUTS, TOKEN_FEATURES
from generator.composer.transformer import transformer_layers
from generator.notation.tokens import VOCABULARY


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The size of the model and what it reads. The defaults are those of the shipped model but for the dropout."""

    units: int = 512  # of each LSTM layer
    layers: int = 2
    heads: int = 0  # of attention: with heads the layers are a transformer's, which is a baseline (see transformer); 0: LSTM
    embedding: int = 192  # width of a token's embedding
    feature_width: int = 16  # width of each numeric feature's embedding (position, bar, remaining ticks …); 0: not read
    recall_width: int = 32  # width of each recalled pitch's, each recalled duration's and the last pitch's; 0: not read
    dropout: float = 0.3  # between layers; without it a corpus of 0.7 M tokens overfits
    weight_dropout: float = 0.0  # share of the LSTM's recurrent weights that are 0 in a training step (Merity et al. 2018)
    vocabulary: int = len(VOCABULARY)
    columns: tuple[str, ...] = tuple(INPUTS)  # names of the inputs that the model reads, if they have a width
    # Gain of the scaled skip connection from the inputs (see skipped_inputs) to the logits. A larger gain learns hard rules
    # faster. 0: no skip connection.
    skip_gain: float = 8.0
    one_hot: bool = False  # the token as a one-hot vector without dropout instead of a learnt embedding, as in folk-rnn

    def inputs(self) -> dict[str, tuple[int, int]]:
        """What the model reads: name → (number of classes, width of the embedding)."""
        token_width = self.vocabulary if self.one_hot else self.embedding
        widths = {"token": token_width, **dict.fromkeys(TOKEN_FEATURES, self.recall_width)}
        classes = {name: size for name, size in (INPUTS | {"token": self.vocabulary}).items() if name in self.columns}
        sizes = {name: (size, widths.get(name, self.feature_width)) for name, size in classes.items()}
        return {name: (size, width) for name, (size, width) in sizes.items() if width}

    def skipped_inputs(self) -> set[str]:
        """The inputs with a skip connection: the token, the last pitch, what is to return, and all numbers."""
        expected = {"token", "last_pitch", "pitch_return", "duration_return", "pitch_ahead"}
        return self.numeric_inputs() | (expected & set(self.inputs()))

    def numeric_inputs(self) -> set[str]:
        """The inputs that are numbers, such as positions and counts: neither a token, a pitch nor a duration."""
        return {name for name in self.inputs() if name != "token" and name not in TOKEN_FEATURES}


def build(config: ModelConfig) -> keras.Model:
    """The model for training: reads whole tunes from an empty state. (batch, time, columns) → (batch, time, vocabulary)"""
    inputs = keras.Input((None, None), dtype="int32", name="inputs")  # (batch, time, columns)
    frozen = {"embeddings_initializer": "identity", "trainable": False} if config.one_hot else {}
    numeric = config.numeric_inputs()
    embedded, skipped = [], []
    for name, (classes, width) in config.inputs().items():
        column = inputs[:, :, list(INPUTS).index(name)]  # (batch, time)
        x = keras.layers.Embedding(classes, width, name=f"{name}_embedding", **frozen)(column)  # (batch, time, width)
        if config.skip_gain and name in config.skipped_inputs():
            table = keras.layers.Embedding(classes, config.vocabulary, "zeros", name=f"{name}_skip", dtype="float32")
            skipped.append(table(column))  # (batch, time, vocabulary)
        if not (name in numeric or (name == "token" and config.one_hot)):  # numbers stay exact
            x = keras.layers.Dropout(config.dropout)(x)
        embedded.append(x)
    x = keras.layers.Concatenate(name="embedded")(embedded) if len(embedded) > 1 else embedded[0]
    if config.heads:
        x = transformer_layers(x, units=config.units, layers=config.layers, heads=config.heads, dropout=config.dropout)
    else:
        for layer in range(config.layers):
            x = keras.layers.Dropout(config.dropout)(x) if layer else x
            name, dropped = f"lstm_{layer}", config.weight_dropout
            x = HoistedLSTM(config.units, weight_dropout=dropped, return_sequences=True, name=name)(x)  # (batch, time, units)
    x = keras.layers.Dropout(config.dropout)(x)
    logits = keras.layers.Dense(config.vocabulary, dtype="float32", name="logits")(x)  # (batch, time, vocabulary)
    if skipped:
        skip = keras.layers.Add(name="skip", dtype="float32")(skipped) if len(skipped) > 1 else skipped[0]
        skip = keras.layers.Rescaling(config.skip_gain, name="skip_gain", dtype="float32")(skip)
        logits = keras.layers.Add(name="logits_with_skip", dtype="float32")([logits, skip])
    return keras.Model(inputs, logits, name="tunesmith")


@keras.saving.register_keras_serializable("tunesmith")
class HoistedLSTM(keras.layers.LSTM):  # type: ignore[misc]  # keras is untyped
    """Keras' LSTM with the same weights and gradients, computed faster on a CPU.

    Everything that does not depend on the previous step is computed for all steps in one matrix product: the projection
    of the input before the loop, the gradient of the recurrent weights after it. On a GPU this is Keras' own layer,
    which uses cuDNN's kernel, unless recurrent weights are dropped.
    """

    def __init__(self, units: int, *, weight_dropout: float = 0.0, **options: Any) -> None:
        super().__init__(units, **options)
        self.weight_dropout = weight_dropout

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "weight_dropout": self.weight_dropout}

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: list[tf.Tensor] | None = None,
        mask: tf.Tensor | None = None,
        training: bool = False,
    ) -> tf.Tensor:
        """sequences: (batch, time, features) → (batch, time, units), or (batch, units) without `return_sequences`."""
        dropping = training and self.weight_dropout > 0
        if initial_state is not None or mask is not None or (tf.config.list_physical_devices("GPU") and not dropping):
            return super().call(sequences, initial_state=initial_state, mask=mask, training=training)
        cell = self.cell
        recurrent = cell.recurrent_kernel
        if dropping:  # the same weights in all steps and tunes of a batch
            recurrent = keras.random.dropout(recurrent, self.weight_dropout, seed=cell.seed_generator)
        low = self.compute_dtype  # of the matrix products; states and gates stay in float32
        x = tf.transpose(tf.cast(sequences, low), (1, 0, 2))  # (time, batch, features): the rows of a step are contiguous
        projected = tf.tensordot(x, tf.cast(cell.kernel, low), 1)  # (time, batch, 4 · units)
        projected = tf.cast(projected, tf.float32) + tf.cast(cell.bias, tf.float32)
        outputs = _recur(projected, tf.cast(recurrent, low))  # (time, batch, units)
        outputs = tf.cast(outputs, low)
        return tf.transpose(outputs, (1, 0, 2)) if self.return_sequences else outputs[-1]


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _recur(projected: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
    """The loop over time: (time, batch, 4 · units), recurrent weights (units, 4 · units) → (time, batch, units)."""
    time, batch = tf.shape(projected)[0], tf.shape(projected)[1]
    units = weights.shape[0]
    low = weights.dtype

    def array() -> tf.TensorArray:
        return tf.TensorArray(tf.float32, time, element_shape=(None, None))

    def times(rows: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
        return tf.cast(tf.matmul(tf.cast(rows, low), matrix), tf.float32)

    def forward(
        step: tf.Tensor, h: tf.Tensor, c: tf.Tensor, gates: tf.TensorArray, cells: tf.TensorArray, hidden: tf.TensorArray
    ) -> tuple[tf.Tensor, ...]:
        z = projected[step] + times(h, weights)  # (batch, 4 · units)
        i, f, g, o = tf.split(z, 4, axis=1)  # (batch, units) each: input, forget, candidate and output gate
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        c = f * c + i * g
        h = o * tf.tanh(c)
        return step + 1, h, c, gates.write(step, tf.concat([i, f, g, o], 1)), cells.write(step, c), hidden.write(step, h)

    zero = tf.zeros((batch, units))
    _, _, _, gates, cells, hidden = tf.while_loop(
        lambda step, *_: step < time, forward, (0, zero, zero, array(), array(), array()), parallel_iterations=1
    )
    gates, cells, hidden = gates.stack(), cells.stack(), hidden.stack()  # (time, batch, 4 · units or units)

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """upstream: (time, batch, units) → the gradients of `projected` and of `weights`."""
        earlier_cells = tf.concat([zero[None], cells[:-1]], 0)  # (time, batch, units)
        earlier_hidden = tf.concat([zero[None], hidden[:-1]], 0)  # (time, batch, units)
        transposed = tf.transpose(weights)  # (4 · units, units)

        def backward(step: tf.Tensor, dh: tf.Tensor, dc: tf.Tensor, dzs: tf.TensorArray) -> tuple[tf.Tensor, ...]:
            i, f, g, o = tf.split(gates[step], 4, axis=1)  # (batch, units) each
            dh = dh + upstream[step]
            squashed = tf.tanh(cells[step])
            dc = dc + dh * o * (1 - squashed * squashed)
            dz = tf.concat(
                [
                    dc * g * i * (1 - i),
                    dc * earlier_cells[step] * f * (1 - f),
                    dc * i * (1 - g * g),
                    dh * squashed * o * (1 - o),
                ],
                1,
            )  # (batch, 4 · units)
            return step - 1, times(dz, transposed), dc * f, dzs.write(step, dz)

        _, _, _, dzs = tf.while_loop(lambda step, *_: step >= 0, backward, (time - 1, zero, zero, array()), parallel_iterations=1)
        dz = dzs.stack()  # (time, batch, 4 · units)
        rows = tf.cast(tf.reshape(earlier_hidden, (-1, units)), low)  # (time · batch, units)
        return dz, tf.matmul(rows, tf.cast(tf.reshape(dz, (-1, 4 * units)), low), transpose_a=True)

    return hidden, gradient
