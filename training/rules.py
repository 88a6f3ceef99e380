"""Rules without exception, read off the training tunes when training is over.

What speaks directly for or against a token (see generator.composer.model) learns such a rule only in the limit: the rarer the
slip, the less there is to learn from. So what never happened, although it would have many times by chance, is made unlikely.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from generator.composer.features import INPUTS
from training.dataset import HIDDEN, Example

LEAST = 10  # times that a token would have come by chance
UNLIKELY = 10.0  # nats


def keep_rules(model: keras.Model, examples: Sequence[Example], gain: float) -> None:
    """Lowers what a counted input's class says of each token that never followed it to -UNLIKELY. gain: ModelConfig.skip_gain.

    What is hidden at times has a class that means only that: it rules out nothing.
    """
    for column, name in enumerate(INPUTS):
        layer = next((layer for layer in model.layers if layer.name == f"{name}_skip"), None)
        if layer is None or column in HIDDEN:
            continue
        (weights,) = layer.get_weights()
        counts = np.zeros(weights.shape)  # (classes, vocabulary)
        for example in examples:
            np.add.at(counts, (example.inputs[:-1, column], example.tokens[1:]), 1)
        by_chance = counts.sum(1, keepdims=True) * counts.sum(0) / max(counts.sum(), 1)
        never = (counts == 0) & (by_chance >= LEAST)
        layer.set_weights([np.where(never, np.minimum(weights, -UNLIKELY / gain), weights)])
