"""Fine-tuning: initializes a model with the weights of another run or of an exported model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from generator.composer.model import ModelConfig, build
from generator.composer.weights import Weights, WeightsError, load_weights, read_card


def initialize_from(model: keras.Model, config: ModelConfig, run: Path) -> None:
    """Copies the best weights of a run, or those of an exported model, into a model that may read more features.

    New layers keep their initialization. The LSTM's weights for new features are 0, so that these have no effect at first.
    Raises ValueError if the models don't match.
    """
    try:
        exported = (run / "weights.npz").exists()
        card = read_card(run) if exported else json.loads((run / "config.json").read_text(encoding="utf-8"))
        settings: dict[str, Any] = card["model"]
        other_config = ModelConfig(**settings | {"columns": tuple(settings["columns"])})
        other = build(other_config)
        if exported:
            assign_weights(other, load_weights(run))
        else:
            other.load_weights(run / "best.weights.h5")
        weights = {layer.name: layer.get_weights() for layer in other.layers}
        weights["lstm_0"][0] = _extended_kernel(weights["lstm_0"][0], other_config, config)
        for layer in model.layers:
            if layer.get_weights() and layer.name in weights and not isinstance(layer, keras.layers.Dropout):
                scale = other_config.skip_gain / config.skip_gain if layer.name.endswith("_skip") else 1
                layer.set_weights([array * scale for array in weights[layer.name]])
    except (OSError, KeyError, TypeError, ValueError, WeightsError) as error:
        raise ValueError(f"Cannot initialize the model from the run in {run} ({error}).") from error


def assign_weights(model: keras.Model, weights: Weights) -> None:
    """Gives a Keras model the variables of an exported one. Raises ValueError if the layers differ."""
    for layer in model.layers:
        for variable in layer.trainable_variables:
            array = weights.arrays.get(f"{layer.name}/{variable.path.split('/')[-1]}")
            if array is None or array.shape != tuple(variable.shape):
                raise ValueError(f"The model {weights.card['name']} has other layers than current models. Train it again.")
            variable.assign(array)


def _extended_kernel(kernel: np.ndarray, other: ModelConfig, config: ModelConfig) -> np.ndarray:
    """The first LSTM's input kernel (embedding widths of all inputs, 4 · units), with zeros for new inputs."""
    widths = [width for _, width in other.inputs().values()]
    rows = dict(zip(other.inputs(), np.split(kernel, np.cumsum(widths)[:-1]), strict=True))
    return np.concatenate([rows.get(name, np.zeros((width, kernel.shape[1]))) for name, (_, width) in config.inputs().items()])
