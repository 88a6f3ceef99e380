"""The LSTM gives the same results as Keras' LSTM, for whole tunes at once."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
import pytest
import tensorflow as tf

from generator.composer.features import INPUTS
from generator.composer.model import HoistedLSTM, ModelConfig, build
from generator.notation.tokens import VOCABULARY

pytestmark = pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="on a GPU the layer is Keras' own")


@pytest.fixture(autouse=True)
def policy() -> Iterator[None]:
    keras.mixed_precision.set_global_policy("float32")
    yield
    keras.mixed_precision.set_global_policy("float32")


def both(dtype: str, sequences: bool = True) -> list[tuple[tf.Tensor, list[tf.Tensor]]]:
    """(outputs, gradients) of Keras' layer and of ours, with the same weights and inputs."""
    keras.utils.set_random_seed(5)
    x = tf.random.normal((3, 17, 6))
    upstream = tf.random.normal((3, 17, 8) if sequences else (3, 8))
    weights, found = None, []
    for kind in (keras.layers.LSTM, HoistedLSTM):
        layer = kind(8, return_sequences=sequences, dtype=dtype)
        layer.build(x.shape)
        if weights is None:
            rng = np.random.default_rng(2)
            weights = [rng.normal(0, 0.5, value.shape).astype(np.float32) for value in layer.get_weights()]
        layer.set_weights(weights)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.cast(layer(x), tf.float32)
            loss = tf.reduce_sum(y * upstream)
        found.append((y, tape.gradient(loss, [x, *layer.trainable_variables])))
    return found


@pytest.mark.parametrize("sequences", [True, False])
def test_outputs_and_gradients_equal_those_of_keras(sequences: bool) -> None:
    (y, gradients), (own_y, own_gradients) = both("float32", sequences)
    np.testing.assert_allclose(own_y, y, atol=1e-5)
    assert len(own_gradients) == 4
    for own, other in zip(own_gradients, gradients, strict=True):
        assert float(tf.reduce_max(tf.abs(other))) > 0.01
        np.testing.assert_allclose(own, other, atol=1e-5, rtol=1e-5)


def test_half_precision_is_close_to_full_precision() -> None:
    exact_y, exact_gradients = both("float32")[0]
    own_y, own_gradients = both("mixed_bfloat16")[1]
    np.testing.assert_allclose(own_y, exact_y, atol=0.05)
    for own, exact in zip(own_gradients, exact_gradients, strict=True):
        scale = float(tf.reduce_max(tf.abs(exact)))
        np.testing.assert_allclose(tf.cast(own, tf.float32), exact, atol=0.05 * scale)


def test_the_layer_works_inside_a_compiled_graph() -> None:
    keras.utils.set_random_seed(5)
    layer = HoistedLSTM(8, return_sequences=True)
    x = tf.random.normal((2, 9, 6))
    eager = layer(x)
    np.testing.assert_allclose(tf.function(layer)(x), eager, atol=1e-6)


def test_recurrent_weights_are_dropped_in_training_alone() -> None:
    keras.utils.set_random_seed(5)
    layer = HoistedLSTM(8, weight_dropout=0.5, return_sequences=True)
    x = tf.random.normal((2, 9, 6))
    whole = layer(x)
    without = HoistedLSTM(8, return_sequences=True)
    without.build(x.shape)
    without.set_weights(layer.get_weights()[:3])
    np.testing.assert_array_equal(whole, without(x))
    first, second = layer(x, training=True), layer(x, training=True)
    assert float(tf.reduce_max(tf.abs(first - second))) > 1e-3
    np.testing.assert_allclose(first[:, 0], whole[:, 0], atol=1e-6)  # the first step has no outputs of a step before it


def test_dropped_weights_get_no_gradient_and_kept_ones_their_share() -> None:
    keras.utils.set_random_seed(5)
    layer = HoistedLSTM(8, weight_dropout=0.5, return_sequences=True)
    x = tf.random.normal((2, 9, 6))
    layer(x)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x, training=True) ** 2)
    gradient = tape.gradient(loss, layer.cell.recurrent_kernel.value).numpy()
    assert 0.3 < (gradient == 0).mean() < 0.7


