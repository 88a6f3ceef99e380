"""Tunes in the making: which token is drawn, from what the model says, the grammar lets through and the plan has fixed."""

from collections import Counter

import numpy as np
import pytest

from generator.composer import batch as module
from generator.composer.batch import DONE, ENDS_ON_TONIC, MIN_SHARE, TOO_LONG, Batch
from generator.composer.plan import make_plan
from generator.notation import tokens as t
from generator.notation.keys import Key, Mode
from generator.notation.opening import opening_tokens, read_opening
from generator.notation.reader import read
from generator.notation.structure import illegal_bars
from generator.request import TuneRequest

SIZE = len(t.VOCABULARY)
REEL = {"rhythm": "reel", "key": "Ador"}


def plan(seed: int = 1, **wishes):
    return make_plan(TuneRequest.check(seed=seed, **wishes))


def says(**likelihoods: float) -> np.ndarray:
    """Logits of a model that has an opinion of the header alone."""
    logits = np.zeros(SIZE, np.float32)
    for name, share in likelihoods.items():
        logits[t.INDEX[f"R:{name.replace('_', ' ')}"]] = np.log(share)
    return logits


def opinion(inputs: np.ndarray) -> np.ndarray:
    """Logits that depend on the row alone: on its token and its place."""
    at = (inputs[:, :3].astype(np.int64) * (7919, 104729, 1299709)).sum(1)
    return np.stack([np.random.default_rng(int(seed)).normal(size=SIZE) for seed in at]).astype(np.float32)


def compose(plans, rows: int | None = None, number: int = 0):
    """The tunes of plans, each in its row, from first to last."""
    batch = Batch(rows or len(plans))
    for row, made in enumerate(plans):
        batch.begin(row, made, number)
    active = np.arange(rows or len(plans)) < len(plans)
    while (going := active & (batch.news != DONE)).any():
        batch.advance(opinion(batch.inputs), going)
        assert not (active & (batch.news == TOO_LONG)).any()
    return [batch.written(row) for row in range(len(plans))]


def test_a_tune_begins_with_the_start_and_the_model_is_told_so():
    batch = Batch(2)
    batch.begin(1, plan(), 0)
    assert batch.inputs[1, 0] == t.INDEX[t.START]
    assert batch.news[1] != DONE
    assert [batch.bars(row) for row in range(2)] == [0, 0]


def drawn(likelihoods: dict[str, float], *, seeds: int = 1, numbers: int = 1, **wishes) -> Counter:
    """The rhythms that are drawn by requests of so many seeds, each in so many candidates."""
    batch = Batch(seeds * numbers)
    for seed in range(seeds):
        for number in range(numbers):
            batch.begin(seed * numbers + number, plan(seed, **wishes), number)
    logits = np.tile(np.full(SIZE, -50, np.float32), (seeds * numbers, 1))
    for name, share in likelihoods.items():
        logits[:, t.INDEX[f"R:{name}"]] = np.log(share)
    batch.advance(logits, np.ones(seeds * numbers, np.bool_))
    return Counter(t.VOCABULARY[token][2:] for token in batch.inputs[:, 0])


@pytest.mark.parametrize("across", ["seeds", "numbers"])
def test_tokens_are_drawn_as_often_as_the_model_says(across):
    likelihoods = {"reel": 0.5, "jig": 0.3, "waltz": 0.2}
    found = drawn(likelihoods, **{across: 1000})
    assert set(found) == set(likelihoods)
    for name, share in likelihoods.items():
        assert found[name] / 1000 == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_a_temperature_sharpens_or_flattens_what_the_model_says(temperature):
    likelihoods = {"reel": 0.6, "jig": 0.3, "waltz": 0.1}
    found = drawn(likelihoods, numbers=1000, temperature=temperature)
    powers = {name: share ** (1 / temperature) for name, share in likelihoods.items()}
    for name, power in powers.items():
        assert found[name] / 1000 == pytest.approx(power / sum(powers.values()), abs=0.05)


