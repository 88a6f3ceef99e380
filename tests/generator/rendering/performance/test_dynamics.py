"""Dynamics: swells of phrases."""

from generator.notation.reader import read
from generator.rendering.performance.dynamics import Dynamics
from generator.rendering.performance.played_bars import played_bars
from tests.generator.rendering.tunes import REELS


def test_a_phrase_swells_to_its_middle_and_fades() -> None:
    dynamics = Dynamics(played_bars(read(REELS[0])))
    phrase = [dynamics(quarter / 4) for quarter in range(16)]
    assert phrase[:9] == sorted(phrase[:9]) and phrase[8:] == sorted(phrase[8:], reverse=True)
    assert phrase[8] - phrase[0] == 10
    assert dynamics(4) == phrase[0]


def test_a_repeat_is_louder_and_the_last_playing_of_a_part_loudest() -> None:
    dynamics = Dynamics(played_bars(read(REELS[0])))
    levels = [dynamics(start) for start in (0, 8, 16, 24)]
    assert levels[0] == levels[2] < levels[1] < levels[3]


def test_a_pick_up_is_as_soft_as_the_beginning_of_a_phrase() -> None:
    dynamics = Dynamics(played_bars(read("X:1\nM:4/4\nL:1/8\nK:G\nD|G8|B8|d8|g8|\n")))
    assert dynamics(0) == dynamics(1 / 8) < dynamics(9 / 8)
