"""Going on from another run's weights: what is new says nothing at first."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from generator.composer.features import INPUTS
from generator.composer.model import ModelConfig, build
from training.train import begin_from

SMALL = {"units": 12, "layers": 2, "embedding": 8, "feature_width": 4, "recall_width": 3}


def run_of(folder, config: ModelConfig):
    model = build(config)
    rng = np.random.default_rng(3)
    for layer in model.layers:
        if layer.name.endswith("_skip"):
            layer.set_weights([rng.normal(size=weights.shape) for weights in layer.get_weights()])
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model": asdict(config)}), encoding="utf-8")
    model.save_weights(folder / "best.weights.h5")
    return model


def test_a_run_with_fewer_inputs_is_gone_on_from_as_it_was(tmp_path):
    fewer = tuple(name for name in INPUTS if name not in ("due_pick_up", "pitch_2", "bar"))
    before = run_of(tmp_path / "before", ModelConfig(**SMALL, columns=fewer, skip_gain=4.0))
    config = ModelConfig(**SMALL, skip_gain=8.0)
    model = build(config)
    rng = np.random.default_rng(1)
    rows = np.stack([rng.integers(0, classes, (2, 9)) for classes in INPUTS.values()], -1).astype(np.int32)
    assert not np.allclose(model(rows), before(rows), atol=1e-3)
    begin_from(model, config, tmp_path / "before")
    np.testing.assert_allclose(model(rows), before(rows), atol=1e-4)


@pytest.mark.parametrize("what", ["nothing", "other units", "garbage"])
def test_what_does_not_fit_is_a_sentence(tmp_path, what):
    folder = tmp_path / "before"
    if what == "other units":
        run_of(folder, ModelConfig(**{**SMALL, "units": 20}))
    elif what == "garbage":
        folder.mkdir()
        (folder / "config.json").write_text("{}", encoding="utf-8")
    config = ModelConfig(**SMALL)
    with pytest.raises(ValueError, match="holds no run that training could begin from"):
        begin_from(build(config), config, folder)
