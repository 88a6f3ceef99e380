"""Rules without exception: what never followed although it would often have by chance is made unlikely."""

import keras
import numpy as np
import pytest

from generator.composer.features import INPUTS
from generator.composer.model import ModelConfig, build
from generator.notation.keys import Key
from generator.notation.reader import read
from generator.notation.tokens import INDEX, VOCABULARY, bars_per_part, cadence_class, encode
from tests.training.tunes import melody, text
from training.dataset import HIDDEN, Example
from training.rules import LEAST, UNLIKELY, keep_rules

GAIN = 8.0
CONFIG = ModelConfig(units=4, layers=1, embedding=4, feature_width=4, recall_width=4, skip_gain=GAIN)


def example(seed: int) -> Example:
    tokens = encode(read(text(melody(seed))))
    return Example.of(tokens, Key.parse("D"), bars_per_part(tokens), cadence_class(tokens))


EXAMPLES = [example(seed) for seed in range(40)]


def ruled(examples: list[Example], config: ModelConfig = CONFIG) -> keras.Model:
    """A model that knows nothing yet but the rules."""
    keras.mixed_precision.set_global_policy("float32")
    model = build(config)
    keep_rules(model, examples, config.skip_gain)
    return model


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return ruled(EXAMPLES)


def table(model: keras.Model, name: str) -> np.ndarray:
    """What each class of an input says of each token, in nats."""
    return GAIN * np.asarray(model.get_layer(f"{name}_skip").get_weights()[0])


def test_a_token_that_never_followed_although_it_would_many_times_by_chance_is_made_unlikely(model):
    full, empty = 144 // 2, 0  # what remains of a bar of 6/8, in halves of ticks
    remaining = table(model, "remaining")
    assert remaining[full, INDEX["|"]] == pytest.approx(-UNLIKELY)  # a bar line where a bar has just begun
    assert remaining[empty, INDEX["0"]] == pytest.approx(-UNLIKELY)  # a note where the bar is full
    assert remaining[empty, INDEX["|"]] == remaining[full, INDEX["0"]] == 0


def test_what_followed_or_was_too_rare_to_tell_stays_as_it_was(model):
    for column, name in enumerate(INPUTS):
        if column in HIDDEN or f"{name}_skip" not in {layer.name for layer in model.layers}:
            continue
        counts = np.zeros((INPUTS[name], len(VOCABULARY)))
        for one in EXAMPLES:
            for here, following in zip(one.inputs[:-1, column], one.tokens[1:], strict=True):
                counts[here, following] += 1
        chance = np.outer(counts.sum(1), counts.sum(0)) / counts.sum()
        expected = np.where((counts == 0) & (chance >= LEAST), -UNLIKELY, 0)
        np.testing.assert_allclose(table(model, name), expected, atol=1e-5)


def test_a_model_with_rules_expects_a_slip_as_little_as_they_say(model):
    rows = np.zeros((1, 1, len(INPUTS)), np.int32)
    plain = build(CONFIG)
    plain.set_weights([0 * weight for weight in plain.get_weights()])
    plain.get_layer("remaining_skip").set_weights(model.get_layer("remaining_skip").get_weights())
    rows[..., list(INPUTS).index("remaining")] = 72
    logits = np.asarray(plain(rows))[0, 0]
    assert logits[INDEX["|"]] - logits[INDEX["0"]] == pytest.approx(-UNLIKELY)


def test_what_is_hidden_at_times_rules_out_nothing(model):
    for name in ("tonic", "parts_left", "bars_left", "cadence"):
        assert not table(model, name).any()
    assert table(model, "section").any()


def test_with_few_tunes_nothing_is_ruled_out():
    few = ruled(EXAMPLES[:1])
    assert table(few, "remaining").min() == 0
    assert not any(table(ruled([]), name).any() for name in ("token", "remaining", "last_pitch"))


def test_a_model_that_nothing_speaks_to_directly_stays_as_it_is():
    config = ModelConfig(units=4, layers=1, embedding=4, feature_width=4, recall_width=4, skip_gain=0)
    keras.utils.set_random_seed(1)
    before = build(config).get_weights()
    keras.utils.set_random_seed(1)
    assert all(np.array_equal(a, b) for a, b in zip(before, ruled(EXAMPLES[:2], config).get_weights(), strict=True))


def test_what_was_learnt_is_kept_where_no_rule_or_a_stronger_one_says_otherwise():
    ruled_out = table(ruled(EXAMPLES), "remaining") < 0
    model = build(CONFIG)
    learnt = np.random.default_rng(1).normal(0, 2 * UNLIKELY / GAIN, ruled_out.shape).astype(np.float32)
    model.get_layer("remaining_skip").set_weights([learnt])
    keep_rules(model, EXAMPLES, GAIN)
    found = table(model, "remaining")
    assert np.array_equal(found[~ruled_out], GAIN * learnt[~ruled_out])
    np.testing.assert_allclose(found[ruled_out], np.minimum(GAIN * learnt, -UNLIKELY)[ruled_out], rtol=1e-5)
    assert (found[ruled_out] < -1.5 * UNLIKELY).any()
    keep_rules(model, EXAMPLES, GAIN)
    np.testing.assert_allclose(table(model, "remaining"), found, rtol=1e-6)
