"""Learning rate schedules."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from training.config import TrainConfig


class _ConstantThenDecay(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # keras is untyped
    """folk-rnn's schedule: constant for 20 epochs, then × 0.97 per epoch."""

    def __init__(self, learning_rate: float, steps_per_epoch: int) -> None:
        self.learning_rate, self.steps_per_epoch = learning_rate, steps_per_epoch

    def __call__(self, step: Any) -> Any:
        epoch = tf.cast(step // self.steps_per_epoch, tf.float32)
        return self.learning_rate * 0.97 ** tf.maximum(0.0, epoch - 19)


def make_schedule(config: TrainConfig, steps_per_epoch: int) -> Any:
    """A function from the step to the learning rate."""
    if config.learning_rate_schedule == "decay":
        return _ConstantThenDecay(config.learning_rate, steps_per_epoch)
    if config.learning_rate_schedule == "constant":
        return keras.optimizers.schedules.PiecewiseConstantDecay([0], [config.learning_rate] * 2)
    steps = config.epochs * steps_per_epoch
    warmup = max(1, int(config.warmup_fraction * steps))
    return keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warmup), warmup_target=config.learning_rate, warmup_steps=warmup
    )
