"""Training and validation steps of a model, on one device or several, with an optional moving average of its weights."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from generator.composer.model import build
from training.batches import BatchSource
from training.config import TrainConfig
from training.schedules import make_schedule
from training.strategy import distribute_batches

VALIDATION_TEMPERATURES = (0.9, 1.0, 1.1, 1.2, 1.3)
SEED_STEP = 1 << 24  # between the dropout seeds of two replicas
OPTIMIZERS = {"adamw": keras.optimizers.AdamW, "adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}


class Trainer:
    """A model, its optimizer and the exponential moving average (EMA) of its weights, under a distribution strategy."""

    def __init__(self, config: TrainConfig, strategy: tf.distribute.Strategy, steps_per_epoch: int) -> None:
        self.config, self.strategy, self.steps_per_epoch = config, strategy, steps_per_epoch
        self.schedule = make_schedule(config, steps_per_epoch)
        with strategy.scope():
            self.model = build(config.model)
            self.optimizer = OPTIMIZERS[config.optimizer](self.schedule, weight_decay=config.weight_decay)
            # Weight decay would weaken hard rules again, which the skip connections learn.
            tables = [layer for layer in self.model.layers if isinstance(layer, keras.layers.Embedding)]
            self.optimizer.exclude_from_weight_decay([table.embeddings for table in tables if table.name.endswith("_skip")])
            self.optimizer.build(self.model.trainable_variables)
            self.ema = [tf.Variable(variable.numpy()) for variable in self._trainable] if config.ema_momentum else []
        self.train_step = tf.function(self._train_step, autograph=False)
        self.validation_step = tf.function(self._validation_step, autograph=False)
        self._vary_dropout_seeds()

    @property
    def _trainable(self) -> list[tf.Variable]:
        return [variable.value for variable in self.model.trainable_variables]

    # State

    def state(self) -> dict[str, Any]:
        """All arrays that the next step depends on, by name."""
        return {
            f"{kind}/{index}": variable.numpy()
            for kind, variables in self._variables().items()
            for index, variable in enumerate(variables)
        }

    def restore(self, state: dict[str, Any]) -> None:
        for kind, variables in self._variables().items():
            for index, variable in enumerate(variables):
                variable.assign(state[f"{kind}/{index}"])
        self._vary_dropout_seeds()

    def _variables(self) -> dict[str, list[Any]]:
        return {
            "model": [variable.value for variable in self.model.variables],
            "optimizer": [variable.value for variable in self.optimizer.variables],
            "ema": self.ema,
        }

    def reset_ema(self) -> None:
        """Restarts the moving average from the current weights."""
        for variable, average in zip(self._trainable, self.ema, strict=False):
            average.assign(variable)

    def validated_weights(self) -> list[Any]:
        """The weights that are validated and saved, in the order of `model.get_weights`: the moving average if it is used."""
        averaged = {id(v): a for v, a in zip(self.model.trainable_variables, self.ema, strict=False)}
        return [averaged.get(id(variable), variable.value).numpy() for variable in self.model.weights]

    def _vary_dropout_seeds(self) -> None:
        """Gives each replica its own dropout masks; with equal masks, the model would learn less from a batch."""

        def vary() -> None:
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            for variable in self.model.non_trainable_variables:
                if "seed_generator_state" in variable.path:
                    variable.value.assign_add(tf.cast([0, SEED_STEP * replica], variable.value.dtype))

        if self.strategy.num_replicas_in_sync > 1:
            tf.function(self.strategy.run)(vary)

    # Steps

    def _train_step(self, iterator: Any) -> Any:
        sums = self.strategy.run(self._forward_backward, args=iterator.get_next())
        for variable, average in zip(self._trainable, self.ema, strict=False):
            # A smaller momentum in the first steps soon forgets the random initial weights.
            step = tf.cast(self.optimizer.iterations.value, tf.float32)
            momentum = tf.minimum(self.config.ema_momentum, step / (step + 10))
            average.assign(momentum * average + (1 - momentum) * variable)
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, sums, axis=None)

    def _validation_step(self, iterator: Any) -> Any:
        sums = self.strategy.run(self._forward, args=iterator.get_next())
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, sums, axis=None)

    def _forward_backward(self, inputs: Any, targets: Any, weights: Any, total_weight: Any) -> Any:
        with tf.GradientTape() as tape:
            logits = self.model(inputs, training=True)  # (batch, time, vocabulary)
            sums = _weighted_sums(logits, targets, weights)
            loss = sums[0] / total_weight  # summed over replicas, this is the mean over all tokens of the batch
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, self._trainable)]
        replicas = self.strategy.num_replicas_in_sync
        if replicas > 1:
            gradients = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, gradients)
        if self.config.clip_norm:
            gradients = [tf.clip_by_norm(gradient, self.config.clip_norm) for gradient in gradients]
        # The optimizer sums the gradients of all replicas. They are equal, since clipping needed the sum already: divide.
        self.optimizer.apply([gradient / replicas for gradient in gradients], self.model.trainable_variables)
        return sums

    def _forward(self, inputs: Any, targets: Any, weights: Any, total_weight: Any) -> Any:
        logits = self.model(inputs, training=False)
        return tf.stack([_weighted_sums(logits / temperature, targets, weights) for temperature in VALIDATION_TEMPERATURES])

    def validate(self, batches: BatchSource) -> Any:
        """(nats, correct tokens, tokens) on the validation batches, with the validated weights.

        At the temperature that suits them best, since the trained model is calibrated: being too sure is no fault.
        """
        own_weights = [variable.numpy() for variable in self._trainable] if self.ema else []
        for variable, average in zip(self._trainable, self.ema, strict=False):
            variable.assign(average)
        iterator = iter(distribute_batches(batches, self.strategy))
        sums = sum(self.validation_step(iterator) for _ in range(len(batches)))
        for variable, value in zip(self._trainable, own_weights, strict=False):
            variable.assign(value)
        by_temperature = np.asarray(sums)  # (temperatures, 3)
        return by_temperature[by_temperature[:, 0].argmin()]

    def mean_over_workers(self, value: float) -> float:
        """The mean of a value over all workers, so that all of them decide alike."""
        return float(self.strategy.reduce(tf.distribute.ReduceOp.MEAN, tf.constant(value, tf.float32), axis=None))


def _weighted_sums(logits: Any, targets: Any, weights: Any) -> Any:
    """Weighted sums over a batch: (nats, correct tokens, tokens)."""
    nats = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)  # (batch, time)
    correct = tf.cast(tf.argmax(logits, -1, tf.int32) == targets, tf.float32)  # (batch, time)
    return tf.stack([tf.reduce_sum(values * weights) for values in (nats, correct, tf.ones_like(nats))])
