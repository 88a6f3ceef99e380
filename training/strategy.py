"""Data-parallel training on several GPUs or hosts with tf.distribute.

Every replica holds the whole model. Replica r of n gets the rows r, r + n, r + 2n … of each batch, and the gradients are
summed: a step computes the same as on one device with the whole batch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from training.batches import BatchSource

StrategyName = Literal["mirrored", "multiworker"]


def open_strategy(name: StrategyName | None) -> tf.distribute.Strategy:
    """TensorFlow's strategy of that name. `multiworker` must be opened before TensorFlow computes anything.

    Raises ValueError if the environment lacks a valid TF_CONFIG.
    """
    if name == "mirrored":
        return tf.distribute.MirroredStrategy()
    if name == "multiworker":
        try:
            config = json.loads(os.environ["TF_CONFIG"])
            if not config["cluster"]["worker"][config["task"]["index"]]:
                raise ValueError
        except (KeyError, IndexError, TypeError, ValueError):
            raise ValueError(
                "Training on several hosts needs TF_CONFIG in the environment of each host, such as "
                '{"cluster": {"worker": ["first:2222", "second:2222"]}, "task": {"type": "worker", "index": 0}}.'
            ) from None
        return tf.distribute.MultiWorkerMirroredStrategy()
    return tf.distribute.get_strategy()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes checkpoints and logs: the first worker, or the only process."""
    return not (resolver := strategy.cluster_resolver) or (resolver.task_id or 0) == 0


def distribute_batches(batches: BatchSource, strategy: tf.distribute.Strategy) -> Any:
    """A distributed dataset of one epoch: inputs, targets, weights, and the sum of the weights over all replicas."""

    def shards(context: tf.distribute.InputContext) -> tf.data.Dataset:
        replicas = context.num_replicas_in_sync
        own_replicas = replicas // context.num_input_pipelines
        first = context.input_pipeline_id * own_replicas

        def rows() -> Iterator[tuple[Any, ...]]:
            for index in range(len(batches)):
                batch = batches[index]
                total_weight = batch[2].sum()
                padded = tuple(_pad_rows(array, replicas) for array in batch)
                for replica in range(first, first + own_replicas):
                    yield *(array[replica::replicas] for array in padded), total_weight

        *arrays, total_weight = next(rows())
        signature = tuple(tf.TensorSpec((None, None, *array.shape[2:]), array.dtype) for array in arrays)
        signature = (*signature, tf.TensorSpec((), total_weight.dtype))
        return tf.data.Dataset.from_generator(rows, output_signature=signature).prefetch(2)

    return strategy.distribute_datasets_from_function(shards)


def _pad_rows(array: Any, replicas: int) -> Any:
    """Pads a batch with rows of weight 0, so that every replica gets the same number of rows."""
    missing = -len(array) % replicas
    return np.pad(array, [(0, missing)] + [(0, 0)] * (array.ndim - 1)) if missing else array
