"""The bodhrán: patterns and fills."""

from itertools import pairwise

from generator.notation.reader import read
from generator.rendering.performance.bodhran import EDGE, bodhran
from generator.rendering.performance.melody import Sound
from generator.rendering.performance.played_bars import PlayedBar, played_bars
from tests.generator.rendering.tunes import REELS


def strokes(tune: str, seed: int = 0) -> tuple[list[PlayedBar], list[list[Sound]]]:
    """The played bars, and the strokes in each."""
    score = read(tune)
    bars = played_bars(score)
    sounds = bodhran(score, bars, bars[-1].end, seed)
    return bars, [[sound for sound in sounds if bar.onset <= sound.onset < bar.end] for bar in bars]


def test_the_last_bar_of_a_part_is_filled_and_grows() -> None:
    bars, played = strokes(REELS[0])
    fills = [sounds for bar, sounds in zip(bars, played, strict=True) if bar.bar_in_section == 7 and sounds]
    others = [sounds for bar, sounds in zip(bars, played, strict=True) if bar.bar_in_section != 7 and sounds]
    assert len(fills) == 3
    assert min(sum(sound.pitch != EDGE for sound in sounds) for sounds in fills) > max(
        sum(sound.pitch != EDGE for sound in sounds) for sounds in others
    )
    for sounds in fills:
        skin = [sound.velocity for sound in sounds if sound.pitch != EDGE]
        assert sum(skin[len(skin) // 2 :]) / len(skin[len(skin) // 2 :]) > min(skin)


def test_the_pattern_changes_from_part_to_part() -> None:
    bars, played = strokes(REELS[0])
    patterns = [
        {sound.onset - bar.onset for sound in sounds if sound.pitch != EDGE} for bar, sounds in zip(bars, played, strict=True)
    ]
    assert patterns[8] == patterns[9] != patterns[16] == patterns[17]


def test_strokes_do_not_overlap() -> None:
    _, played = strokes(REELS[1], seed=3)
    sounds = [sound for bar in played for sound in bar]
    assert all(before.end <= after.onset for before, after in pairwise(sounds))
