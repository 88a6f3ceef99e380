"""Mastering: loudness, peaks and silence."""

import numpy as np
import pytest

from generator.rendering.audio.mastering import CEILING, LOUDNESS, RATE, SEGMENT, k_energies, loudness, master, measure
from generator.rendering.result import RenderingError


def sine(hertz: float, seconds: float, dbfs: float = 0.0) -> np.ndarray:
    wave = 10 ** (dbfs / 20) * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def lufs(samples: np.ndarray) -> float:
    return loudness(k_energies(samples[: len(samples) // SEGMENT * SEGMENT].reshape(-1, SEGMENT, 2)))


def plucked(seconds: int) -> np.ndarray:
    """Sharp attacks that decay fast: high peaks at a low loudness."""
    decay = np.exp(-np.arange(RATE // 2) / (0.03 * RATE)).astype(np.float32)
    return np.tile(sine(880, 0.5) * 0.3 * decay[:, None], (2 * seconds, 1))


@pytest.mark.parametrize(("dbfs", "expected"), [(-23, -23.0), (-33, -33.0)])
def test_the_loudness_of_a_1_khz_sine_in_both_channels_equals_its_level(dbfs: float, expected: float) -> None:
    """The first two signals of EBU Tech 3341."""
    assert lufs(sine(1_000, 20, dbfs)) == pytest.approx(expected, abs=0.1)


def test_quiet_passages_do_not_lower_the_loudness() -> None:
    """The third signal of EBU Tech 3341."""
    parts = [sine(1_000, 10, -36), sine(1_000, 60, -23), sine(1_000, 10, -36)]
    assert lufs(np.concatenate(parts)) == pytest.approx(-23, abs=0.1)


def test_low_frequencies_count_less_and_high_ones_more() -> None:
    assert lufs(sine(60, 5, -23)) < -25.5 < -20.5 < lufs(sine(4_000, 5, -23))


def test_the_loudness_of_silence_is_minus_infinity() -> None:
    assert lufs(np.zeros((5 * RATE, 2), dtype=np.float32)) == -np.inf


@pytest.mark.parametrize("dbfs", [-45, -20, -1])
def test_every_recording_gets_the_target_loudness(dbfs: float) -> None:
    finished = master([measure(sine(440, 10, dbfs))]).astype(np.float32) / 32_768
    assert lufs(finished) == pytest.approx(LOUDNESS, abs=0.2)


def test_the_limiter_keeps_peaks_below_the_ceiling_and_the_loudness_at_its_target() -> None:
    raw = plucked(10)
    finished = master([measure(raw)])
    assert np.abs(finished.astype(int)).max() <= 10 ** (CEILING / 20) * 32_767 + 1
    assert np.abs(finished.astype(int)).max() > 0.9 * 10 ** (CEILING / 20) * 32_767, "the limiter had nothing to do"
    assert lufs(finished.astype(np.float32) / 32_768) == pytest.approx(LOUDNESS, abs=0.6)


def test_a_recording_without_high_peaks_is_only_amplified() -> None:
    raw = sine(440, 5, -30)[: 4 * RATE]
    finished = master([measure(sine(440, 5, -30))])[: 4 * RATE].astype(float)
    assert np.abs(finished - raw * (finished.std() / raw.std())).max() < 2


def test_silence_at_the_end_is_cut_with_a_fade_out() -> None:
    samples = np.zeros((5 * RATE, 2), dtype=np.float32)
    samples[:RATE] = sine(440, 1, -30)
    finished = master([measure(samples)])
    assert RATE < len(finished) < 2 * RATE
    assert np.abs(finished[-20:].astype(int)).max() <= 1


def test_a_silent_recording_is_an_error() -> None:
    for frames in (0, RATE):
        with pytest.raises(RenderingError, match="played nothing"):
            master([measure(np.zeros((frames, 2), dtype=np.float32))])


def test_a_click_without_measurable_loudness_is_not_an_error() -> None:
    samples = np.zeros((RATE, 2), dtype=np.float32)
    samples[100] = 0.002
    assert 0 < np.abs(master([measure(samples)]).astype(int)).max() < 32_767
