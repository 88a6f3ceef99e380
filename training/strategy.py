"""One or several GPUs, on one or several hosts, through tf.distribute: which replica learns from what, and who writes.

Every replica holds the whole model. A batch is dealt row by row among all replicas of all hosts: replica r of n has its
rows r, r + n, r + 2n …, and the gradients are summed, so that a step is that of one machine with the whole batch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any, Literal, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Name = Literal["mirrored", "multiworker"]
Batch = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]


class Deal(Protocol):
    """What a model learns from: the batches of an epoch, the same for the same epoch."""

    def __len__(self) -> int: ...

    def begin(self, epoch: int) -> None: ...

    def __getitem__(self, index: int) -> Batch: ...


def named(name: Name | None) -> tf.distribute.Strategy:
    """TensorFlow's strategy; `multiworker` must be asked for before TensorFlow computes anything. Raises ValueError."""
    if name == "mirrored":
        return tf.distribute.MirroredStrategy()
    if name == "multiworker":
        try:
            config = json.loads(os.environ["TF_CONFIG"])
            if not config["cluster"]["worker"][config["task"]["index"]]:
                raise ValueError
        except (KeyError, IndexError, TypeError, ValueError):
            raise ValueError(
                "Training on several hosts needs TF_CONFIG in the environment of each, such as "
                '{"cluster": {"worker": ["first:2222", "second:2222"]}, "task": {"type": "worker", "index": 0}}.'
            ) from None
        return tf.distribute.MultiWorkerMirroredStrategy()
    return tf.distribute.get_strategy()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes checkpoints and logs: the first worker, or the only one."""
    return not (resolver := strategy.cluster_resolver) or (resolver.task_id or 0) == 0


def distributed(deal: Deal, strategy: tf.distribute.Strategy) -> Any:
    """The batches of the epoch that was begun last, each time it is iterated over: inputs, targets, weights and the
    sum of the weights in all replicas."""

    def shards(context: tf.distribute.InputContext) -> tf.data.Dataset:
        replicas = context.num_replicas_in_sync
        here = replicas // context.num_input_pipelines
        first = context.input_pipeline_id * here

        def rows() -> Iterator[tuple[Any, ...]]:
            for index in range(len(deal)):
                batch = deal[index]
                total = batch[2].sum()
                batch = tuple(_rounded_up(array, replicas) for array in batch)
                for replica in range(first, first + here):
                    yield *(array[replica::replicas] for array in batch), total

        *arrays, total = next(rows())
        signature = tuple(tf.TensorSpec((None, None, *array.shape[2:]), array.dtype) for array in arrays)
        return tf.data.Dataset.from_generator(rows, output_signature=(*signature, tf.TensorSpec((), total.dtype))).prefetch(2)

    return strategy.distribute_datasets_from_function(shards)


def _rounded_up(array: Any, replicas: int) -> Any:
    """With rows of nothing, which weigh nothing, so that every replica has as many."""
    missing = -len(array) % replicas
    return np.pad(array, [(0, missing)] + [(0, 0)] * (array.ndim - 1)) if missing else array
