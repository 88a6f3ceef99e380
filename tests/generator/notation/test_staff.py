"""Clef, octave and transposition in the fields K: and V:."""

from __future__ import annotations

import pytest

from generator.notation.keys import Key
from generator.notation.reader import read
from generator.notation.staff import Staff
from generator.notation.transpose import sounding
from generator.notation.writer import write


@pytest.mark.parametrize(
    ("field", "key", "staff", "written", "sounds"),
    [
        ("D transpose=-12", "D", Staff(transposition=-12), 62, 50), ("D octave=-1", "D", Staff(), 50, 50),
        ("G alto", "G", Staff("alto"), 62, 62), ("Gm clef=tenor", "Gm", Staff("tenor"), 62, 62),
        ("bass", "C", Staff("bass"), 62, 62),
        ("D treble-8", "D", Staff("treble-8"), 62, 50), ("D clef=bass3 transpose=2", "D", Staff("bass3", 2), 62, 64),
        ("A clef=treble-8 transpose=-2", "A", Staff("treble-8", -2), 62, 48),
        ("D exp ^g clef=alto1", "D =c =f ^g", Staff("alto1"), 62, 62),
        ('clef="alto" Edor', "Edor", Staff("alto"), 62, 62), ("D ^g", "D ^g", Staff(), 62, 62),
        ("Dmix=c", "Dmix =c", Staff(), 62, 62),
    ],
)  # fmt: skip
def test_the_settings_of_a_staff_are_read_and_written(field: str, key: str, staff: Staff, written: int, sounds: int) -> None:
    score = read(f"X:1\nK:{field}\nD|")
    assert (score.key, score.staff, score.notices) == (Key.parse(key), staff, ())
    assert [note.pitches[0].midi for note in (*score.notes(), *sounding(score).notes())] == [written, sounds]
    assert read(write(score)) == score


def test_a_change_of_the_clef_alone_keeps_the_key_and_is_named() -> None:
    score = read("X:1\nK:D\nF|[K:clef=bass]F|\nK:bass\nF|")
    assert [note.pitches[0].midi for note in score.notes()] == [66, 66, 66]
    assert score.notices == ("I left out a change of clef or transposition inside the tune.",)


def test_settings_that_would_change_the_pitch_and_are_not_read_are_named() -> None:
    assert read("X:1\nK:D shift=CD octave=99 stafflines=4\nF|").notices == ("I left out shift=, octave= in the fields K: or V:.",)


def test_the_key_sounds_transposed_too() -> None:
    sounds = sounding(read('X:1\nK:A transpose=-2\n"E7"^d|[K:F#m]f|'))
    assert (sounds.key, sounds.bars[1].key, sounds.bars[0].notes[0].chord_symbol) == (Key("G"), Key.parse("Em"), "D7")
