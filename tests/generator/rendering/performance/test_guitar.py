"""The guitar: patterns and bass runs."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import pytest

from generator.notation.keys import SEMITONES
from generator.notation.metres import RHYTHMS
from generator.notation.reader import read
from generator.notation.score import Score
from generator.rendering.performance.guitar import guitar
from generator.rendering.performance.harmony import find_chords
from generator.rendering.performance.melody import Sound
from generator.rendering.performance.played_bars import PlayedBar, played_bars
from tests.generator.rendering.tunes import JIG, REELS

LOWEST_CHORD = 52  # below are the bass strings


def strokes(score: Score, bars: Sequence[PlayedBar], seed: int) -> list[list[Sound]]:
    return guitar(score, bars, find_chords(score), bars[-1].end, seed)


def rhythms(score: Score, seed: int) -> set[tuple[Fraction, ...]]:
    """The different rhythms of the guitar in whole bars without a bass run."""
    bars = played_bars(score)
    played = strokes(score, bars, seed)
    found = set()
    for bar in bars:
        within = [stroke for stroke in played if bar.onset <= stroke[0].onset < bar.end]
        if bar.full and not any(stroke[0].velocity == 64 for stroke in within):
            found.add(tuple(stroke[0].onset - bar.onset for stroke in within))
    return found


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("tune", [*REELS, JIG])
def test_a_tune_has_two_patterns_or_more(tune: str, seed: int) -> None:
    assert len(rhythms(read(tune), seed)) >= 2


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_every_rhythm_has_two_patterns_or_more(rhythm: str) -> None:
    metre = RHYTHMS[rhythm].metres[0]
    bar = f"D{metre.beats * 8 // metre.unit}|"
    score = read(f"X:1\nR:{rhythm}\nM:{metre}\nL:1/8\nK:D\n|:{bar * 7}{bar[:-1]}:|\n|:{bar * 7}{bar[:-1]}:|\n")
    assert len(rhythms(score, 0)) >= 2


def test_a_tune_of_one_part_changes_its_pattern_after_the_first_phrase() -> None:
    score = read("X:1\nR:reel\nM:4/4\nL:1/8\nK:D\n" + "D8|" * 8 + "\n")
    assert len(rhythms(score, 0)) == 2


def test_bass_runs_lead_to_the_next_chord_by_steps_of_the_scale() -> None:
    score = read('X:1\nR:reel\nM:4/4\nL:1/8\nK:G\n"G"G8|"G"G8|"G"G8|"C"c8|"C"c8|"D"d8|"D"d8|"G"G8|\n')
    bars = played_bars(score)
    scale = {(SEMITONES[letter] + alter) % 12 for letter, alter in score.key.signature.items()}
    for seed in range(10):
        played = [stroke for stroke in strokes(score, bars, seed) if stroke[0].pitch < LOWEST_CHORD]
        runs = [stroke[0] for stroke in played if stroke[0].velocity == 64]
        assert {sound.pitch % 12 for sound in runs} <= scale
        assert len(runs) % 2 == 0
        for first, second in zip(runs[::2], runs[1::2], strict=True):
            target = next(stroke[0] for stroke in played if stroke[0].onset == second.end)
            assert target.onset.denominator == 1
            assert 1 <= abs(second.pitch - first.pitch) <= 2 and 1 <= abs(target.pitch - second.pitch) <= 2
            assert (first.pitch < second.pitch) == (second.pitch < target.pitch)


@pytest.mark.parametrize("tune", [*REELS, JIG])
def test_tunes_have_bass_runs(tune: str) -> None:
    score = read(tune)
    found = [stroke for stroke in strokes(score, played_bars(score), 1) if stroke[0].velocity == 64]
    assert 4 <= len(found) <= 40


def test_strokes_are_in_order_and_none_sounds_into_a_bass_run() -> None:
    score = read(REELS[0])
    played = strokes(score, played_bars(score), 1)
    onsets = [stroke[0].onset for stroke in played]
    assert onsets == sorted(onsets)
    for before, after in pairwise(played):
        assert after[0].velocity != 64 or before[0].end <= after[0].onset
