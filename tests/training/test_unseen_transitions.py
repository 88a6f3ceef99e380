"""Transitions that never occur in the training tunes become unlikely."""

import keras
import numpy as np
import pytest

from generator.composer.features import INPUTS
from generator.composer.model import ModelConfig, build
from generator.composer.returns import outline_of
from generator.notation.keys import Key
from generator.notation.reader import read
from generator.notation.tokens import INDEX, VOCABULARY, cadence_class, encode
from tests.training.tunes import melody, text
from training.batches import OPTIONAL_COLUMNS, Example
from training.unseen_transitions import MIN_EXPECTED, PENALTY, suppress_unseen

GAIN = 8.0
CONFIG = ModelConfig(units=4, layers=1, embedding=4, feature_width=4, recall_width=4, skip_gain=GAIN)


def example(seed: int) -> Example:
    tokens = encode(read(text(melody(seed))))
    return Example.of(tokens, Key.parse("D"), outline_of(tokens), cadence_class(tokens))


EXAMPLES = [example(seed) for seed in range(40)]


def suppressed(examples: list[Example], config: ModelConfig = CONFIG) -> keras.Model:
    """An untrained model after suppress_unseen."""
    keras.mixed_precision.set_global_policy("float32")
    model = build(config)
    suppress_unseen(model, examples, config.skip_gain)
    return model


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return suppressed(EXAMPLES)


def table(model: keras.Model, name: str) -> np.ndarray:
    """The skip connection's logits (classes, vocabulary) of a feature, in nats."""
    return GAIN * np.asarray(model.get_layer(f"{name}_skip").get_weights()[0])


def test_a_token_that_never_followed_a_value_becomes_unlikely(model: keras.Model) -> None:
    full, empty = 144 // 2, 0  # remaining ticks of a bar of 6/8, divided by 2
    remaining = table(model, "remaining")
    assert remaining[full, INDEX["|"]] == pytest.approx(-PENALTY)  # a bar line at the beginning of a bar
    assert remaining[empty, INDEX["0"]] == pytest.approx(-PENALTY)  # a note in a full bar
    assert remaining[empty, INDEX["|"]] == remaining[full, INDEX["0"]] == 0


def test_seen_and_rare_transitions_are_unchanged(model: keras.Model) -> None:
    for column, name in enumerate(INPUTS):
        if column in OPTIONAL_COLUMNS or f"{name}_skip" not in {layer.name for layer in model.layers}:
            continue
        counts = np.zeros((INPUTS[name], len(VOCABULARY)))
        for one in EXAMPLES:
            for here, following in zip(one.inputs[:-1, column], one.tokens[1:], strict=True):
                counts[here, following] += 1
        expected_counts = np.outer(counts.sum(1), counts.sum(0)) / counts.sum()
        expected = np.where((counts == 0) & (expected_counts >= MIN_EXPECTED), -PENALTY, 0)
        np.testing.assert_allclose(table(model, name), expected, atol=1e-5)


def test_the_penalty_reaches_the_logits(model: keras.Model) -> None:
    rows = np.zeros((1, 1, len(INPUTS)), np.int32)
    plain = build(CONFIG)
    plain.set_weights([0 * weight for weight in plain.get_weights()])
    plain.get_layer("remaining_skip").set_weights(model.get_layer("remaining_skip").get_weights())
    rows[..., list(INPUTS).index("remaining")] = 72
    logits = np.asarray(plain(rows))[0, 0]
    assert logits[INDEX["|"]] - logits[INDEX["0"]] == pytest.approx(-PENALTY)


def test_optional_features_suppress_nothing(model: keras.Model) -> None:
    for name in ("tonic", "parts_left", "bars_left", "cadence"):
        assert not table(model, name).any()
    assert table(model, "section").any()


def test_few_tunes_suppress_nothing() -> None:
    few = suppressed(EXAMPLES[:1])
    assert table(few, "remaining").min() == 0
    assert not any(table(suppressed([]), name).any() for name in ("token", "remaining", "last_pitch"))


def test_a_model_without_skip_connections_is_unchanged() -> None:
    config = ModelConfig(units=4, layers=1, embedding=4, feature_width=4, recall_width=4, skip_gain=0)
    keras.utils.set_random_seed(1)
    before = build(config).get_weights()
    keras.utils.set_random_seed(1)
    assert all(np.array_equal(a, b) for a, b in zip(before, suppressed(EXAMPLES[:2], config).get_weights(), strict=True))


def test_learned_weights_are_kept_unless_the_penalty_is_lower() -> None:
    unseen = table(suppressed(EXAMPLES), "remaining") < 0
    model = build(CONFIG)
    learned = np.random.default_rng(1).normal(0, 2 * PENALTY / GAIN, unseen.shape).astype(np.float32)
    model.get_layer("remaining_skip").set_weights([learned])
    suppress_unseen(model, EXAMPLES, GAIN)
    found = table(model, "remaining")
    assert np.array_equal(found[~unseen], GAIN * learned[~unseen])
    np.testing.assert_allclose(found[unseen], np.minimum(GAIN * learned, -PENALTY)[unseen], rtol=1e-5)
    assert (found[unseen] < -1.5 * PENALTY).any()
    suppress_unseen(model, EXAMPLES, GAIN)
    np.testing.assert_allclose(table(model, "remaining"), found, rtol=1e-6)
