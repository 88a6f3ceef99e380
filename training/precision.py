"""The precision of training: the one that is fastest on the machine."""

from __future__ import annotations

import tensorflow as tf

from generator.composer.processor import PROCESSOR
from training.config import TrainConfig

BFLOAT16 = frozenset({"avx512bf16", "amx-bf16"})  # features of processors with instructions for products of bfloat16


def policy(config: TrainConfig) -> str:
    """The name of Keras' policy for a run. On a processor without instructions for bfloat16 its products are slower."""
    if config.precision != "auto":
        return config.precision
    return "mixed_bfloat16" if tf.config.list_physical_devices("GPU") or BFLOAT16 & PROCESSOR.features else "float32"
