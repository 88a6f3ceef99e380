"""Fine-tuning: weights are copied, and new features have no effect at first."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from generator.composer.features import INPUTS
from generator.composer.model import ModelConfig, build
from training.fine_tuning import initialize_from

SMALL: dict[str, Any] = {"units": 12, "layers": 2, "embedding": 8, "feature_width": 4, "recall_width": 3}


def make_run(folder: Path, config: ModelConfig) -> keras.Model:
    model = build(config)
    rng = np.random.default_rng(3)
    for layer in model.layers:
        if layer.name.endswith("_skip"):
            layer.set_weights([rng.normal(size=weights.shape) for weights in layer.get_weights()])
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model": asdict(config)}), encoding="utf-8")
    model.save_weights(folder / "best.weights.h5")
    return model


def test_a_model_with_more_features_starts_with_the_same_output(tmp_path: Path) -> None:
    fewer = tuple(name for name in INPUTS if name not in ("due_pick_up", "pitch_2", "bar"))
    before = make_run(tmp_path / "before", ModelConfig(**SMALL, columns=fewer, skip_gain=4.0))
    config = ModelConfig(**SMALL, skip_gain=8.0)
    model = build(config)
    rng = np.random.default_rng(1)
    rows = np.stack([rng.integers(0, classes, (2, 9)) for classes in INPUTS.values()], -1).astype(np.int32)
    assert not np.allclose(model(rows), before(rows), atol=1e-3)
    initialize_from(model, config, tmp_path / "before")
    np.testing.assert_allclose(model(rows), before(rows), atol=1e-4)


@pytest.mark.parametrize("problem", ["missing", "other units", "garbage"])
def test_a_run_that_does_not_match_is_rejected(tmp_path: Path, problem: str) -> None:
    folder = tmp_path / "before"
    if problem == "other units":
        make_run(folder, ModelConfig(**{**SMALL, "units": 20}))
    elif problem == "garbage":
        folder.mkdir()
        (folder / "config.json").write_text("{}", encoding="utf-8")
    config = ModelConfig(**SMALL)
    with pytest.raises(ValueError, match="Cannot initialize the model from the run"):
        initialize_from(build(config), config, folder)
