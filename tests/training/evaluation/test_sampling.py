"""Free sampling: asked-for headers, tunes of their own seed, nothing repaired."""

import numpy as np
import pytest

from generator.composer.features import INPUTS
from generator.composer.model import ModelConfig, build
from generator.composer.runtime import open_runtime
from generator.composer.weights import load_weights
from generator.notation import tokens as t
from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.reader import read
from tests.training.baselines.test_forms import TRAINING
from training.baselines.forms import Header, form
from training.baselines.ngram import NGram
from training.evaluation import sampling
from training.evaluation.sampling import sample, weights_of

HEADERS = [Header("jig", "6/8", "D"), Header("", "6/8", "Am"), Header("jig", "6/8", "Bbmix"), Header("reel", "2/2", "G")] * 2


def ngram(name: str):
    spelling = form(name, TRAINING)
    examples = [spelling.example(tune) for tune in TRAINING]
    return NGram(examples, examples[:3], len(spelling.vocabulary), order=6), spelling


def lstm(name: str):
    spelling = form(name, TRAINING)
    # With the weights that it begins with, all tokens are about equally likely.
    config = ModelConfig(units=8, layers=2, embedding=8, feature_width=0, recall_width=0, vocabulary=len(spelling.vocabulary))
    return build(config), spelling


@pytest.mark.parametrize("source", [ngram, lstm])
@pytest.mark.parametrize("name", ["characters", "folk_rnn"])
def test_tunes_stand_under_the_header_that_was_asked_for(source, name):
    model, spelling = source(name)
    for header, tune in zip(HEADERS, sample(model, spelling, HEADERS, seed=1), strict=True):
        lines = tune.split("\n")
        at = next(index for index, line in enumerate(lines) if line.startswith("K:"))
        rhythm = [f"R:{header.rhythm}"] if header.rhythm else []
        assert lines[0] == "X:1"
        assert lines[at - len(rhythm) - 2 : at + 1] == [*rhythm, f"M:{header.metre}", "L:1/8", f"K:{header.key}"]
        assert not any(special in tune for special in ("<pad>", "<start>", "<unknown>", "<end>"))


def test_an_n_gram_of_tunes_that_were_learnt_by_heart_spells_tunes():
    model, spelling = ngram("folk_rnn")
    found = [read(tune) for tune in sample(model, spelling, HEADERS[:3] * 4, seed=3)]
    assert {(score.key, score.metre) for score in found} == {(Key.parse(key), Metre(6, 8)) for key in ("D", "Am", "Bbmix")}
    assert np.mean([len(list(score.notes())) for score in found]) > 5


@pytest.mark.parametrize("source", [ngram, lstm])
def test_a_tune_depends_on_its_seed_and_place_and_not_on_the_batch(source):
    model, spelling = source("folk_rnn")
    whole = sample(model, spelling, HEADERS, seed=1)
    assert whole == sample(model, spelling, HEADERS, seed=1, batch=3)
    assert whole[:2] == sample(model, spelling, HEADERS[:2], seed=1)
    assert whole != sample(model, spelling, HEADERS, seed=2)
    assert whole[0] != whole[4]


def test_a_low_temperature_draws_the_likeliest():
    model, spelling = ngram("folk_rnn")
    cold = sample(model, spelling, HEADERS[:1] * 5, seed=1, temperature=1e-4)
    assert len(set(cold)) == 1
    assert len(set(sample(model, spelling, HEADERS[:1] * 5, seed=1, temperature=1.5))) == 5


def test_tokens_are_drawn_as_often_as_the_model_says():
    model, spelling = ngram("folk_rnn")
    tunes = sample(model, spelling, HEADERS[:1] * 600, seed=1)
    state = model.begin(1)
    opening = spelling.indices(["<start>", "R:jig", "M:6/8", "K:Cmaj", "|:"])
    for token in opening:
        state = model.advance(state, np.array([token], np.int64))
    shares = model.predict(state)[0]
    for index in np.argsort(shares)[-3:]:
        pitch = spelling.decode(["", "", "", "", "|:", spelling.vocabulary[index]], HEADERS[0]).split("\n")[-2]
        # Read as written, and so that D is not taken for D,
        drawn = sum(tune.split("K:D\n")[1].startswith(pitch) and tune.split("K:D\n")[1][len(pitch)] not in ",'" for tune in tunes)
        begun = sum(tune.split("K:D\n")[1].startswith("|:") for tune in tunes)
        assert drawn / begun == pytest.approx(shares[index], abs=0.06)


def test_what_does_not_end_is_cut_off(monkeypatch):
    monkeypatch.setattr(sampling, "LONGEST", 30)
    model, spelling = lstm("folk_rnn")
    end = spelling.vocabulary.index(t.END)
    kernel, bias = model.get_layer("logits").get_weights()
    bias[end] = -100
    model.get_layer("logits").set_weights([kernel, bias])
    drawn = []
    monkeypatch.setattr(type(spelling), "decode", lambda self, tokens, header: drawn.append(len(tokens)) or "")
    assert sample(model, spelling, HEADERS) == [""] * 8
    assert drawn == [30] * 8


def test_a_keras_model_is_stepped_as_it_is():
    model, spelling = lstm("folk_rnn")
    rng = np.random.default_rng(2)
    model.set_weights([rng.normal(0, 0.5, array.shape) for array in model.get_weights()])  # as loud as trained ones
    rows = np.zeros((2, 12, len(INPUTS)), np.int32)
    rows[..., 0] = np.random.default_rng(1).integers(3, len(spelling.vocabulary), (2, 12))
    runtime = open_runtime(weights_of(model), 2)
    logits = np.asarray(model(rows))
    whole = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    for at in range(12):
        stepped = runtime.step(rows[:, at], np.full(2, at == 0))
        assert np.abs(stepped - whole[:, at]).max() < 0.1 * logits.std()  # of numbers of 8 bits


def test_our_own_model_goes_without_its_grammar():
    headers = [Header("jig", "6/8", "D"), Header("reel", "2/2", "Ador")] * 3
    tunes = sample(load_weights(), form("tunesmith", ()), headers, seed=2)
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


def test_nothing_is_sampled_for_no_headers():
    model, spelling = ngram("folk_rnn")
    assert sample(model, spelling, []) == []
