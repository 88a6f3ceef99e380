"""Fine-tuning: initializes a model with the best weights of another run."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np

from generator.composer.model import ModelConfig, build


def initialize_from(model: keras.Model, config: ModelConfig, run: Path) -> None:
    """Copies the best weights of `run` into a model that may read more features.

    New layers keep their initialization. The LSTM's weights for new features are 0, so that these have no effect at first.
    Raises ValueError if the models don't match.
    """
    try:
        other_config = ModelConfig(**json.loads((run / "config.json").read_text(encoding="utf-8"))["model"])
        other = build(other_config)
        other.load_weights(run / "best.weights.h5")
        weights = {layer.name: layer.get_weights() for layer in other.layers}
        weights["lstm_0"][0] = _extended_kernel(weights["lstm_0"][0], other_config, config)
        for layer in model.layers:
            if layer.get_weights() and layer.name in weights and not isinstance(layer, keras.layers.Dropout):
                scale = other_config.skip_gain / config.skip_gain if layer.name.endswith("_skip") else 1
                layer.set_weights([array * scale for array in weights[layer.name]])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"Cannot initialize the model from the run in {run} ({error}).") from error


def _extended_kernel(kernel: np.ndarray, other: ModelConfig, config: ModelConfig) -> np.ndarray:
    """The first LSTM's input kernel (embedding widths of all inputs, 4 · units), with zeros for new inputs."""
    widths = [width for _, width in other.inputs().values()]
    rows = dict(zip(other.inputs(), np.split(kernel, np.cumsum(widths)[:-1]), strict=True))
    return np.concatenate([rows.get(name, np.zeros((width, kernel.shape[1]))) for name, (_, width) in config.inputs().items()])
