"""Makes tokens unlikely that never followed a feature value in the training tunes.

Gradient descent learns such hard rules (no note is longer than the rest of the bar) only in the limit: the rarer the mistake,
the smaller its gradient. So after training, the skip connection of each numeric feature gets a large negative weight where
a token never followed a value, although by chance it would have many times.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from generator.composer.features import INPUTS
from training.batches import OPTIONAL_COLUMNS, Example

MIN_EXPECTED = 10  # expected number of occurrences by chance; below it, absence may be chance
PENALTY = 10.0  # subtracted from the logit, in nats


def suppress_unseen(model: keras.Model, examples: Sequence[Example], gain: float) -> None:
    """Lowers the skip weights of unseen transitions to at most -PENALTY / gain. gain: ModelConfig.skip_gain.

    Optional features are left alone: header dropout hides them, and their value 0 only means "not given".
    """
    for column, name in enumerate(INPUTS):
        layer = next((layer for layer in model.layers if layer.name == f"{name}_skip"), None)
        if layer is None or column in OPTIONAL_COLUMNS:
            continue
        (weights,) = layer.get_weights()  # (classes, vocabulary)
        counts = np.zeros(weights.shape)
        for example in examples:
            np.add.at(counts, (example.inputs[:-1, column], example.tokens[1:]), 1)
        expected = counts.sum(1, keepdims=True) * counts.sum(0) / max(counts.sum(), 1)  # if independent of the feature
        unseen = (counts == 0) & (expected >= MIN_EXPECTED)
        layer.set_weights([np.where(unseen, np.minimum(weights, -PENALTY / gain), weights)])