def test_the_model_has_the_shape_and_size_of_its_configuration() -> None:
    config = ModelConfig(units=16, layers=2, embedding=8, feature_width=4, recall_width=3)
    model = build(config)
    assert model(np.zeros((2, 5, len(INPUTS)), np.int32)).shape == (2, 5, len(VOCABULARY))
    counted = {name: INPUTS[name] for name in config.numeric_inputs()}
    embeddings = len(VOCABULARY) * 8 + sum(counted.values()) * 4 + 12 * len(VOCABULARY) * 3
    lstms = 4 * 16 * (8 + 4 * len(counted) + 12 * 3 + 16 + 1) + 4 * 16 * (16 + 16 + 1)
    direct = (5 * len(VOCABULARY) + sum(counted.values())) * len(VOCABULARY)  # also the token, the last pitch and what returns
    assert model.count_params() == embeddings + lstms + 17 * len(VOCABULARY) + direct


def test_inputs_with_a_width_of_zero_are_not_read() -> None:
    config = ModelConfig(units=16, layers=1, embedding=8, feature_width=0, recall_width=0, vocabulary=30)
    assert list(config.inputs()) == ["token"]
    assert build(config)(np.zeros((2, 5, 1), np.int32)).shape == (2, 5, 30)


def test_all_inputs_but_tokens_pitches_and_durations_are_numeric() -> None:
    columns = ("token", "bar", "pitch_1", "duration_part", "matched_part", "last_pitch")
    assert ModelConfig(columns=columns).numeric_inputs() == {"bar", "matched_part"}
    assert ModelConfig(columns=columns, feature_width=0).numeric_inputs() == set()


def test_a_model_reads_only_its_columns() -> None:
    config = ModelConfig(
        units=16, layers=1, embedding=8, feature_width=4, recall_width=3, columns=("token", "bar", "pitch_1"), skip_gain=0
    )
    model = build(config)
    rows = np.ones((1, 3, len(INPUTS)), np.int32)
    before = np.asarray(model(rows))
    rows[..., list(INPUTS).index("remaining")] = 3
    assert np.array_equal(model(rows), before)
    rows[..., list(INPUTS).index("bar")] = 3
    assert not np.allclose(model(rows), before)


def test_a_numeric_input_can_forbid_a_token_by_the_skip_connection() -> None:
    model = build(ModelConfig(units=16, layers=1, embedding=8, feature_width=4, recall_width=3))
    table = np.zeros((INPUTS["remaining"], len(VOCABULARY)), np.float32)
    table[7, 50] = -100
    model.get_layer("remaining_skip").set_weights([table])
    rows = np.ones((1, 2, len(INPUTS)), np.int32)
    rows[0, 1, list(INPUTS).index("remaining")] = 7
    logits = np.asarray(model(rows))[0, :, 50]
    assert logits[0] > -10 > -90 > logits[1]


def test_a_transformer_does_not_look_ahead() -> None:
    model = build(ModelConfig(units=12, layers=2, heads=3, embedding=8))
    inputs = np.random.default_rng(3).integers(0, 2, (2, 9, len(INPUTS)))
    changed = inputs.copy()
    changed[:, 6:] = 1 - changed[:, 6:]
    before, after = np.asarray(model(inputs)), np.asarray(model(changed))
    assert before.shape == (2, 9, len(VOCABULARY))
    np.testing.assert_allclose(before[:, :6], after[:, :6], atol=1e-6)
    assert np.abs(before[:, 6:] - after[:, 6:]).max() > 1e-3


def test_a_transformer_knows_the_position() -> None:
    model = build(ModelConfig(units=12, layers=1, heads=2, embedding=8))
    same = np.asarray(model(np.ones((1, 5, len(INPUTS)), np.int32)))[0]
    assert np.abs(np.diff(same, axis=0)).max(axis=1).min() > 1e-3
