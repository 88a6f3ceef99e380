"""Batches: which token is drawn, given the model's probabilities, the grammar and the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from generator.composer import batch as module
from generator.composer.batch import DONE, ENDS_ON_TONIC, MAY_GO_LOW, MIN_SHARE, OTHER_TEMPERATURE, TOO_LONG, Batch, Candidate
from generator.composer.pitch_range import OCTAVES
from generator.composer.plan import Plan, make_plan
from generator.composer.returns import ALL, NOTHING
from generator.notation import tokens as t
from generator.notation.keys import Key, Mode
from generator.notation.opening import opening_tokens, read_opening
from generator.notation.reader import read
from generator.notation.structure import illegal_bars
from generator.request import TuneRequest

SIZE = len(t.VOCABULARY)
REEL: dict[str, Any] = {"rhythm": "reel", "key": "Ador"}


def plan(seed: int = 1, **options: Any) -> Plan:
    return make_plan(TuneRequest.check(seed=seed, **options))


def preferences(**likelihoods: float) -> np.ndarray:
    """Logits of a model that has preferences in the header only."""
    logits = np.zeros(SIZE, np.float32)
    for name, share in likelihoods.items():
        logits[t.INDEX[f"R:{name.replace('_', ' ')}"]] = np.log(share)
    return logits


def logits_of(inputs: np.ndarray) -> np.ndarray:
    """Logits that depend on the row's token and position only."""
    at = (inputs[:, :3].astype(np.int64) * (7919, 104729, 1299709)).sum(1)
    return np.stack([np.random.default_rng(int(seed)).normal(size=SIZE) for seed in at]).astype(np.float32)


def compose(plans: Sequence[Plan], rows: int | None = None, number: int = 0) -> list[Candidate]:
    """Composes a tune for each plan, each in a row of its own."""
    batch = Batch(rows or len(plans))
    for row, made in enumerate(plans):
        batch.begin(row, made, number)
    active = np.arange(rows or len(plans)) < len(plans)
    while (going := active & (batch.events != DONE)).any():
        batch.advance(logits_of(batch.inputs), going)
        assert not (active & (batch.events == TOO_LONG)).any()
    return [batch.candidate(row) for row in range(len(plans))]


def test_a_tune_begins_with_the_start_token() -> None:
    batch = Batch(2)
    batch.begin(1, plan(), 0)
    assert batch.inputs[1, 0] == t.INDEX[t.START]
    assert batch.events[1] != DONE
    assert [batch.bars(row) for row in range(2)] == [0, 0]


def share_below_d4(**options: Any) -> float:
    """Which share of the candidates may go below D4."""
    batch = Batch(300)
    for number in range(300):
        batch.begin(number, plan(key="D", **options), number)
    return float(batch.grammar.arrays.playable[:, t.MODES.index(Mode.MAJOR), OCTAVES.index(0), t.INDEX["-1"]].mean())


def test_half_of_the_candidates_stay_above_the_lowest_note_of_a_whistle() -> None:
    assert share_below_d4() == share_below_d4(instrument="fiddle") == pytest.approx(MAY_GO_LOW, abs=0.1)
    assert share_below_d4(instrument="whistle") == 0
    assert share_below_d4(opening="DFAd|") == 1


def drawn_rhythms(likelihoods: dict[str, float], *, seeds: int = 1, numbers: int = 1, **options: Any) -> Counter[str]:
    """How often each rhythm is drawn, over a number of seeds and of candidates for each."""
    batch = Batch(seeds * numbers)
    for seed in range(seeds):
        for number in range(numbers):
            batch.begin(seed * numbers + number, replace(plan(seed, **options), rhythm=None, metre=None), number)
    logits = np.tile(np.full(SIZE, -50, np.float32), (seeds * numbers, 1))
    for name, share in likelihoods.items():
        logits[:, t.INDEX[f"R:{name}"]] = np.log(share)
    batch.advance(logits, np.ones(seeds * numbers, np.bool_))
    return Counter(t.VOCABULARY[token][2:] for token in batch.inputs[:, 0])