def test_what_is_much_less_likely_than_the_likeliest_is_never_drawn():
    rare, frequent = 0.9 * MIN_SHARE, 4 * MIN_SHARE
    found = drawn({"reel": 1.0, "jig": rare, "waltz": frequent}, numbers=1500, temperature=2.0)  # which would flatten them
    assert set(found) == {"reel", "waltz"}


def test_what_is_illegal_is_not_drawn_however_likely():
    batch = Batch(1)
    batch.begin(0, plan(rhythm="slip jig"), 0)
    logits = says()[None].copy()
    logits[:, t.INDEX["R:reel"]] = logits[:, t.INDEX[t.END]] = 1e4
    batch.advance(logits, np.array([True]))
    assert t.VOCABULARY[batch.inputs[0, 0]] == "R:slip jig"


def test_a_request_gives_the_same_candidates_again_and_each_candidate_is_another():
    made = plan(**REEL)
    first = compose([made])[0]
    assert compose([made])[0] == first
    assert len({compose([made], number=number)[0].tokens for number in range(4)}) == 4
    assert compose([plan(2, **REEL)])[0].tokens != first.tokens


def test_a_tune_depends_on_neither_its_row_nor_the_rows_beside_it():
    plans = [plan(seed, rhythm=rhythm) for seed, rhythm in enumerate(["reel", "jig", None, "waltz", "slip jig"])]
    together = compose(plans)
    assert compose(plans[::-1], 8)[::-1] == together
    assert [compose([made])[0] for made in plans] == together


def test_a_row_that_is_not_active_waits():
    plans = [plan(1, **REEL), plan(2, rhythm="jig")]
    batch = Batch(2)
    for row, made in enumerate(plans):
        batch.begin(row, made, 0)
    turn = 0
    while not (batch.news == DONE).all():
        turn += 1
        active = np.array([turn % 3 > 0, turn % 2 > 0]) & (batch.news != DONE)
        before = batch.inputs.copy()
        batch.advance(opinion(batch.inputs), active)
        assert np.array_equal(before[~active], batch.inputs[~active])
    assert [batch.written(row) for row in range(2)] == compose(plans)


def test_fewer_rows_than_there_are_may_be_advanced():
    batch = Batch(8)
    batch.begin(0, plan(**REEL), 0)
    while batch.news[0] != DONE:
        batch.advance(opinion(batch.inputs[:2]), np.array([True, False]))
    assert batch.written(0) == compose([plan(**REEL)])[0]


def test_a_row_may_be_begun_anew_in_the_midst_of_a_tune():
    batch = Batch(1)
    batch.begin(0, plan(3, opening="M:6/8\nK:D\n|:A|DFA dfa|"), 0)
    for _ in range(40):
        batch.advance(opinion(batch.inputs), np.array([True]))
    batch.begin(0, plan(**REEL), 0)
    while batch.news[0] != DONE:
        batch.advance(opinion(batch.inputs), np.array([True]))
    assert batch.written(0) == compose([plan(**REEL)])[0]


def test_the_key_is_that_of_the_mode_that_was_drawn():
    for written in compose([plan(seed) for seed in range(12)]):
        assert f"K:{written.key.mode}" in written.tokens
    fixed = compose([plan(**REEL)])[0]
    assert (fixed.key, fixed.tokens[3]) == (Key.parse("Ador"), "K:dorian")


def test_a_mode_alone_is_kept_and_candidates_stand_in_many_keys():
    keys = {compose([plan(key="dorian")], number=number)[0].key for number in range(16)}
    assert {key.mode for key in keys} == {Mode.DORIAN}
    assert len(keys) > 2


def test_most_tunes_end_on_their_tonic_and_as_many_as_asked_for():
    batch = Batch(400)
    for row in range(400):
        batch.begin(row, plan(row, **REEL), 0)
    told = batch.grammar.features.state["cadence"]
    assert set(told) == {t.ON_TONIC, t.ELSEWHERE}
    assert np.mean(told == t.ON_TONIC) == pytest.approx(ENDS_ON_TONIC, abs=0.06)


