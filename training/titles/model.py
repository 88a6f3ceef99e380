"""The title model: an LSTM over the characters of a title in lower case, conditioned on the rhythm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.notation.metres import RHYTHMS

END = "\n"
LETTERS = END + " '-abcdefghijklmnopqrstuvwxyzáéíóú"
CONDITIONS = ("", *RHYTHMS)
UNITS, EPOCHS = 256, 60  # maximum, with early stopping
HELD_OUT = 0.08  # share of the titles for validation


def encode_titles(titles: Sequence[tuple[str, str]]) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Encodes (rhythm, title) pairs as characters in, rhythms and characters out, each (titles, time).

    Output positions after the end are -1.
    """
    longest = max(len(title) for _, title in titles) + 1
    inputs, outputs = np.zeros((len(titles), longest), np.int32), np.full((len(titles), longest), -1, np.int32)
    for row, (_, title) in enumerate(titles):
        codes = [LETTERS.index(letter) for letter in title]
        inputs[row, 1 : len(codes) + 1] = codes
        outputs[row, : len(codes) + 1] = [*codes, 0]
    rhythms = np.array([[CONDITIONS.index(rhythm)] for rhythm, _ in titles], np.int32)
    return inputs, np.broadcast_to(rhythms, inputs.shape), outputs


def build(units: int = UNITS) -> Any:
    import keras

    characters, rhythms = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")
    embedded_characters = keras.layers.Embedding(len(LETTERS), 48, name="characters")(characters)
    embedded_rhythms = keras.layers.Embedding(len(CONDITIONS), 16, name="rhythms")(rhythms)
    x = keras.layers.Concatenate()([keras.layers.Dropout(0.1)(embedded_characters), keras.layers.Dropout(0.1)(embedded_rhythms)])
    x = keras.layers.LSTM(units, return_sequences=True, name="lstm")(x)  # (batch, time, units)
    logits = keras.layers.Dense(len(LETTERS), name="output")(keras.layers.Dropout(0.4)(x))  # (batch, time, characters)
    return keras.Model([characters, rhythms], logits)


def train(
    titles: Sequence[tuple[str, str]], *, epochs: int = EPOCHS, units: int = UNITS, seed: int = 1
) -> tuple[Any, dict[str, float]]:
    """Trains until the loss of held-out titles stops falling. Returns the best model and its figures."""
    import keras

    keras.utils.set_random_seed(seed)
    order = np.random.default_rng(seed).permutation(len(titles))
    inputs, rhythms, outputs = (array[order] for array in encode_titles(titles))
    without_rhythm = np.random.default_rng(seed).random((len(titles), 1)) < 0.1  # so that the rhythm is optional
    rhythms = np.where(without_rhythm, 0, rhythms)
    held_out = max(1, round(HELD_OUT * len(titles)))
    model = build(units)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    model.compile(keras.optimizers.Adam(3e-3, clipnorm=1.0), loss)
    history = model.fit(
        [inputs[held_out:], rhythms[held_out:]],
        outputs[held_out:],
        batch_size=64,
        epochs=epochs,
        validation_data=([inputs[:held_out], rhythms[:held_out]], outputs[:held_out]),
        callbacks=[
            keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.4),
            keras.callbacks.EarlyStopping(patience=4, restore_best_weights=True),
        ],
        verbose=2,
    )
    return model, {
        "titles": len(titles),
        "epochs": len(history.history["loss"]),
        "held_out_nats_per_character": round(min(history.history["val_loss"]), 3),
    }
