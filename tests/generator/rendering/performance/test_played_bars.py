"""The bars in playing order: turns, phrases, and tunes played several times."""

from fractions import Fraction

import pytest

from generator.notation.reader import read
from generator.rendering.limits import MAX_BARS_PLAYED, MAX_NOTES_PLAYED
from generator.rendering.performance.played_bars import played_bars, times_played
from tests.generator.rendering.tunes import JIG, PLAIN, REELS


def tune(body: str, more: str = "") -> str:
    return f"X:1\nM:4/4\nL:1/8\n{more}K:D\n{body}\n"


def test_the_playings_of_sections_and_their_bars_are_counted() -> None:
    bars = played_bars(read(JIG))
    assert [bar.playing for bar in bars] == [0] * 9 + [1] * 8 + [2] * 8 + [3] * 8
    assert [bar.bar_in_section for bar in bars] == [-1, *range(8), *range(8), *range(8), *range(8)]
    assert {bar.bars_in_section for bar in bars} == {8}
    assert [number for number, bar in enumerate(bars) if bar.ends_phrase] == [4, 8, 12, 16, 20, 24, 28, 32]


def test_a_tune_played_twice_has_its_bars_twice() -> None:
    once, twice = played_bars(read(REELS[0])), played_bars(read(REELS[0]), 2)
    assert [bar.index for bar in twice] == [bar.index for bar in once] * 2
    assert twice[len(once)].onset == once[-1].end
    assert [bar.pass_index for bar in twice if bar.index == 0] == [0, 1, 2, 3]
    assert twice[-1].playing == 7


@pytest.mark.parametrize(
    ("body", "second_begins", "first_bar"),
    [
        ("A2|d8|d6|]", Fraction(9, 4) - Fraction(1, 4), 0),  # the last bar leaves room for the pick-up
        ("A2|d8|d8|]", Fraction(9, 4), 1),  # it leaves none
        ("A2|d8|d4|]", Fraction(2), 0),  # a pause fills it
        ("A2|d8|d7|]", Fraction(9, 4), 1),
        ("d8|d6|]", Fraction(2), 0),
        ("d8|d8|]", Fraction(2), 0),
    ],
)
def test_the_beat_goes_on_when_the_tune_begins_again(body: str, second_begins: Fraction, first_bar: int) -> None:
    score = read(tune(body))
    once = played_bars(score)
    again = played_bars(score, 2)[len(once)]
    assert (again.onset, again.index) == (second_begins, first_bar)


def test_short_tunes_are_played_twice_by_default() -> None:
    assert times_played(read(tune("d8|" * 24, more="Q:1/4=240\n")), None) == 2
    assert times_played(read(tune("d8|" * 25, more="Q:1/4=240\n")), None) == 1
    assert times_played(read(PLAIN), None) == 2
    assert times_played(read(PLAIN), 1) == 1
    assert times_played(read(REELS[0]), None) == 1
    assert times_played(read(REELS[0]), 3) == 3


def test_the_limits_of_playing_time_bars_and_notes_are_kept() -> None:
    assert times_played(read(tune("d8|" * 60, more="Q:1/4=240\n")), 3) == 3
    assert times_played(read(tune("d8|" * 61, more="Q:1/4=240\n")), 3) == 2
    assert times_played(read(tune("d8|" * 100, more="Q:1/4=240\n")), 3) == 1
    assert times_played(read("X:1\nM:1/8\nL:1/8\nK:D\n" + "d|" * (MAX_BARS_PLAYED // 2 + 1) + "\n"), 2) == 1
    chords = "[CEGceg]" * 16
    assert times_played(read(tune(f"{chords}|" * (MAX_NOTES_PLAYED // 96 // 2 + 1), more="Q:1/4=999\n")), 3) == 1
