"""Rolls, cuts and trills."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import groupby, pairwise

import pytest

from generator.notation.reader import read
from generator.notation.score import Score
from generator.rendering.performance.instruments import INSTRUMENTS
from generator.rendering.performance.melody import Sound, perform
from generator.rendering.performance.ornaments import Ornaments
from generator.rendering.performance.played_bars import played_bars
from tests.generator.rendering.tunes import REELS


def played(
    body: str, *, instrument: str = "flute", seed: int | None = None, rhythm: str = "reel", metre: str = "4/4"
) -> list[Sound]:
    """The written ornaments, and those that the player adds if there is a seed."""
    score = read(f"X:1\nR:{rhythm}\nM:{metre}\nL:1/8\nK:G\n{body}\n")
    player = INSTRUMENTS[instrument] if seed is not None else replace(INSTRUMENTS[instrument], ornaments=0)
    bars = played_bars(score)
    return Ornaments(score, bars, player, seed or 0).play(perform(score, bars))


def plain(body: str) -> list[Sound]:
    score = read(f"X:1\nR:reel\nM:4/4\nL:1/8\nK:G\n{body}\n")
    return perform(score, played_bars(score))


def pitches(sounds: list[Sound]) -> list[int]:
    return [sound.pitch for sound in sounds]


def test_a_long_roll_is_three_notes_with_a_cut_above_and_a_strike_below() -> None:
    assert pitches(played("~G3A B4|"))[:5] == [67, 69, 67, 66, 67]


def test_a_roll_in_a_slow_air_is_a_turn_late_in_the_note() -> None:
    sounds = played("~G4 A4|", rhythm="air")
    assert pitches(sounds)[:5] == [67, 69, 67, 66, 67]
    assert sounds[1].onset >= Fraction(1, 5)


def test_a_short_roll_begins_with_the_cut_above() -> None:
    assert pitches(played("~G2A2 B4|"))[:4] == [69, 67, 66, 67]


def test_a_trill_alternates_with_the_step_above_in_the_key() -> None:
    assert set(pitches(played("TE8|"))) == {64, 66}


def test_an_ornament_takes_no_more_time_than_its_note() -> None:
    sounds = played("~G3A TB4|!mordent!d2!staccato!e2 ~f4|")
    sounds += [replace(sound, onset=sound.onset + 9) for sound in played("~G4 ~A2 ~B2|", rhythm="air")]
    for before, after in pairwise(sounds):
        assert before.onset < after.onset
        assert before.onset + before.duration <= after.onset


def test_every_sound_of_an_ornament_names_its_written_note() -> None:
    sounds = played("G4 ~A4|")
    assert [(sound.bar, sound.note) for sound in sounds] == [(0, 0)] + [(0, 1)] * (len(sounds) - 1)


PART = "|:G3A B2d2|e3f g2e2|d3B A2G2|E4 D4|G3A B2d2|e3f g2e2|d3B A2F2|G8:|"


def ornaments_in(score: Score, sounds: Sequence[Sound]) -> int:
    """The number of notes that are played with other sounds than their own."""
    notes = groupby(sounds, key=lambda sound: (sound.bar, sound.note))
    return sum(len(list(group)) > len(score.bars[bar].notes[note].pitches) for (bar, note), group in notes)


@pytest.mark.parametrize("reel", REELS)
@pytest.mark.parametrize("instrument", ["fiddle", "flute", "whistle"])
def test_fiddle_flute_and_whistle_play_about_an_ornament_a_bar(instrument: str, reel: str) -> None:
    score = read(reel)
    bars = played_bars(score)
    counts = [
        ornaments_in(score, Ornaments(score, bars, INSTRUMENTS[instrument], seed).play(perform(score, bars)))
        for seed in range(20)
    ]
    assert all(0.5 <= count / len(bars) <= 1.2 for count in counts)
    assert 0.7 <= sum(counts) / len(counts) / len(bars) <= 1.1


def test_repeats_have_other_ornaments_and_more() -> None:
    first, second = 0, 0
    for seed in range(20):
        sounds = played(PART, seed=seed)
        passes = [
            [(sound.onset % 8, sound.pitch) for sound in sounds if number <= sound.onset / 8 < number + 1] for number in (0, 1)
        ]
        assert passes[0] != passes[1]
        first, second = first + len(passes[0]), second + len(passes[1])
    assert len(plain(PART)) * 10 < first < second


def test_bars_with_written_ornaments_get_no_others() -> None:
    assert pitches(played("~G3A B2d2|", seed=1)) == pitches(played("~G3A B2d2|"))


def test_a_cut_is_not_the_note_before_it() -> None:
    """Neither on G after A, where it would be A, nor on A after G."""
    cuts = set()
    for seed in range(30):
        sounds = played("|:A2G2 A2G2|A2G2 A2G2:|", instrument="piano", seed=seed)
        cuts |= {
            (cut.pitch, note.pitch)
            for cut, note in pairwise(sounds)
            if (cut.bar, cut.note) == (note.bar, note.note) and cut.pitch != note.pitch
        }
    assert cuts - {(71, 69)} == {(71, 67)}


def test_a_roll_on_the_lowest_note_of_flute_and_whistle_is_a_cran() -> None:
    assert pitches(played("~D3E F4|"))[:5] == [62, 69, 62, 66, 62]
    assert pitches(played("~D3E F4|", instrument="fiddle"))[:5] == [62, 64, 62, 60, 62]


def test_the_seed_decides_where_ornaments_are_added() -> None:
    assert played(PART, seed=1) == played(PART, seed=1)
    assert played(PART, seed=1) != played(PART, seed=2)


def test_a_banjo_plays_trebles_where_a_flute_rolls() -> None:
    assert {sound.pitch for seed in range(9) for sound in played("|:G3A B3A:|", instrument="banjo", seed=seed)} == {67, 69, 71}
    assert 66 in {sound.pitch for seed in range(9) for sound in played("|:G3A B3A:|", seed=seed)}


def test_chords_and_very_short_notes_get_no_ornaments() -> None:
    assert pitches(played("~[GB]4 ~A/4B/4c/4d/4 e3|", seed=1)) == pitches(plain("[GB]4 A/4B/4c/4d/4 e3|"))