@pytest.mark.parametrize("across", ["seeds", "numbers"])
def test_tokens_are_drawn_with_the_models_probabilities(across: str) -> None:
    likelihoods = {"reel": 0.5, "jig": 0.3, "waltz": 0.2}
    found = drawn_rhythms(likelihoods, **{across: 1000})
    assert set(found) == set(likelihoods)
    for name, share in likelihoods.items():
        assert found[name] / 1000 == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_the_temperature_sharpens_or_flattens_the_probabilities(temperature: float) -> None:
    likelihoods = {"reel": 0.6, "jig": 0.3, "waltz": 0.1}
    found = drawn_rhythms(likelihoods, numbers=1000, temperature=temperature)
    powers = {name: share ** (1 / (OTHER_TEMPERATURE * temperature)) for name, share in likelihoods.items()}
    for name, power in powers.items():
        assert found[name] / 1000 == pytest.approx(power / sum(powers.values()), abs=0.05)


def drawn_notes(likelihoods: dict[str, float], rows: int, **options: Any) -> Counter[str]:
    """How often each token is drawn after the duration of the first note."""
    batch = Batch(rows)
    for number in range(rows):
        batch.begin(number, plan(rhythm="reel", key="D", metre="4/4", **options), number)
    active = np.ones(rows, np.bool_)
    for shares in [{"/24": 1.0}] * 5 + [{"0": 1.0}] + [likelihoods]:  # R:, M:, K:, |:, the duration and the first note
        logits = np.full((rows, SIZE), -50, np.float32)
        for name, share in shares.items():
            logits[:, t.INDEX[name]] = np.log(share)
        batch.advance(logits, active)
    return Counter(t.VOCABULARY[token] for token in batch.inputs[:, 0])


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_pitches_are_drawn_at_the_usual_temperature(temperature: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TEMPERATURES", {"reel": (0.5, 1.0)})
    likelihoods = {"2": 0.6, "4": 0.4}
    found = drawn_notes(likelihoods, 1000, temperature=temperature)
    powers = {name: share ** (1 / (0.5 * temperature)) for name, share in likelihoods.items()}
    assert set(found) == set(likelihoods)
    for name, power in powers.items():
        assert found[name] / 1000 == pytest.approx(power / sum(powers.values()), abs=0.05)


def test_a_rhythm_without_temperatures_of_its_own_has_the_usual_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TEMPERATURES", {"jig": (2.0, 2.0)})
    monkeypatch.setattr(module, "PITCH_TEMPERATURE", 0.1)
    assert drawn_notes({"2": 0.6, "4": 0.4}, 300)["2"] > 280


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_the_rhythm_does_not_depend_on_the_temperature_of_pitches(temperature: float, monkeypatch: pytest.MonkeyPatch) -> None:
    likelihoods = {"2": 0.3, "4": 0.2, "/12": 0.35, "/48": 0.15}
    other = 0.8 * temperature
    powers = [0.5 ** (1 / other), *(likelihoods[name] ** (1 / other) for name in ("/12", "/48"))]
    for usual in (0.5, 1.0):
        monkeypatch.setattr(module, "TEMPERATURES", {"reel": (usual, 0.8)})
        found = drawn_notes(likelihoods, 1000, temperature=temperature)
        shares = [found["2"] + found["4"], found["/12"], found["/48"]]
        assert [share / 1000 for share in shares] == pytest.approx([power / sum(powers) for power in powers], abs=0.05)


def test_tokens_below_the_minimum_share_are_never_drawn() -> None:
    rare, frequent = 0.9 * MIN_SHARE, 4 * MIN_SHARE
    found = drawn_rhythms(
        {"reel": 1.0, "jig": rare, "waltz": frequent}, numbers=1500, temperature=2.0
    )  # which flattens the probabilities
    assert set(found) == {"reel", "waltz"}


def test_illegal_tokens_are_not_drawn_however_probable() -> None:
    batch = Batch(1)
    batch.begin(0, plan(rhythm="slip jig"), 0)
    logits = preferences()[None].copy()
    logits[:, t.INDEX["R:reel"]] = logits[:, t.INDEX[t.END]] = 1e4
    batch.advance(logits, np.array([True]))
    assert t.VOCABULARY[batch.inputs[0, 0]] == "R:slip jig"


def test_a_request_always_gives_the_same_candidates_which_differ_from_each_other() -> None:
    made = plan(**REEL)
    first = compose([made])[0]
    assert compose([made])[0] == first
    assert len({compose([made], number=number)[0].tokens for number in range(4)}) == 4
    assert compose([plan(2, **REEL)])[0].tokens != first.tokens


def test_a_tune_does_not_depend_on_its_row_or_on_other_rows() -> None:
    plans = [plan(seed, rhythm=rhythm) for seed, rhythm in enumerate(["reel", "jig", None, "waltz", "slip jig"])]
    together = compose(plans)
    assert compose(plans[::-1], 8)[::-1] == together
    assert [compose([made])[0] for made in plans] == together


def test_an_inactive_row_waits() -> None:
    plans = [plan(1, **REEL), plan(2, rhythm="jig")]
    batch = Batch(2)
    for row, made in enumerate(plans):
        batch.begin(row, made, 0)
    turn = 0
    while not (batch.events == DONE).all():
        turn += 1
        active = np.array([turn % 3 > 0, turn % 2 > 0]) & (batch.events != DONE)
        before = batch.inputs.copy()
        batch.advance(logits_of(batch.inputs), active)
        assert np.array_equal(before[~active], batch.inputs[~active])
    assert [batch.candidate(row) for row in range(2)] == compose(plans)


def test_the_first_rows_can_be_advanced_alone() -> None:
    batch = Batch(8)
    batch.begin(0, plan(**REEL), 0)
    while batch.events[0] != DONE:
        batch.advance(logits_of(batch.inputs[:2]), np.array([True, False]))
    assert batch.candidate(0) == compose([plan(**REEL)])[0]


def test_a_new_tune_can_begin_before_the_old_one_ends() -> None:
    batch = Batch(1)
    batch.begin(0, plan(3, opening="M:6/8\nK:D\n|:A|DFA dfa|"), 0)
    for _ in range(40):
        batch.advance(logits_of(batch.inputs), np.array([True]))
    batch.begin(0, plan(**REEL), 0)
    while batch.events[0] != DONE:
        batch.advance(logits_of(batch.inputs), np.array([True]))
    assert batch.candidate(0) == compose([plan(**REEL)])[0]


def test_the_key_is_that_of_the_mode_that_was_drawn() -> None:
    for written in compose([plan(seed) for seed in range(12)]):
        assert f"K:{written.key.mode}" in written.tokens
    fixed = compose([plan(**REEL)])[0]
    assert (fixed.key, fixed.tokens[3]) == (Key.parse("Ador"), "K:dorian")


def test_a_mode_alone_is_kept_and_candidates_are_in_many_keys() -> None:
    keys = {compose([plan(key="dorian")], number=number)[0].key for number in range(16)}
    assert {key.mode for key in keys} == {Mode.DORIAN}
    assert len(keys) > 2


def test_the_intended_share_of_tunes_ends_on_the_tonic() -> None:
    batch = Batch(400)
    for row in range(400):
        batch.begin(row, replace(plan(row, **REEL), returns=()), 0)
    told = batch.grammar.features.state["cadence"]
    assert set(told) == {t.ON_TONIC, t.ELSEWHERE}
    assert np.mean(told == t.ON_TONIC) == pytest.approx(ENDS_ON_TONIC, abs=0.06)


@pytest.mark.parametrize(("last", "cadence"), [("d", t.ON_TONIC), ("e", t.ELSEWHERE)])
def test_a_variation_gets_the_cadence_of_its_tune(last: str, cadence: int) -> None:
    batch = Batch(1)
    tune = f"M:6/8\nK:D\n|:{'DFA dfa|' * 7}{last}6:|"
    batch.begin(0, plan(opening=tune, mode="vary"), 0)
    assert batch.grammar.features.state["cadence"][0] == cadence


def test_scripted_tokens_are_taken_unchanged_and_the_model_continues() -> None:
    made = plan(opening="M:6/8\nK:D\n|:A|D2A d3-|d3 (f2a)|g")
    written = compose([made])[0]
    assert made.metre
    text, after = " ".join(written.tokens), " ".join(t.header_tokens("jig", made.metre, made.mode)[2:])
    # A duration that is in force already is not repeated.
    assert f"{after} |: up24 /24 4 | /48 0 /24 4 /72 7 - | 7 /48 9 /24 11 | 10 " in text
    assert illegal_bars(t.decode(written.tokens, written.key, made.metre)) == []


def test_in_a_variation_the_model_fills_only_the_free_bars() -> None:
    tune = "M:6/8\nL:1/8\nK:D\n|:" + "|".join(f"{note}3 {note}3" for note in "DEFGABcd") + ":|"
    for seed in range(6):
        made = plan(seed, opening=tune, mode="vary")
        assert made.key and made.metre
        bars = " ".join("?" if token[0] == "?" else token for token in made.script).split(" | ")
        score = t.decode(compose([made])[0].tokens, made.key, made.metre)
        assert illegal_bars(score) == []
        assert len(score.bars) == 8
        given = read(tune)
        for number, bar in enumerate(bars):
            if bar != "?":
                assert [note.melody for note in score.bars[number].notes] == [note.melody for note in given.bars[number].notes]
        assert sum(bar == "?" for bar in bars) >= 2


@pytest.mark.parametrize("opening", ["", "M:6/8\nK:D\n|:A|DFA dfa|"])
def test_bits_per_token_count_only_what_the_model_wrote_after_the_header(opening: str) -> None:
    """The model gives every token the same probability; neither the grammar's mask nor the opening changes that."""
    batch = Batch(1)
    batch.begin(0, plan(opening=opening), 0)
    scripted = len(opening_tokens(read_opening(opening))) if opening else 0
    steps = 0
    while batch.events[0] != DONE:
        logs = np.full((1, SIZE), -np.log(SIZE), np.float32)
        if steps < 3 + scripted:  # other probabilities for the header and the opening, which do not count
            logs[:] = -30
            logs[:, t.INDEX[t.END]] = 0
        batch.advance(logs, np.array([True]))
        steps += 1
    assert batch.candidate(0).bits_per_token == pytest.approx(np.log2(SIZE), rel=1e-5)


def test_a_tune_that_does_not_end_is_reported_as_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 50)
    batch = Batch(2)
    for row in range(2):
        batch.begin(row, plan(row, **REEL), 0)
    for steps in range(1, 50):
        assert not (batch.events == TOO_LONG).any()
        assert batch.inputs.shape[0] == 2
        batch.advance(logits_of(batch.inputs), np.array([True, steps < 20]))
    assert (batch.events == TOO_LONG).tolist() == [True, False]
    assert not (batch.events == DONE).any()


def test_an_opening_does_not_count_against_the_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 60)
    batch = Batch(1)
    made = plan(opening="M:4/4\nL:1/32\nK:D\n" + "|".join(["A2B" * 10 + "A2"] * 4))
    assert len(made.script) > 150
    batch.begin(0, made, 0)
    for _ in range(150):
        batch.advance(logits_of(batch.inputs), np.array([True]))
    assert not (batch.events == TOO_LONG).any()


def test_a_tune_that_ends_as_an_earlier_bar_may_end_on_any_note() -> None:
    batch, made = Batch(2), plan(rhythm="jig")
    for row, last in enumerate(((ALL, 7), (NOTHING, -1))):
        batch.begin(row, replace(made, returns=[*made.returns[:-1], last]), 0)
    assert batch.grammar.features.state["cadence"][0] == 0
    assert batch.grammar.features.state["cadence"][1] in (t.ON_TONIC, t.ELSEWHERE)
