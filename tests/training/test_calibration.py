"""Calibration: the model's confidence is scaled to its accuracy."""

from collections.abc import Sequence

import keras
import numpy as np
import pytest

from generator.composer.features import INPUTS
from generator.composer.model import ModelConfig, build
from generator.notation.tokens import VOCABULARY
from training.calibration import TEMPERATURES, calibrate

CONFIG = ModelConfig(units=8, layers=1, embedding=8, feature_width=4, recall_width=4, columns=("token", "bar", "last_pitch"))
LAYERS = ("logits", "token_skip", "bar_skip", "last_pitch_skip")  # everything that adds to the logits


def model_of(gain: float) -> keras.Model:
    """A model with random logits, scaled by `gain`."""
    keras.mixed_precision.set_global_policy("float32")
    keras.utils.set_random_seed(1)
    model = build(CONFIG)
    rng = np.random.default_rng(2)
    for name in LAYERS:
        layer = model.get_layer(name)
        spread = 0.05 if name.endswith("_skip") else 0.6  # the skip connection multiplies its weights
        layer.set_weights([gain * rng.normal(0, spread, weight.shape) for weight in layer.get_weights()])
    return model


def drawn(model: keras.Model, batches: int = 3, time: int = 128) -> list[tuple[np.ndarray, ...]]:
    """Batches with targets drawn from the model itself, so that temperature 1 is right."""
    rng = np.random.default_rng(3)
    batches_drawn: list[tuple[np.ndarray, ...]] = []
    for _ in range(batches):
        inputs = np.stack([rng.integers(0, classes, (8, time)) for classes in INPUTS.values()], -1).astype(np.int32)
        logits = np.asarray(model(inputs), np.float64)
        targets = (logits + rng.gumbel(size=logits.shape)).argmax(-1).astype(np.int32)
        weights = np.ones((8, time), np.float32)
        targets[:, time // 2 :], weights[:, time // 2 :] = 0, 0  # padding, which has no weight
        batches_drawn.append((inputs, targets, weights))
    return batches_drawn


@pytest.fixture(scope="module")
def batches() -> list[tuple[np.ndarray, ...]]:
    return drawn(model_of(1.0))


def test_a_calibrated_model_stays_unchanged(batches: Sequence[tuple[np.ndarray, ...]]) -> None:
    model = model_of(1.0)
    before = model.get_weights()
    assert calibrate(model, batches) == pytest.approx(1.0, abs=0.021)
    assert all(np.allclose(a, b, rtol=0.03, atol=1e-7) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("gain", [0.8, 1.3])
def test_an_over_or_underconfident_model_is_divided_by_its_gain(batches: Sequence[tuple[np.ndarray, ...]], gain: float) -> None:
    original = model_of(1.0)
    scaled = model_of(gain)
    assert calibrate(scaled, batches) == pytest.approx(gain * calibrate(original, batches), abs=0.021)
    inputs = batches[0][0][:2]
    np.testing.assert_allclose(scaled(inputs), original(inputs), rtol=0.05, atol=0.05)


def test_the_divisor_is_at_most_the_highest_temperature(batches: Sequence[tuple[np.ndarray, ...]]) -> None:
    model = model_of(2.0)
    assert calibrate(model, batches) == pytest.approx(float(TEMPERATURES[-1]))
    left = 2 * calibrate(model_of(1.0), batches) / float(TEMPERATURES[-1])
    assert calibrate(model, batches) == pytest.approx(left, abs=0.03)


def test_calibrating_again_changes_nothing(batches: Sequence[tuple[np.ndarray, ...]]) -> None:
    model = model_of(1.3)
    assert calibrate(model, batches) != 1.0
    weights = model.get_weights()
    assert calibrate(model, batches) == 1.0
    assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights(), strict=True))


def test_only_weights_that_add_to_the_logits_are_divided(batches: Sequence[tuple[np.ndarray, ...]]) -> None:
    model = model_of(1.3)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    temperature = calibrate(model, batches)
    for layer in model.layers:
        divisor = temperature if layer.name in LAYERS else 1
        for was, now in zip(before[layer.name], layer.get_weights(), strict=True):
            np.testing.assert_allclose(now, was / divisor, rtol=1e-5)
    assert len(model.get_layer("logits").get_weights()[1]) == len(VOCABULARY)
