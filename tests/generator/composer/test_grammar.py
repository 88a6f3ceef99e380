"""The grammar allows only legal tunes and has no dead ends: tested with untrained models."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product

import pytest

from generator.composer.composer import Composer
from generator.composer.form import Form
from generator.composer.plan import make_plan
from generator.notation import tokens as t
from generator.notation.frequency_tables import KEY_COUNTS
from generator.notation.instruments import ANY_INSTRUMENT, MOST_HALF_HOLED, RANGES
from generator.notation.keys import Key, Mode, transpose_tonic
from generator.notation.metres import RHYTHMS, Metre
from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.structure import illegal_bars, parts, play_order
from generator.notation.writer import write
from generator.request import RequestError, TuneRequest
from tests.generator.composer.grammar_walks import (
    PREFERENCES,
    TONICS,
    at_random,
    begin_arguments,
    grammar_after,
    preferring,
    walk,
)


def check(score: Score, form: Form) -> None:
    """Checks all properties of a tune that was composed without an opening, in a form that names its parts."""
    again = read(write(score))
    assert again.bars == score.bars
    assert illegal_bars(again) == []
    layout = parts(again)
    assert layout is not None
    assert len(layout) == len(form.parts)
    assert again.metre
    full = again.metre.bar
    pick_up = again.bars[0].duration if again.bars[0].duration < full else Fraction(0)
    assert pick_up <= full / 2
    for part, planned in zip(layout, form.parts, strict=True):
        assert part.repeated == planned.twice
        body = part.body
        if pick_up:
            assert body[0].duration == pick_up
            body = body[1:]
        for ending in (part.first, part.second) if part.first else ((),):
            bars = (*body, *ending)
            assert [bar.duration for bar in bars] == [full] * (planned.bars - 1) + [full - pick_up]
    assert all(ANY_INSTRUMENT.lowest <= pitch.midi <= ANY_INSTRUMENT.highest for note in again.notes() for pitch in note.pitches)
    notes = list(again.notes())
    for note, following in pairwise([*notes, None]):
        assert note
        if note.tie:
            assert following is not None
            assert note.pitches
            assert following.pitches == note.pitches
    by_play = [note for index in play_order(again.bars) for note in again.bars[index].notes]
    for first, second in pairwise(by_play):
        assert not first.tie or second.pitches == first.pitches
    assert again.bars[-1].line == "|]"


def many_requests() -> list[TuneRequest]:
    """Every rhythm in every mode, in many keys, metres and temperatures, and requests that leave some of them out."""
    rng = random.Random(11)
    found: list[TuneRequest] = []
    for rhythm, mode in product([None, *RHYTHMS], [None, *t.MODES]):
        for temperature in (0.3, 1.0, 2.0):
            metre = rng.choice([None, *(str(metre) for metre in (RHYTHMS[rhythm].metres if rhythm else t.METRES))])
            key = Key(rng.choice(TONICS[mode]), mode).abc if mode else None
            found.append(TuneRequest.check(rhythm=rhythm, key=key, metre=metre, temperature=temperature, seed=len(found)))
    for metre in ("2/4", "3/4", "4/4", "C|", "3/8", "6/8", "9/8", "12/8", "3/2", "6/4"):
        for rhythm in (None, *RHYTHMS):
            try:
                found.append(TuneRequest.check(rhythm=rhythm, metre=metre, temperature=2.0, seed=len(found)))
            except RequestError:
                continue
    return found


def test_an_untrained_model_writes_legal_tunes_that_match_the_request(composer: Composer) -> None:
    requests = many_requests()
    assert len(requests) >= 190
    tunes = composer.compose([replace(request, candidates=1) for request in requests])
    for request, composed in zip(requests, tunes, strict=True):
        score = composed.score
        check(score, make_plan(request).form)
        assert composed.tokens[-1] == t.END
        if request.key:
            assert score.key.abc == request.key
        if request.metre:
            assert str(score.metre) == request.metre
        if request.rhythm:
            assert score.rhythm == request.rhythm
        if score.rhythm:
            assert score.metre
            assert score.metre.bar in {metre.bar for metre in RHYTHMS[score.rhythm].metres}
        assert score.key.mode in t.MODES
        assert composed.bits_per_token > 0


@pytest.mark.parametrize("wanted", PREFERENCES)
def test_a_model_with_one_preference_finds_no_dead_end(wanted: str) -> None:
    tunes_to_write = []
    for metre, mode in product(t.METRES, t.MODES):
        key = Key(random.Random(f"{wanted}{metre}{mode}").choice(TONICS[mode]), mode)
        tunes_to_write.append(begin_arguments(key, metre))
    grammar, tunes = walk(tunes_to_write, [preferring(wanted)] * len(tunes_to_write))
    for row, (wanted_of, tokens) in enumerate(zip(tunes_to_write, tunes, strict=True)):
        key, metre = wanted_of["keys"][0], wanted_of["metre"]
        score = t.decode(tokens, key, metre)
        assert illegal_bars(score) == []
        assert len({token for token in tokens if token.startswith("up")}) <= 1
        assert t.encode(score)[4:] == tokens[4:]
        moved = [pitch.midi + grammar.octave(row) for note in score.notes() for pitch in note.pitches]
        assert all(ANY_INSTRUMENT.lowest <= midi <= ANY_INSTRUMENT.highest for midi in moved)


def test_a_model_that_prefers_ties_writes_them() -> None:
    _, [tokens] = walk([begin_arguments(Key("D"), Metre(4, 4))], [preferring("-")])
    assert "-" in tokens
    for index, token in enumerate(tokens):
        if token == "-":
            before = tokens[index - 1]
            after = next(following for following in tokens[index + 1 :] if t.is_pitch(following))
            assert before == after != t.REST


@pytest.mark.parametrize("repeated", [True, False])
@pytest.mark.parametrize(("bars", "fewest", "most"), [(4, 1, 1), (16, 1, 2), (1, 2, 2), (2, 3, 3), (8, 4, 6)])
def test_tunes_have_the_parts_and_bars_of_their_form(bars: int, fewest: int, most: int, repeated: bool) -> None:
    key = Key("A", Mode.DORIAN)
    wanted = begin_arguments(key, Metre(6, 8), form=Form(bars, fewest, most, repeated))
    _, tunes = walk([wanted] * 6, [at_random(seed) for seed in range(6)], limit=9000)
    for tokens in tunes:
        score = t.decode(tokens, key, Metre(6, 8))
        layout = parts(score)
        assert fewest <= len(layout) <= most
        pick_up = any(token.startswith("up") for token in tokens)
        assert all(len(part.body) - pick_up + len(part.first) == bars for part in layout)
        assert all(part.repeated == repeated for part in layout)
        assert illegal_bars(score) == []


def test_parts_that_are_played_once_have_no_repeats_or_endings() -> None:
    key = Key("A", Mode.DORIAN)
    wanted = begin_arguments(key, Metre(6, 8), form=Form(repeated=False))
    choices = [at_random(seed) for seed in range(8)] + [preferring("[1", "|:", ":|", seed=seed) for seed in range(8)]
    for tokens in walk([wanted] * 16, choices)[1]:
        marks = [token for token in tokens if token in (t.OPEN, t.OPEN_REPEATED, t.REPEAT, t.CLOSE, t.FIRST, t.SECOND, t.END)]
        assert marks == [t.OPEN, t.CLOSE, t.OPEN, t.CLOSE, t.END]


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_a_rhythm_alone_chooses_one_of_its_metres(rhythm: str) -> None:
    keys = [Key("D", mode) for mode in t.MODES]
    _, tunes = walk([{"form": Form(), "keys": keys, "rhythm": rhythm}] * 4, [at_random(seed) for seed in range(4)])
    for tokens in tunes:
        assert tokens[1] == f"R:{rhythm}"
        metre = Metre.parse(tokens[2][2:])
        assert metre
        assert metre.bar in {metre.bar for metre in RHYTHMS[rhythm].metres}
        assert t.ANY_MODE not in tokens


def test_a_metre_alone_chooses_a_rhythm_with_its_beats() -> None:
    wanted = begin_arguments(Key("D"), Metre(3, 4))
    _, tunes = walk([wanted] * 4, [preferring("R:jig", "R:slide", seed=seed) for seed in range(4)])
    assert {tokens[1] for tokens in tunes} <= {"R:waltz", "R:air"}


def test_every_key_has_an_octave_in_which_a_tune_is_playable() -> None:
    keys = [(Key(transpose_tonic(pitch_class, mode), mode), pitch_class) for mode, pitch_class in product(t.MODES, range(12))]
    tunes_to_write = [begin_arguments(key, Metre(4, 4), form=Form(2, 1, 1)) for key, _ in keys]
    grammar, tunes = walk(tunes_to_write, [at_random(pitch_class) for _, pitch_class in keys])
    for row, ((key, _), tokens) in enumerate(zip(keys, tunes, strict=True)):
        pitches = [pitch for note in t.decode(tokens, key, Metre(4, 4)).notes() for pitch in note.pitches]
        assert all(ANY_INSTRUMENT.lowest <= pitch.midi + grammar.octave(row) <= ANY_INSTRUMENT.highest for pitch in pitches)
        assert all(abs(pitch.alter) < 2 for pitch in pitches)  # no double sharps or flats


@pytest.mark.parametrize("instrument", RANGES)
def test_every_note_is_one_of_the_instrument(instrument: str) -> None:
    keys = [key for key in KEY_COUNTS if RANGES[instrument].lacks(key) <= MOST_HALF_HOLED]
    tunes_to_write = [begin_arguments(key, Metre(4, 4), notes=RANGES[instrument]) for key in keys]
    choices = [
        at_random(seed) if seed % 2 else preferring("-7", "-10", "10", "17", "3^", "6_", seed=seed) for seed in range(len(keys))
    ]
    grammar, tunes = walk(tunes_to_write, choices)
    for row, (key, tokens) in enumerate(zip(keys, tunes, strict=True)):
        pitches = [pitch for note in t.decode(tokens, key, Metre(4, 4)).notes() for pitch in note.pitches]
        assert all(RANGES[instrument].has(pitch.midi + grammar.octave(row), key) for pitch in pitches)


def test_a_tune_that_must_not_be_moved_is_in_range() -> None:
    keys = [Key(transpose_tonic(pitch_class, Mode.MAJOR), Mode.MAJOR) for pitch_class in range(12)]
    tunes_to_write = [begin_arguments(key, Metre(4, 4), octaves=(0,)) for key in keys]
    choices = [preferring("-7", "-10", "10", "17", seed=seed) for seed in range(12)]
    grammar, tunes = walk(tunes_to_write, choices)
    for row, (key, tokens) in enumerate(zip(keys, tunes, strict=True)):
        assert grammar.octave(row) == 0
        pitches = [pitch for note in t.decode(tokens, key, Metre(4, 4)).notes() for pitch in note.pitches]
        assert all(ANY_INSTRUMENT.lowest <= pitch.midi <= ANY_INSTRUMENT.highest for pitch in pitches)


def test_the_tonic_feature_is_that_of_the_chosen_mode() -> None:
    keys = [Key("D", Mode.MAJOR), Key("A", Mode.DORIAN)]
    for key in keys:
        grammar, _ = grammar_after({"form": Form(), "keys": keys}, [t.START, "R:reel", "M:4/4", f"K:{key.mode}"])
        assert grammar.features.state["tonic"][0] == key.pitch_class + 1
