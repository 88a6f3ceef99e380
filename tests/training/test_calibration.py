"""Calibration: a model that is surer than it is right is made as sure as it is right."""

import keras
import numpy as np
import pytest

from generator.composer.features import INPUTS
from generator.composer.model import ModelConfig, build
from generator.notation.tokens import VOCABULARY
from training.calibration import SHARE, TEMPERATURES, calibrate

CONFIG = ModelConfig(units=8, layers=1, embedding=8, feature_width=4, recall_width=4, columns=("token", "bar", "last_pitch"))
LAYERS = ("logits", "token_skip", "bar_skip", "last_pitch_skip")  # all that adds to the logits


def calibrate_fully(model: keras.Model, batches) -> float:
    return calibrate(model, batches, share=1.0)


def model_of(loudness: float) -> keras.Model:
    """A model of random opinions, so many times as loud."""
    keras.mixed_precision.set_global_policy("float32")
    keras.utils.set_random_seed(1)
    model = build(CONFIG)
    rng = np.random.default_rng(2)
    for name in LAYERS:
        layer = model.get_layer(name)
        spread = 0.05 if name.endswith("_skip") else 0.6  # what speaks directly is louder than its weights
        layer.set_weights([loudness * rng.normal(0, spread, weight.shape) for weight in layer.get_weights()])
    return model


def drawn(model: keras.Model, batches: int = 3, time: int = 128) -> list[tuple[np.ndarray, ...]]:
    """Batches whose targets a model draws itself: at temperature 1 it is right."""
    rng = np.random.default_rng(3)
    found = []
    for _ in range(batches):
        inputs = np.stack([rng.integers(0, classes, (8, time)) for classes in INPUTS.values()], -1).astype(np.int32)
        logits = np.asarray(model(inputs), np.float64)
        targets = (logits + rng.gumbel(size=logits.shape)).argmax(-1).astype(np.int32)
        weights = np.ones((8, time), np.float32)
        targets[:, time // 2 :], weights[:, time // 2 :] = 0, 0  # padding, of which nothing is to be believed
        found.append((inputs, targets, weights))
    return found


@pytest.fixture(scope="module")
def batches() -> list[tuple[np.ndarray, ...]]:
    return drawn(model_of(1.0))


def test_a_model_that_is_as_sure_as_it_is_right_stays_as_it_is(batches):
    model = model_of(1.0)
    before = model.get_weights()
    assert calibrate_fully(model, batches) == pytest.approx(1.0, abs=0.021)
    assert all(np.allclose(a, b, rtol=0.03, atol=1e-7) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("loudness", [0.8, 1.3])
def test_a_model_that_is_too_sure_or_not_sure_enough_is_divided_by_how_much(batches, loudness):
    usual = model_of(1.0)
    loud = model_of(loudness)
    assert calibrate_fully(loud, batches) == pytest.approx(loudness * calibrate_fully(usual, batches), abs=0.021)
    inputs = batches[0][0][:2]
    np.testing.assert_allclose(loud(inputs), usual(inputs), rtol=0.05, atol=0.05)


def test_what_is_beyond_the_temperatures_is_divided_by_the_last_of_them(batches):
    model = model_of(2.0)
    assert calibrate_fully(model, batches) == pytest.approx(float(TEMPERATURES[-1]))
    assert calibrate_fully(model, batches) == pytest.approx(2 / float(TEMPERATURES[-1]), abs=0.03)


def test_calibrating_again_changes_nothing(batches):
    model = model_of(1.3)
    assert calibrate_fully(model, batches) != 1.0
    weights = model.get_weights()
    assert calibrate_fully(model, batches) == 1.0
    assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights(), strict=True))


def test_only_what_adds_to_the_logits_is_divided(batches):
    model = model_of(1.3)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    temperature = calibrate_fully(model, batches)
    for layer in model.layers:
        by = temperature if layer.name in LAYERS else 1
        for was, now in zip(before[layer.name], layer.get_weights(), strict=True):
            np.testing.assert_allclose(now, was / by, rtol=1e-5)
    assert len(model.get_layer("logits").get_weights()[1]) == len(VOCABULARY)


def test_a_share_of_the_way_is_gone(batches):
    whole, half = model_of(1.3), model_of(1.3)
    assert calibrate(half, batches) == pytest.approx(calibrate_fully(whole, batches) ** SHARE, abs=0.002)
