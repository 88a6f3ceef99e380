"""Batches for training: whole tunes of similar length, padded, with a weight for each target."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from generator.composer.features import INPUTS, inputs_of
from generator.composer.returns import UNKNOWN, Outline
from generator.notation.keys import Key
from generator.notation.tokens import ANY_MODE, ANY_RHYTHM, END, INDEX, PAD, is_pitch

Array = NDArray[np.int32]
Batch = tuple[Array, Array, NDArray[np.float32]]  # inputs, targets, weights

RHYTHM, MODE = 1, 3  # indices of these header tokens in a tune
# Features of the whole tune that a request need not set, as groups of columns that are hidden together.
OPTIONAL_GROUPS = [
    [list(INPUTS).index(name) for name in names]
    for names in (
        ("tonic",),
        ("parts_left", "bars_left", "part_bars"),
        ("cadence",),
        ("return", "returned", "pitch_return", "duration_return", "matched_return", "pitch_ahead"),
        ("lift",),
    )
]
FORM_GROUPS = OPTIONAL_GROUPS[1:]  # what a tune's outline and cadence tell
OPTIONAL_COLUMNS = {column for columns in OPTIONAL_GROUPS for column in columns}
LENGTH_MULTIPLE = 32  # lengths are rounded up to a multiple of this, so that TensorFlow traces few shapes


class BatchSource(Protocol):
    """The batches of one epoch, the same for the same epoch number."""

    def __len__(self) -> int: ...

    def set_epoch(self, epoch: int) -> None: ...

    def __getitem__(self, index: int) -> Batch: ...


@dataclass(frozen=True, slots=True)
class Example:
    """A tune as a model reads it."""

    inputs: Array  # (time + 1, columns): the token, then the features in the order of features.INPUTS
    notes: int  # number of notes
    weight: float = 1.0  # of each of its tokens in training

    @property
    def tokens(self) -> Array:
        return self.inputs[:, 0]

    @classmethod
    def of(cls, tokens: Sequence[str], key: Key | None = None, outline: Outline = UNKNOWN, cadence: int = 0) -> Example:
        """An example for our own model. By default the key, the form and the cadence are unknown."""
        return cls(inputs_of(tokens, key, outline, cadence), sum(token != END and is_pitch(token) for token in tokens))


class Batches:
    """Batches of whole tunes in a different order each epoch, reproducible by the seed.

    Each batch is (inputs, targets, weights) of shapes (batch, time, columns), (batch, time), (batch, time).
    With probability `header_dropout`, independently, an example's rhythm, mode, tonic, layout, cadence, returns and lifts are
    hidden. With probability `form_dropout`, everything about its form is hidden at once.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        batch_size: int,
        *,
        header_dropout: float = 0.0,
        form_dropout: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.examples, self.batch_size, self.seed = list(examples), batch_size, seed
        self.header_dropout, self.form_dropout = header_dropout, form_dropout
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Shuffles the examples for an epoch; a resumed run gets the same order."""
        self.epoch = epoch
        rng = np.random.default_rng((self.seed, self.epoch))
        # Sorting by length with some noise keeps padding low and mixes the batches differently each epoch.
        lengths = np.array([len(example.tokens) for example in self.examples]) * rng.uniform(0.9, 1.1, len(self.examples))
        order = np.argsort(lengths, kind="stable")
        self.groups = [order[start : start + self.batch_size] for start in range(0, len(order), self.batch_size)]
        rng.shuffle(self.groups)

    def __len__(self) -> int:
        return math.ceil(len(self.examples) / self.batch_size)

    def dataset(self) -> tf.data.Dataset:
        """A tf.data.Dataset that yields the batches of the epoch that is set when its iteration starts."""
        inputs = tf.TensorSpec((None, None, self.examples[0].inputs.shape[1]), tf.int32)
        signature = (inputs, tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None, None), tf.float32))
        dataset = tf.data.Dataset.from_generator(lambda: iter(self), output_signature=signature)
        return dataset.apply(tf.data.experimental.assert_cardinality(len(self))).prefetch(2)

    def __iter__(self) -> Iterator[Batch]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Batch:
        chosen = [self.examples[number] for number in self.groups[index]]
        longest = max(len(example.tokens) for example in chosen) - 1
        time = -(-longest // LENGTH_MULTIPLE) * LENGTH_MULTIPLE
        inputs = np.zeros((len(chosen), time, chosen[0].inputs.shape[1]), np.int32)  # (batch, time, columns)
        targets = np.full((len(chosen), time), INDEX[PAD], np.int32)  # (batch, time)
        weights = np.zeros((len(chosen), time), np.float32)  # (batch, time)
        rng = np.random.default_rng((self.seed, self.epoch, index))
        for row, example in enumerate(chosen):
            length = len(example.tokens) - 1
            inputs[row, :length] = example.inputs[:-1]
            targets[row, :length] = example.tokens[1:]
            weights[row, :length] = example.weight
            weights[row, targets[row] == INDEX[ANY_RHYTHM]] = 0  # an unknown rhythm is nothing to predict
            for step, unknown in ((RHYTHM, ANY_RHYTHM), (MODE, ANY_MODE)):
                if rng.random() < self.header_dropout:
                    inputs[row, step, 0] = INDEX[unknown]
            formless = rng.random() < self.form_dropout
            for columns in OPTIONAL_GROUPS:
                if rng.random() < self.header_dropout or (formless and columns in FORM_GROUPS):
                    inputs[row, :, columns] = 0
        return inputs, targets, weights
