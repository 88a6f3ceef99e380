"""MP3 files and their ID3 tags."""

import io

import numpy as np
import pytest
import soundfile

from generator.notation.reader import read
from generator.rendering.audio.mastering import RATE, SEGMENT, k_energies, loudness
from generator.rendering.audio.midi import write_halves
from generator.rendering.audio.mp3 import BITRATE, _encode, encode_mp3
from generator.rendering.audio.sound_font import find_soundfont
from generator.rendering.audio.synthesis import synthesise
from tests.generator.rendering.mp3_reader import frames, tags
from tests.generator.rendering.tunes import JIG

DELAY = 1_105  # frames of silence before the sound


def noise(seconds: float) -> np.ndarray:
    return (np.random.default_rng(1).standard_normal((round(seconds * RATE), 2)) * 3_000).astype("<i2")


def test_an_mp3_is_stereo_at_32_khz_with_a_constant_bit_rate_and_the_duration_of_its_samples() -> None:
    samples = noise(3)
    found = frames(encode_mp3(samples, title="The Kesh"))
    assert {(frame.kbps, frame.rate, frame.channels) for frame in found} == {(BITRATE, RATE, 2)}
    assert 1152 * len(found) == pytest.approx(len(samples), abs=4 * 1152)


def test_where_the_halves_join_the_mp3_sounds_as_if_encoded_in_one_go() -> None:
    samples = synthesise(write_halves(read(JIG)), find_soundfont())
    middle = len(samples) // 2
    original = samples[middle - RATE // 2 : middle + RATE].astype(float)
    joined, whole = (
        soundfile.read(io.BytesIO(mp3), dtype="int16")[0][middle - RATE // 2 + DELAY :][: len(original)].astype(float)
        for mp3 in (encode_mp3(samples), _encode(samples))
    )
    assert len(frames(encode_mp3(samples))) == len(frames(_encode(samples)))
    assert np.abs(joined - original).max() < 1.2 * np.abs(whole - original).max()
    assert ((joined - original) ** 2).mean() == pytest.approx(((whole - original) ** 2).mean(), rel=0.05)


def test_the_tag_holds_a_title_in_any_script() -> None:
    title = "Tŷ Coch — 風の曲 🎻"
    assert tags(encode_mp3(noise(0.1), title=title, comment="Reel")) == {"TIT2": title, "TPE1": "Tunesmith", "COMM": "Reel"}


def test_a_tag_of_any_length_is_followed_by_frames() -> None:
    for title in ("", "x", "T" * 200, "\udc80 lone half"):
        assert frames(encode_mp3(noise(0.1), title=title))


def test_the_decoded_mp3_has_a_loudness_of_minus_16_lufs_and_peaks_below_minus_1_dbfs() -> None:
    mp3 = encode_mp3(synthesise(write_halves(read(JIG)), find_soundfont()))
    samples = soundfile.read(io.BytesIO(mp3), dtype="float32")[0]
    assert loudness(k_energies(samples[: len(samples) // SEGMENT * SEGMENT].reshape(-1, SEGMENT, 2))) == pytest.approx(
        -16, abs=0.3
    )
    assert np.abs(samples).max() < 10 ** (-1 / 20)