@pytest.mark.parametrize(("last", "cadence"), [("d", t.ON_TONIC), ("e", t.ELSEWHERE)])
def test_a_variation_is_told_the_cadence_of_its_tune(last, cadence):
    batch = Batch(1)
    tune = f"M:6/8\nK:D\n|:{'DFA dfa|' * 7}{last}6:|"
    batch.begin(0, plan(opening=tune, mode="vary"), 0)
    assert batch.grammar.features.state["cadence"][0] == cadence


def test_what_is_scripted_is_taken_as_it_is_and_the_model_goes_on():
    made = plan(opening="M:6/8\nK:D\n|:A|D2A d3-|d3 (f2a)|g")
    written = compose([made])[0]
    text, after = " ".join(written.tokens), " ".join(t.header_tokens("jig", made.metre, made.mode)[2:])
    # A duration that is in force already is not said again.
    assert f"{after} |: up24 /24 4 | /48 0 /24 4 /72 7 - | 7 /48 9 /24 11 | 10 " in text
    assert illegal_bars(t.decode(written.tokens, written.key, made.metre)) == []


def test_in_a_variation_the_model_fills_the_bars_that_are_free_and_no_others():
    tune = "M:6/8\nL:1/8\nK:D\n|:" + "|".join(f"{note}3 {note}3" for note in "DEFGABcd") + ":|"
    for seed in range(6):
        made = plan(seed, opening=tune, mode="vary")
        bars = " ".join(token or "?" for token in made.script).split(" | ")
        score = t.decode(compose([made])[0].tokens, made.key, made.metre)
        assert illegal_bars(score) == []
        assert len(score.bars) == 8
        given = read(tune)
        for number, bar in enumerate(bars):
            if bar != "?":
                assert [note.melody for note in score.bars[number].notes] == [note.melody for note in given.bars[number].notes]
        assert sum(bar == "?" for bar in bars) >= 2


@pytest.mark.parametrize("opening", ["", "M:6/8\nK:D\n|:A|DFA dfa|"])
def test_the_surprise_is_the_models_own_at_what_it_wrote_after_the_header(opening):
    """A model that expects each of its tokens with the same share, whatever the grammar or the opening leaves of them."""
    batch = Batch(1)
    batch.begin(0, plan(opening=opening), 0)
    scripted = len(opening_tokens(read_opening(opening))) if opening else 0
    steps = 0
    while batch.news[0] != DONE:
        logs = np.full((1, SIZE), -np.log(SIZE), np.float32)
        if steps < 3 + scripted:  # of the header and the opening it thinks otherwise: that is not counted
            logs[:] = -30
            logs[:, t.INDEX[t.END]] = 0
        batch.advance(logs, np.array([True]))
        steps += 1
    assert batch.written(0).bits_per_token == pytest.approx(np.log2(SIZE), rel=1e-5)


def test_a_tune_that_does_not_end_is_said_to_be_too_long(monkeypatch):
    monkeypatch.setattr(module, "LONGEST", 50)
    batch = Batch(2)
    for row in range(2):
        batch.begin(row, plan(row, **REEL), 0)
    for steps in range(1, 50):
        assert not (batch.news == TOO_LONG).any()
        assert batch.inputs.shape[0] == 2
        batch.advance(opinion(batch.inputs), np.array([True, steps < 20]))
    assert (batch.news == TOO_LONG).tolist() == [True, False]
    assert not (batch.news == DONE).any()


def test_an_opening_does_not_count_against_the_length(monkeypatch):
    monkeypatch.setattr(module, "LONGEST", 60)
    batch = Batch(1)
    made = plan(opening="M:4/4\nL:1/32\nK:D\n" + "|".join(["A2B" * 10 + "A2"] * 4))
    assert len(made.script) > 150
    batch.begin(0, made, 0)
    for _ in range(150):
        batch.advance(opinion(batch.inputs), np.array([True]))
    assert not (batch.news == TOO_LONG).any()
