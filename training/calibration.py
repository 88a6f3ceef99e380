"""Temperature calibration: makes a trained model as confident as it is accurate.

Without dropout, the network is more confident than it should be, and rare events such as leaps become too rare. One
temperature, fitted on the validation tunes, corrects most of this (Guo et al., On Calibration of Modern Neural Networks,
2017). How much colder tunes are drawn is another question, see PITCH_TEMPERATURE in generator.composer.batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

TEMPERATURES = (np.arange(70, 151, 2) / 100).astype(np.float32)


def calibrate(model: keras.Model, batches: Iterable[Any]) -> float:
    """Finds the best temperature, and divides the model's logits by it. Returns this divisor.

    batches: (inputs, targets, weights) as in training.batches. The division is folded into the weights that add to the logits.
    """

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def losses_by_temperature(inputs: Any, targets: Any, weights: Any) -> Any:
        logits = model(inputs, training=False)

        def loss_at(temperature: Any) -> Any:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits / temperature)  # (batch, time)
            return tf.reduce_sum(losses * weights)

        return tf.map_fn(loss_at, tf.constant(TEMPERATURES))

    losses = np.sum([losses_by_temperature(*map(tf.constant, batch)).numpy() for batch in batches], axis=0, dtype=np.float64)
    temperature: float = round(float(TEMPERATURES[int(losses.argmin())]), 3)
    for layer in model.layers:
        if layer.name == "logits" or layer.name.endswith("_skip"):  # everything that adds to the logits
            layer.set_weights([weight / temperature for weight in layer.get_weights()])
    return temperature
