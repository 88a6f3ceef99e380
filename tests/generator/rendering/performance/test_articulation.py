"""Articulation: slurs, detached notes and breaths."""

from fractions import Fraction
from itertools import pairwise

import pytest

from generator.notation.reader import read
from generator.notation.tempo import quarters_per_minute
from generator.rendering.performance.arrangement import arrange
from generator.rendering.performance.articulation import articulate
from generator.rendering.performance.instruments import INSTRUMENTS
from generator.rendering.performance.melody import Sound, perform
from generator.rendering.performance.played_bars import played_bars
from generator.rendering.style import Style
from tests.generator.rendering.tunes import JIG, REELS


def articulated(body: str, *, instrument: str = "fiddle", seed: int = 0) -> list[Sound]:
    score = read(f"X:1\nR:reel\nM:4/4\nL:1/8\nK:G\n{body}\n")
    bars = played_bars(score)
    return articulate(score, bars, perform(score, bars), INSTRUMENTS[instrument], seed)


@pytest.mark.parametrize("tune", [*REELS, JIG])
@pytest.mark.parametrize("instrument", ["fiddle", "flute", "whistle"])
def test_slurred_notes_overlap_and_detached_ones_are_apart(instrument: str, tune: str) -> None:
    score = read(tune)
    second = quarters_per_minute(score) / 240
    sounds = arrange(score, Style(instrument, backing=False, seed=4))[0].sounds
    for before, after in pairwise(sounds):
        if after.slurred:
            assert 0 < before.end - after.onset <= 0.02 * second
        else:
            assert before.end < after.onset
    slurred = sum(sound.slurred for sound in sounds) / len(sounds)
    assert 0.3 < slurred < 0.85


@pytest.mark.parametrize("instrument", ["accordion", "concertina", "banjo", "harp", "piano"])
def test_every_note_of_other_instruments_has_its_attack(instrument: str) -> None:
    assert not any(sound.slurred for sound in arrange(read(REELS[0]), Style(instrument, seed=4))[0].sounds)


def test_repeated_notes_chords_and_wide_leaps_are_not_slurred() -> None:
    for seed in range(20):
        sounds = articulated("GGGG [GB][Ac][Bd]d|G,bG,b ccgg|", seed=seed)
        slurred = [(before.pitch, after.pitch) for before, after in pairwise(sounds) if after.slurred]
        assert {frozenset(pair) for pair in slurred} <= {frozenset({60 + 12, 67 + 12}), frozenset({83, 72})}


def test_where_slurs_are_written_only_those_are_played() -> None:
    for seed in range(5):
        slurred = [sound.slurred for sound in articulated("G(ABc) dcBA|(GA)(Bc) d4|", seed=seed)]
        assert slurred == [False, False, True, True, *[False] * 4, False, True, False, True, False]


def test_staccato_notes_are_not_slurred() -> None:
    assert not any(
        sound.slurred for seed in range(5) for sound in articulated(".G.A.B.c .d.c.B.A|", instrument="flute", seed=seed)
    )


def test_each_playing_of_a_part_has_slurs_of_its_own() -> None:
    score = read(REELS[0])
    sounds = arrange(score, Style("fiddle", seed=4))[0].sounds
    passes = [[sound.slurred for sound in sounds if start <= sound.onset < start + 8] for start in (0, 8)]
    assert passes[0] != passes[1]


def test_a_flute_player_breathes_at_the_end_of_a_phrase() -> None:
    sounds = articulated("GABc dcBA|GABc dcBA|GABc dcBA|GABc d4|GABc dcBA|", instrument="flute")
    fiddled = articulated("GABc dcBA|GABc dcBA|GABc dcBA|GABc d4|GABc dcBA|")
    shortened = [one.onset for one, other in zip(sounds, fiddled, strict=True) if one.duration < other.duration]
    assert shortened == [Fraction(7, 2)]
