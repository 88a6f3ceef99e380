"""Makes, saves and loads a very small model with random weights."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from generator.composer.weights import Weights, load_weights, save_weights


def untrained(folder: Path, *, seed: int = 3) -> Weights:
    import keras

    from generator.composer.model import ModelConfig, build

    keras.mixed_precision.set_global_policy("float32")
    keras.utils.set_random_seed(seed)
    config = ModelConfig(units=16, layers=2, embedding=8, feature_width=4)
    save_weights(build(config), {"name": "untrained", "model": asdict(config)}, folder)
    return load_weights(folder)
