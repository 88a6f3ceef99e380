"""Free sampling: requested headers, a seed for each tune, no corrections."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from generator.composer.features import INPUTS
from generator.composer.model import ModelConfig, build
from generator.composer.runtime import open_runtime
from generator.composer.weights import load_weights
from generator.notation import tokens as t
from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.reader import read
from tests.training.baselines.test_tokenizers import TRAINING
from training.baselines.ngram import NGram
from training.baselines.tokenizers import Header, Tokenizer, make_tokenizer
from training.evaluation import sampling
from training.evaluation.sampling import sample, weights_of

HEADERS = [Header("jig", "6/8", "D"), Header("", "6/8", "Am"), Header("jig", "6/8", "Bbmix"), Header("reel", "2/2", "G")] * 2


def ngram(name: str) -> tuple[NGram, Tokenizer]:
    tokenizer = make_tokenizer(name, TRAINING)
    examples = [tokenizer.example(tune) for tune in TRAINING]
    return NGram(examples, examples[:3], len(tokenizer.vocabulary), order=6), tokenizer


def lstm(name: str) -> tuple[Any, Tokenizer]:
    tokenizer = make_tokenizer(name, TRAINING)
    # Without training, all tokens are about equally likely.
    config = ModelConfig(units=8, layers=2, embedding=8, feature_width=0, recall_width=0, vocabulary=len(tokenizer.vocabulary))
    return build(config), tokenizer


@pytest.mark.parametrize("source", [ngram, lstm])
@pytest.mark.parametrize("name", ["characters", "folk_rnn"])
def test_tunes_begin_with_the_requested_header(source: Callable[[str], tuple[Any, Tokenizer]], name: str) -> None:
    model, tokenizer = source(name)
    for header, tune in zip(HEADERS, sample(model, tokenizer, HEADERS, seed=1), strict=True):
        lines = tune.split("\n")
        at = next(index for index, line in enumerate(lines) if line.startswith("K:"))
        rhythm = [f"R:{header.rhythm}"] if header.rhythm else []
        assert lines[0] == "X:1"
        assert lines[at - len(rhythm) - 2 : at + 1] == [*rhythm, f"M:{header.metre}", "L:1/8", f"K:{header.key}"]
        assert not any(special in tune for special in ("<pad>", "<start>", "<unknown>", "<end>"))


def test_an_n_gram_model_reproduces_readable_tunes() -> None:
    model, tokenizer = ngram("folk_rnn")
    found = [read(tune) for tune in sample(model, tokenizer, HEADERS[:3] * 4, seed=3)]
    assert {(score.key, score.metre) for score in found} == {(Key.parse(key), Metre(6, 8)) for key in ("D", "Am", "Bbmix")}
    assert np.mean([len(list(score.notes())) for score in found]) > 5


@pytest.mark.parametrize("source", [ngram, lstm])
def test_a_tune_depends_on_the_seed_and_its_index_and_not_on_the_batch(source: Callable[[str], tuple[Any, Tokenizer]]) -> None:
    model, tokenizer = source("folk_rnn")
    whole = sample(model, tokenizer, HEADERS, seed=1)
    assert whole == sample(model, tokenizer, HEADERS, seed=1, batch_size=3)
    assert whole[:2] == sample(model, tokenizer, HEADERS[:2], seed=1)
    assert whole != sample(model, tokenizer, HEADERS, seed=2)
    assert whole[0] != whole[4]


def test_a_low_temperature_samples_the_most_likely_tokens() -> None:
    model, tokenizer = ngram("folk_rnn")
    cold = sample(model, tokenizer, HEADERS[:1] * 5, seed=1, temperature=1e-4)
    assert len(set(cold)) == 1
    assert len(set(sample(model, tokenizer, HEADERS[:1] * 5, seed=1, temperature=1.5))) == 5


def test_tokens_are_sampled_as_often_as_the_model_predicts() -> None:
    model, tokenizer = ngram("folk_rnn")
    tunes = sample(model, tokenizer, HEADERS[:1] * 600, seed=1)
    state = model.initial_state(1)
    opening = tokenizer.indices(["<start>", "R:jig", "M:6/8", "K:Cmaj", "|:"])
    for token in opening:
        state = model.advance(state, np.array([token], np.int64))
    probabilities = model.predict(state)[0]
    for index in np.argsort(probabilities)[-3:]:
        pitch = tokenizer.decode(["", "", "", "", "|:", tokenizer.vocabulary[index]], HEADERS[0]).split("\n")[-2]
        # Compare as text, but don't confuse D with D,
        drawn = sum(tune.split("K:D\n")[1].startswith(pitch) and tune.split("K:D\n")[1][len(pitch)] not in ",'" for tune in tunes)
        begun = sum(tune.split("K:D\n")[1].startswith("|:") for tune in tunes)
        assert drawn / begun == pytest.approx(probabilities[index], abs=0.06)


def test_a_tune_without_an_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MAX_TOKENS", 30)
    model, tokenizer = lstm("folk_rnn")
    end = tokenizer.vocabulary.index(t.END)
    kernel, bias = model.get_layer("logits").get_weights()
    bias[end] = -100
    model.get_layer("logits").set_weights([kernel, bias])
    lengths: list[int] = []

    def decode(self: Tokenizer, tokens: list[str], header: Header) -> str:
        lengths.append(len(tokens))
        return ""

    monkeypatch.setattr(type(tokenizer), "decode", decode)
    assert sample(model, tokenizer, HEADERS) == [""] * 8
    assert lengths == [30] * 8


def test_the_runtime_agrees_with_the_keras_model() -> None:
    model, tokenizer = lstm("folk_rnn")
    rng = np.random.default_rng(2)
    model.set_weights([rng.normal(0, 0.5, array.shape) for array in model.get_weights()])  # as large as trained weights
    rows = np.zeros((2, 12, len(INPUTS)), np.int32)
    rows[..., 0] = np.random.default_rng(1).integers(3, len(tokenizer.vocabulary), (2, 12))
    runtime = open_runtime(weights_of(model), 2)
    logits = np.asarray(model(rows))
    whole = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    for at in range(12):
        stepped = runtime.step(rows[:, at], np.full(2, at == 0))
        assert np.abs(stepped - whole[:, at]).max() < 0.1 * logits.std()  # the runtime computes with 8 bits


def test_our_model_is_sampled_without_its_grammar() -> None:
    headers = [Header("jig", "6/8", "D"), Header("reel", "2/2", "Ador")] * 3
    tunes = sample(load_weights(), make_tokenizer("tunesmith", ()), headers, seed=2)
    readable = 0
    for header, tune in zip(headers, tunes, strict=True):
        try:
            score = read(tune)
        except NotationError:
            continue
        readable += 1
        assert (score.rhythm, score.key, score.metre) == (header.rhythm, Key.parse(header.key), Metre.parse(header.metre))
        assert len(list(score.notes())) > 20
    assert readable >= 5


def test_no_headers_give_no_tunes() -> None:
    model, tokenizer = ngram("folk_rnn")
    assert sample(model, tokenizer, []) == []


def test_a_transformer_is_sampled_as_if_it_read_each_tune_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "READ_AHEAD", 4)
    model = build(ModelConfig(units=8, layers=1, heads=2, embedding=8))
    rows = np.random.default_rng(1).integers(0, 2, (3, 11, len(INPUTS))).astype(np.int32)
    rows[..., 0] += 20  # tokens
    stepper = sampling._stepper(model, 3)
    begins = np.zeros((11, 3), np.bool_)
    begins[0], begins[5, 1] = True, True  # the second tune ends after five tokens, and another one takes its row
    found = np.stack([stepper.step(rows[:, step], begins[step]) for step in range(11)], 1)

    def expected(part: NDArray[np.int32]) -> NDArray[np.float32]:
        return np.asarray(tf.nn.log_softmax(model(part[None]))[0])

    np.testing.assert_allclose(found[0], expected(rows[0]), atol=1e-5)
    np.testing.assert_allclose(found[1], np.concatenate([expected(rows[1, :5]), expected(rows[1, 5:])]), atol=1e-5)
    assert np.abs(np.diff(found[0], axis=0)).max() > 1e-3
