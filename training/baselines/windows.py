"""The MIT lab's batches: sequences of a fixed length at random positions of all tunes joined."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from training.batches import Batch, Batches, Example


class Windows(Batches):
    """Batches of random sequences; an epoch has as many as cover the joined tunes once.

    Each batch is (inputs, targets, weights) of shapes (batch, length, columns), (batch, length), (batch, length).
    """

    def __init__(self, examples: Sequence[Example], batch_size: int, length: int, *, seed: int = 0) -> None:
        self.length = length
        self.joined = np.concatenate([example.inputs for example in examples])  # (time, columns)
        if len(self.joined) <= length:
            raise ValueError(f"All tunes together are shorter than a sequence of {length} tokens.")
        super().__init__(examples, batch_size, seed=seed)

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return math.ceil(len(self.joined) / (self.batch_size * self.length))

    def __getitem__(self, index: int) -> Batch:
        rng = np.random.default_rng((self.seed, self.epoch, index))
        starts = rng.integers(0, len(self.joined) - self.length, self.batch_size)
        windows = self.joined[starts[:, None] + np.arange(self.length + 1)]  # (batch, length + 1, columns)
        return windows[:, :-1], windows[:, 1:, 0], np.ones((self.batch_size, self.length), np.float32)
