"""The MIT lab's batches: windows of a fixed length, drawn at random from all tunes joined to one text."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from training.dataset import Batch, Batches, Example


class Windows(Batches):
    """Batches like those of whole tunes, but of windows; an epoch holds as many as cover the joined tunes once.

    One batch: inputs (batch, length, columns), targets and weights (batch, length).
    """

    def __init__(self, examples: Sequence[Example], batch: int, length: int, *, seed: int = 0) -> None:
        self.length = length
        self.joined = np.concatenate([example.inputs for example in examples])  # (time, columns)
        if len(self.joined) <= length:
            raise ValueError(f"The tunes together are shorter than a window of {length}.")
        super().__init__(examples, batch, seed=seed)

    def begin(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return math.ceil(len(self.joined) / (self.batch * self.length))

    def __getitem__(self, index: int) -> Batch:
        rng = np.random.default_rng((self.seed, self.epoch, index))
        starts = rng.integers(0, len(self.joined) - self.length, self.batch)
        windows = self.joined[starts[:, None] + np.arange(self.length + 1)]  # (batch, length + 1, columns)
        return windows[:, :-1], windows[:, 1:, 0], np.ones((self.batch, self.length), np.float32)
