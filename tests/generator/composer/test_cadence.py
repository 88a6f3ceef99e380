"""The grammar ends tunes with the given cadence."""

from __future__ import annotations

import random
from itertools import product

import pytest

from generator.composer.form import Form
from generator.notation import tokens as t
from generator.notation.keys import Key
from generator.notation.metres import Metre
from tests.generator.composer.grammar_walks import PREFERENCES, TONICS, at_random, begin_arguments, preferring, walk


@pytest.mark.parametrize("form", [Form(), Form(4, 1, 1), Form(1, 2, 2), Form(repeated=False)])
def test_a_tune_with_that_cadence_ends_on_the_tonic(form: Form) -> None:
    tunes_to_write, choices = [], []
    for seed, (metre, mode) in enumerate(product(t.METRES, t.MODES)):
        key = Key(random.Random(seed).choice(TONICS[mode]), mode)
        tunes_to_write += [begin_arguments(key, metre, form=form, cadence=t.ON_TONIC)] * 2
        choices += [at_random(seed), preferring("up", "[1", seed=seed)]
    for tokens in walk(tunes_to_write, choices)[1]:
        assert t.cadence_class(tokens) == t.ON_TONIC, tokens[-12:]
        last = [token for token in tokens if t.is_pitch(token)][-1]
        assert last != t.REST


@pytest.mark.parametrize("wanted", PREFERENCES)
def test_a_model_with_one_preference_ends_on_the_tonic_too(wanted: str) -> None:
    modes = [t.MODES[at % 4] for at in range(len(t.METRES))]
    tunes_to_write = [
        begin_arguments(Key(TONICS[mode][at % 12], mode), metre, cadence=t.ON_TONIC)
        for at, (metre, mode) in enumerate(zip(t.METRES, modes, strict=True))
    ]
    for tokens in walk(tunes_to_write, [preferring(wanted, seed=seed) for seed in range(len(tunes_to_write))])[1]:
        assert t.cadence_class(tokens) == t.ON_TONIC, tokens[-12:]


def test_a_tie_into_the_last_bar_does_not_prevent_the_cadence() -> None:
    """A model that ties whenever possible and fills the last bar with the tied note."""
    tunes_to_write = [begin_arguments(Key("D"), metre, cadence=t.ON_TONIC) for metre in t.METRES] * 6
    whole = {metre: f"/{int(metre.bar * t.TICKS)}" for metre in t.METRES}
    choices = [preferring("-", whole[wanted["metre"]], seed=seed) for seed, wanted in enumerate(tunes_to_write)]
    for tokens in walk(tunes_to_write, choices)[1]:
        assert t.cadence_class(tokens) == t.ON_TONIC, tokens[-12:]


def test_without_a_cadence_tunes_end_on_other_notes_too() -> None:
    wanted = [begin_arguments(Key("D"), Metre(6, 8), cadence=cadence) for cadence in (0, t.ELSEWHERE) for _ in range(8)]
    found = [t.cadence_class(tokens) for tokens in walk(wanted, [at_random(seed) for seed in range(16)])[1]]
    assert t.ELSEWHERE in found[:8]
    assert t.ELSEWHERE in found[8:]
