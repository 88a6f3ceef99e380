"""Tunes as arrays: batches of whole tunes of similar length, padded, with what the loss is to count."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from generator.composer.features import INPUTS, inputs_of
from generator.notation.keys import Key
from generator.notation.tokens import ANY_MODE, ANY_RHYTHM, END, INDEX, PAD, is_pitch

Array = NDArray[np.int32]
Batch = tuple[Array, Array, NDArray[np.float32]]

RHYTHM, MODE = 1, 3  # places of the header's tokens
# What is told of the whole tune is hidden together: by its columns.
TOLD = [[list(INPUTS).index(name) for name in names] for names in (("tonic",), ("parts_left", "bars_left"), ("cadence",))]
HIDDEN = {column for columns in TOLD for column in columns}
PADDED_TO = 32  # lengths are rounded up to this, so that few shapes are traced


@dataclass(frozen=True, slots=True)
class Example:
    inputs: Array  # (time + 1, columns) as features.INPUTS has them, the token first
    notes: int

    @property
    def tokens(self) -> Array:
        return self.inputs[:, 0]

    @classmethod
    def of(cls, tokens: Sequence[str], key: Key | None = None, layout: Sequence[int] = (), cadence: int = 0) -> Example:
        """The tune with what the model is told of it where that is not left open: its key, its parts' bars, its cadence."""
        return cls(inputs_of(tokens, key, layout, cadence), sum(token != END and is_pitch(token) for token in tokens))


class Batches:
    """Batches in another order each epoch, the same for the same seed; `header_dropout` hides rhythm, mode, tonic,
    layout or cadence.

    One batch: inputs (batch, time, columns), targets and weights (batch, time).
    """

    def __init__(self, examples: Sequence[Example], batch: int, *, header_dropout: float = 0.0, seed: int = 0) -> None:
        self.examples, self.batch, self.header_dropout, self.seed = list(examples), batch, header_dropout, seed
        self.begin(0)

    def begin(self, epoch: int) -> None:
        """Deals the batches of an epoch: a run that was stopped goes on with the same ones."""
        self.epoch = epoch
        rng = np.random.default_rng((self.seed, self.epoch))
        # Sorted by length with some noise: little padding, and other neighbours each epoch.
        lengths = np.array([len(example.tokens) for example in self.examples]) * rng.uniform(0.9, 1.1, len(self.examples))
        order = np.argsort(lengths, kind="stable")
        self.groups = [order[at : at + self.batch] for at in range(0, len(order), self.batch)]
        rng.shuffle(self.groups)

    def __len__(self) -> int:
        return math.ceil(len(self.examples) / self.batch)

    def dataset(self) -> tf.data.Dataset:
        """The batches of the epoch that was begun last, each time it is iterated over."""
        inputs = tf.TensorSpec((None, None, self.examples[0].inputs.shape[1]), tf.int32)
        signature = (inputs, tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None, None), tf.float32))
        whole = tf.data.Dataset.from_generator(lambda: iter(self), output_signature=signature)
        return whole.apply(tf.data.experimental.assert_cardinality(len(self))).prefetch(2)

    def __iter__(self) -> Iterator[Batch]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Batch:
        chosen = [self.examples[at] for at in self.groups[index]]
        longest = max(len(example.tokens) for example in chosen) - 1
        time = -(-longest // PADDED_TO) * PADDED_TO
        inputs = np.zeros((len(chosen), time, chosen[0].inputs.shape[1]), np.int32)
        targets = np.full((len(chosen), time), INDEX[PAD], np.int32)
        weights = np.zeros((len(chosen), time), np.float32)
        rng = np.random.default_rng((self.seed, self.epoch, index))
        for row, example in enumerate(chosen):
            length = len(example.tokens) - 1
            inputs[row, :length] = example.inputs[:-1]
            targets[row, :length] = example.tokens[1:]
            weights[row, :length] = 1
            weights[row, targets[row] == INDEX[ANY_RHYTHM]] = 0  # that a rhythm is unknown is nothing to learn
            for place, unknown in ((RHYTHM, ANY_RHYTHM), (MODE, ANY_MODE)):
                if rng.random() < self.header_dropout:
                    inputs[row, place, 0] = INDEX[unknown]
            for columns in TOLD:
                if rng.random() < self.header_dropout:
                    inputs[row, :, columns] = 0
        return inputs, targets, weights
