"""Recordings that are too large are encoded at a lower bit rate; lossless files keep every sample."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from bot.core.audio import STEPS, lossless, shrunk
from generator.rendering.audio.mastering import RATE
from generator.rendering.audio.mp3 import BITRATE, encode_mp3
from tests.generator.rendering.mp3_reader import frames, tags

SECONDS = 4


@pytest.fixture(scope="module")
def mp3() -> bytes:
    """A tone of 440 Hz on the left and of 660 Hz on the right."""
    time_s = np.arange(SECONDS * RATE) / RATE
    tones = np.stack([np.sin(2 * np.pi * 440 * time_s), np.sin(2 * np.pi * 660 * time_s)], axis=1)
    return encode_mp3((tones * 8_000).astype("<i2"), title="The Kesh", comment="Jig")


def read(mp3: bytes) -> tuple[np.ndarray, int]:
    samples, rate = soundfile.read(io.BytesIO(mp3), always_2d=True)
    return samples, rate


def loudest_hz(samples: np.ndarray, rate: int) -> float:
    middle = samples[rate : 3 * rate]
    return float(np.fft.rfftfreq(len(middle), 1 / rate)[np.abs(np.fft.rfft(middle)).argmax()])


def test_a_recording_that_fits_is_returned_unchanged(mp3: bytes) -> None:
    assert shrunk(mp3, len(mp3)) is mp3


@pytest.mark.parametrize(("kbps", "channels"), STEPS)
def test_each_step_fits_its_limit_and_keeps_the_tones(mp3: bytes, kbps: int, channels: int) -> None:
    limit = (SECONDS * 1000 + 300) * kbps // 8
    smaller = shrunk(mp3, limit)
    assert smaller is not None
    assert limit * 0.75 < len(smaller) <= limit
    samples, rate = read(smaller)
    assert samples.shape[1] == channels
    assert len(samples) / rate == pytest.approx(SECONDS, abs=0.2)
    tones = [loudest_hz(samples[:, channel], rate) for channel in range(channels)]
    assert tones == [440, 660] if channels == 2 else tones[0] in (440, 660)


def test_the_silence_at_the_end_is_kept() -> None:
    samples = np.full((3 * RATE, 2), 8_000, "<i2")
    samples[::50] *= -1
    samples[2 * RATE :] = 0
    mp3 = encode_mp3(samples)
    smaller, whole = shrunk(mp3, len(mp3) - 1), lossless(mp3, 10 * len(mp3))
    assert smaller is not None and whole is not None
    for encoded in (smaller, whole[1]):
        decoded, rate = read(encoded)
        assert np.abs(decoded[: 2 * rate]).max() > 0.2
        assert np.abs(decoded[-rate // 2 :]).max() < 0.001


@pytest.mark.parametrize(("share", "ending"), [(1.1, "wav"), (0.9, "flac")])
def test_a_lossless_file_keeps_every_sample(mp3: bytes, share: float, ending: str) -> None:
    samples, rate = read(mp3)
    found = lossless(mp3, int(share * samples.size * 2))
    assert found is not None and found[0] == ending
    same, same_rate = read(found[1])
    assert (same.shape, same_rate) == (samples.shape, rate)
    assert np.abs(same - samples).max() <= 2**-15
    assert soundfile.info(io.BytesIO(found[1])).format == ending.upper()
    assert len(found[1]) <= share * samples.size * 2


def test_lossless_returns_none_if_even_flac_is_too_large(mp3: bytes) -> None:
    assert lossless(mp3, len(mp3) // 2) is None


def test_the_id3_tag_is_kept(mp3: bytes) -> None:
    smaller = shrunk(mp3, len(mp3) - 1)
    assert smaller is not None
    assert tags(smaller) == tags(mp3) == {"TIT2": "The Kesh", "TPE1": "Tunesmith", "COMM": "Jig"}
    assert {frame.kbps for frame in frames(smaller)} == {STEPS[0][0]} < {BITRATE, STEPS[0][0]}


@pytest.mark.parametrize("limit", [0, 100, 2_000])
def test_shrunk_returns_none_if_no_bit_rate_is_low_enough(mp3: bytes, limit: int) -> None:
    assert shrunk(mp3, limit) is None


@pytest.mark.parametrize("content", [b"", b"ID3", b"ID3" + bytes(4_000), b"\xff\xfb" * 2_000, b"RIFF" + bytes(100)])
def test_shrunk_returns_none_for_data_that_is_not_a_recording(content: bytes) -> None:
    assert shrunk(content, len(content) - 1 if content else -1) is None
