"""Rolls, cuts and trills."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from generator.notation.reader import read
from generator.rendering.performance.instruments import INSTRUMENTS
from generator.rendering.performance.melody import Sound, perform
from generator.rendering.performance.ornaments import Ornaments
from generator.rendering.performance.played_bars import played_bars


def played(body: str, *, instrument: str = "flute", seed: int = 0, rhythm: str = "reel", metre: str = "4/4") -> list[Sound]:
    score = read(f"X:1\nR:{rhythm}\nM:{metre}\nL:1/8\nK:G\n{body}\n")
    return Ornaments(score, played_bars(score), INSTRUMENTS[instrument], seed).play(perform(score))


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


def test_a_few_ornaments_are_added_in_the_repeat_of_a_part_and_none_before() -> None:
    sounds = played(PART)
    plain = pitches(perform(read(f"X:1\nR:reel\nM:4/4\nL:1/8\nK:G\n{PART}\n")))
    first = [sound for sound in sounds if sound.onset < 8]
    assert pitches(first) == plain[: len(plain) // 2]
    assert 4 <= len(sounds) - len(plain) <= 20


def test_the_seed_decides_where_ornaments_are_added() -> None:
    assert played(PART, seed=1) == played(PART, seed=1)
    assert played(PART, seed=1) != played(PART, seed=2)


def test_a_banjo_plays_trebles_where_a_flute_rolls() -> None:
    assert set(pitches(played("|:G3A B3A:|", instrument="banjo"))) == {67, 69, 71}
    assert 66 in pitches(played("|:G3A B3A:|"))


def test_chords_and_very_short_notes_get_no_ornaments() -> None:
    assert pitches(played("~[GB]4 ~A/4B/4c/4d/4 e3|")) == pitches(
        perform(read("X:1\nM:4/4\nL:1/8\nK:G\n[GB]4 A/4B/4c/4d/4 e3|\n"))
    )
