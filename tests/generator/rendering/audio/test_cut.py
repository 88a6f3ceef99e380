"""Where a tune is divided between two synthesisers, and that nobody hears it."""

from itertools import pairwise

import numpy as np
import pytest

from generator.notation.reader import read
from generator.notation.tempo import quarters_per_minute
from generator.rendering.audio.cut import find_cut
from generator.rendering.audio.mastering import RATE
from generator.rendering.audio.midi import to_midi
from generator.rendering.audio.sound_font import find_soundfont
from generator.rendering.audio.synthesis import load_fluidsynth, synthesise
from generator.rendering.performance.arrangement import arrange, bars_as_played
from generator.rendering.style import Style
from tests.generator.rendering.tunes import JIG


def test_all_that_sounds_where_the_second_synthesiser_takes_over_begins_after_its_start() -> None:
    score = read(JIG)
    tracks = arrange(score)
    cut = find_cut(tracks, quarters_per_minute(score))
    assert cut is not None
    second = quarters_per_minute(score) / 240  # in whole notes
    join, begin = cut.join / RATE * second, cut.begin / RATE * second
    melody = tracks[0].sounds
    assert any(sound.onset == pytest.approx(join, abs=1e-4) and not sound.slurred for sound in melody)
    sounding = [sound for track in tracks for sound in track.sounds if sound.onset < join < sound.end + second]
    assert len(sounding) > 1 and min(sound.onset for sound in sounding) > begin
    for before, sound in pairwise(melody):
        assert not (sound in sounding and sound.slurred and before.onset < begin), "its voice begins with an earlier sound"
    assert 0.3 < join / max(sound.end for sound in melody) < 0.7


def test_a_tune_with_drones_is_not_divided() -> None:
    score = read(JIG)
    assert find_cut(arrange(score, Style(instrument="pipes")), quarters_per_minute(score)) is None


@pytest.mark.skipif(load_fluidsynth() is None, reason="FluidSynth's library is not installed")
def test_a_divided_recording_has_no_click_and_no_gap() -> None:
    score = read(JIG)
    tracks = arrange(score)
    midi = to_midi(score, tracks, bars_as_played(score, Style()))
    cut = find_cut(tracks, quarters_per_minute(score))
    assert cut is not None
    whole, divided = (synthesise(midi, find_soundfont(), each).astype(float) for each in (None, cut))
    assert abs(len(whole) - len(divided)) <= 0.1 * RATE
    around = slice(cut.join - RATE // 10, cut.join + RATE // 10)
    levels = [np.sqrt((samples[around] ** 2).reshape(-1, RATE // 100, 2).mean(axis=(1, 2))) for samples in (whole, divided)]
    assert np.abs(20 * np.log10(levels[1] / levels[0])).max() < 3
    steps = [np.abs(np.diff(samples[around].sum(axis=1), 2)).max() for samples in (whole, divided)]
    assert steps[1] < 1.3 * steps[0]
