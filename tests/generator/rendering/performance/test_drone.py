"""The drones of the pipes."""

from fractions import Fraction

from generator.notation.reader import read
from generator.rendering.performance.arrangement import arrange
from generator.rendering.performance.drone import drone
from generator.rendering.performance.played_bars import played_bars
from generator.rendering.style import Style
from tests.generator.rendering.tunes import JIG


def test_the_drones_hold_the_tonic_and_move_with_the_key() -> None:
    score = read("X:1\nM:4/4\nL:1/8\nK:G\n|:G8|c8:|\nK:D\nd8|d8|\n")
    sounds = drone(score, played_bars(score), Fraction(13, 2))
    assert [(float(sound.onset), float(sound.duration), sound.pitch) for sound in sounds] == [
        (0, 4, 43), (0, 4, 55), (4, 2.5, 38), (4, 2.5, 50),
    ]  # fmt: skip


def test_the_pipes_have_drones_with_and_without_backing_and_others_have_none() -> None:
    score = read(JIG)
    piped, backed = (arrange(score, Style("pipes", backing=backing)) for backing in (False, True))
    assert [track.name for track in piped] == ["Pipes", "Drones"]
    assert [track.name for track in backed] == ["Pipes", "Drones", "Guitar", "Bodhrán"]
    melody, drones = piped
    assert drones.sounds[0].onset == 0
    assert abs(max(sound.end for sound in drones.sounds) - melody.sounds[-1].end) < Fraction(1, 20)
    assert "Drones" not in {track.name for track in arrange(score, Style("fiddle"))}


def test_the_pipes_are_closed_only_between_equal_notes_and_now_and_then() -> None:
    sounds = arrange(read(JIG), Style("pipes", backing=False, seed=1))[0].sounds
    assert sum(sound.slurred for sound in sounds) > 0.7 * len(sounds)
