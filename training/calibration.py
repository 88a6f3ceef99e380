"""Calibration: a trained model made as sure of itself as it is right.

Without dropout a network is surer than the training that it had under dropout warrants, so that what is rare, such as a
leap, comes too seldom. One temperature, fitted on validation tunes, mends most of it (Guo et al., On Calibration of Modern
Neural Networks, 2017). Half of it is applied: a tune is drawn token upon token, so that slips add up which no single token shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

SHARE = 0.5
TEMPERATURES = (np.arange(70, 151, 2) / 100).astype(np.float32)


def calibrate(model: keras.Model, batches: Iterable[Any], *, share: float = SHARE) -> float:
    """Finds the temperature that fits the batches best, goes a share of the way there (in logarithms), and divides the logits by
    that in the model's own weights. Returns what they were divided by.

    batches: (inputs, targets, weights), as training.dataset has them.
    """

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def nats(inputs: Any, targets: Any, weights: Any) -> Any:
        logits = model(inputs, training=False)

        def at(temperature: Any) -> Any:
            lost = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits / temperature)  # (batch, time)
            return tf.reduce_sum(lost * weights)

        return tf.map_fn(at, tf.constant(TEMPERATURES))

    losses = np.sum([nats(*map(tf.constant, batch)).numpy() for batch in batches], axis=0, dtype=np.float64)
    temperature: float = round(float(TEMPERATURES[int(losses.argmin())]) ** share, 3)
    for layer in model.layers:
        if layer.name == "logits" or layer.name.endswith("_skip"):  # all that adds to the logits
            layer.set_weights([weight / temperature for weight in layer.get_weights()])
    return temperature
