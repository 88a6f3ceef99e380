"""The judge's LSTM: reads the notes of a tune and says how composed it seems.

inputs (batch, notes, columns)    see COLUMNS
  → embeddings, concatenated      (batch, notes, sum of the widths)
  → LSTM                          (batch, notes, UNITS)
  → mean and maximum over notes   (batch, 2 · UNITS)
  → dense                         (batch, 1): log odds
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from generator.composer.music import Music, Sound, bar_at
from generator.notation.metres import RHYTHMS

# Name → (classes, width of the embedding). Class 0 of the first column is padding.
COLUMNS = {
    "pitch": (52, 24),  # semitones above the tonic, from -20; 1: a rest
    "length": (20, 8),
    "offset": (50, 8),  # in the bar, in units of 6 ticks
    "bar": (17, 4),  # of the part
    "begins": (3, 2),  # 1: a bar begins, 2: a part begins
    "alike_1": (3, 2),  # the note at the same offset a bar before: 0 none begins, 1 another pitch, 2 the same; also below
    "alike_2": (3, 2),
    "alike_4": (3, 2),
    "alike_part": (3, 2),  # of the part before
    "rhythm": (len(RHYTHMS) + 1, 6),
}
UNITS, DROPOUT, WEIGHT_DECAY = 48, 0.4, 0.01
EPOCHS, BATCH_SIZE, LEARNING_RATE = 14, 32, 3e-3
MAX_NOTES = 160  # three in four tunes have fewer; of the others the judge hears the beginning
_LENGTHS = (6, 8, 12, 16, 18, 24, 30, 32, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192)  # ticks

Array = NDArray[np.int32]


def inputs_of(tunes: Sequence[tuple[Music, str]]) -> Array:
    """(tunes, MAX_NOTES, columns), padded with 0. tunes: with the rhythm that was asked for or printed."""
    found = np.zeros((len(tunes), MAX_NOTES, len(COLUMNS)), np.int32)
    for number, (music, rhythm) in enumerate(tunes):
        rows = _rows(music, list(RHYTHMS).index(rhythm) + 1 if rhythm in RHYTHMS else 0)[:MAX_NOTES]
        if rows:
            found[number, : len(rows)] = rows
    return found


def _rows(music: Music, rhythm: int) -> list[tuple[int, ...]]:
    rows = []
    for number, part in enumerate(music):
        for index, bar in enumerate(part):
            earlier = [bar_at(music, number, index - back) for back in (1, 2, 4)] + [bar_at(music, number - 1, index)]
            for place, sound in enumerate(bar):
                begins = 0 if place else 1 if index else 2
                alike = [_alike(sound, other) for other in earlier]
                pitch = 1 if sound.degree is None else min(max(sound.midi + 22, 2), 51)
                length = sum(sound.ticks >= ticks for ticks in _LENGTHS)
                rows.append((pitch, length, min(sound.offset // 6, 49), min(index, 16), begins, *alike, rhythm))
    return rows


def _alike(sound: Sound, bar: Sequence[Sound]) -> int:
    for other in bar:
        if other.offset == sound.offset:
            return 2 if (other.degree, other.midi) == (sound.degree, sound.midi) else 1
    return 0


class Network:
    """The network, which can be fitted several times, each time from the same start."""

    def __init__(self, *, seed: int = 0) -> None:
        self._seed = seed
        keras.utils.set_random_seed(seed)
        self._model = _network()
        self._model.optimizer.build(self._model.trainable_variables)
        self._variables = [*self._model.variables, *self._model.optimizer.variables]
        self._start = [keras.ops.convert_to_numpy(variable).copy() for variable in self._variables]

    def fit_and_score(self, inputs: Array, target: NDArray[np.float64], others: Array) -> NDArray[np.float64]:
        """Fits the network to tunes and returns the log odds of others: (others,). target: (tunes,), 1 for composed ones."""
        keras.utils.set_random_seed(self._seed)  # the order of the tunes
        for variable, value in zip(self._variables, self._start, strict=True):
            variable.assign(value)
        self._model.fit(inputs, target, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0)
        result: NDArray[np.float64] = np.asarray(self._model.predict(others, batch_size=128, verbose=0), np.float64)[:, 0]
        return result


def _network() -> keras.Model:
    inputs = keras.Input((MAX_NOTES, len(COLUMNS)), dtype="int32")
    heard = keras.ops.cast(inputs[:, :, :1] > 0, "float32")  # (batch, notes, 1): 0 for padding
    embedded = [keras.layers.Embedding(classes, width)(inputs[:, :, at]) for at, (classes, width) in enumerate(COLUMNS.values())]
    x = keras.layers.Dropout(DROPOUT)(keras.layers.Concatenate()(embedded))
    x = keras.layers.LSTM(UNITS, return_sequences=True)(x) * heard  # (batch, notes, UNITS)
    mean = keras.ops.sum(x, 1) / keras.ops.maximum(keras.ops.sum(heard, 1), 1.0)
    x = keras.layers.Dropout(DROPOUT)(keras.layers.Concatenate()([mean, keras.ops.max(x, 1)]))
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    optimizer = keras.optimizers.AdamW(LEARNING_RATE, weight_decay=WEIGHT_DECAY, clipnorm=1.0)
    model.compile(optimizer, keras.losses.BinaryCrossentropy(from_logits=True))
    return model
