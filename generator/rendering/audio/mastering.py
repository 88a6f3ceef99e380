"""Mastering: brings a recording to a fixed loudness, and limits its peaks so that they stay below full scale after MP3 coding.

Loudness is measured by ITU-R BS.1770-5. Its K-weighting filter is applied to the spectrum of each tenth of a second: numpy has
no recursive filters, and every renderer process would have to load scipy for this one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generator.rendering.result import RendererFault

RATE = 44_100  # Hz
LOUDNESS = -15.55  # LUFS, integrated; LAME lowers it by 0.45 dB
CEILING = -1.55  # dBFS of a sample, also lowered by LAME; the true peak, between samples and after MP3 coding, is higher
_INAUDIBLE = 10 ** (-60 / 20)  # of full scale: a sound font without the instrument plays nothing, or noise
_SILENCE = 10 ** (-60 / 20)  # relative to the peak
_TAIL = 4  # segments of silence that are kept at the end
_FADE_S = 0.3
_MAX_GAIN = 100.0  # 40 dB: the loudness of a single soft click is minus infinity

_SEGMENT = RATE // 10  # frames; a measuring block has four segments, and one starts at each segment
_STEP = 63  # frames with one gain of the limiter: 1.4 ms, 70 steps in a segment
_ATTACK = 4  # steps before a peak in which the limiter lowers the gain
_RELEASE = 60 * _STEP / RATE  # dB by which it raises the gain in a step: 60 dB in a second

Samples = NDArray[np.float32]  # (frames, 2); 1 is full scale


def master(samples: Samples) -> NDArray[np.int16]:
    """The recording at LOUDNESS and below CEILING, in whole tenths of a second, without silence at its end.

    Raises RendererFault if all of it is silent.
    """
    whole = np.zeros((-(-len(samples) // _SEGMENT) + _TAIL, _SEGMENT, 2), dtype=np.float32)
    whole.reshape(-1, 2)[: len(samples)] = samples
    peaks = _peaks(whole)
    if peaks.max() < _INAUDIBLE:
        raise RendererFault("The sound font played nothing. Set SOUNDFONT to a General MIDI sound font.")
    segments = whole[: int(np.flatnonzero(peaks > peaks.max() * _SILENCE)[-1]) + 1 + _TAIL]
    steps = segments.reshape(-1, _STEP, 2)
    gain = _gain(segments, steps)
    gain[-round(_FADE_S * RATE / _STEP) :] *= np.linspace(1, 0, round(_FADE_S * RATE / _STEP))
    # The gain moves linearly from step to step.
    edges = np.float32(32_767) * np.concatenate([gain[:1], (gain[1:] + gain[:-1]) / 2, gain[-1:]]).astype(np.float32)
    line = np.linspace(0, 1, _STEP, endpoint=False, dtype=np.float32)
    finished = np.empty(steps.shape, dtype="<i2")
    for start in range(0, len(steps), 700):  # as many as a processor's cache holds
        left, right = edges[start : start + 701][:-1, None], edges[start + 1 : start + 701, None]
        finished[start : start + 700] = np.rint(steps[start : start + 700] * (left + (right - left) * line)[:, :, None])
    return finished.reshape(-1, 2)


def loudness(energies: NDArray[np.float64]) -> float:
    """The integrated loudness in LUFS of a recording whose segments have these K-weighted energies."""
    blocks = np.convolve(energies, np.full(4, 1 / 4), "valid")
    blocks = blocks[blocks > 10 ** ((-70 + 0.691) / 10)]  # the absolute gate, -70 LUFS
    if len(blocks) == 0:
        return -np.inf
    return float(-0.691 + 10 * np.log10(blocks[blocks > blocks.mean() / 10].mean()))  # the relative gate, 10 LU below the mean


def k_energies(segments: Samples) -> NDArray[np.float64]:
    """The K-weighted mean square of each segment, summed over its channels; segments have the shape (segments, frames, 2)."""
    energies = np.empty(len(segments))
    for start in range(0, len(segments), 10):
        channels = np.ascontiguousarray(segments[start : start + 10].transpose(0, 2, 1))  # (segments, 2, frames)
        spectrum = np.fft.rfft(channels).view(np.float32)  # real and imaginary parts alternate
        energies[start : start + 10] = (spectrum * spectrum @ _WEIGHTS).sum(axis=1)
    return energies


def _k_weighting() -> NDArray[np.float32]:
    """The weight of each real and imaginary part of a segment's spectrum: BS.1770-5, annex 1, two filters given for 48 kHz."""
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(_SEGMENT, 1 / RATE) / 48_000)
    shelf = np.polyval([1.19839281085285, -2.69169618940638, 1.53512485958697], z)
    shelf /= np.polyval([0.73248077421585, -1.69065929318241, 1], z)
    high_pass = (1 - z) ** 2 / np.polyval([0.99007225036621, -1.99004745483398, 1], z)
    return np.repeat(2 * np.abs(shelf * high_pass) ** 2 / _SEGMENT**2, 2).astype(np.float32)


_WEIGHTS = _k_weighting()


def _gain(segments: Samples, steps: Samples) -> NDArray[np.float64]:
    """The gain of each step."""
    energies, peaks = k_energies(segments), np.maximum(_peaks(steps), 1e-9)
    gain, limited = 1.0, np.ones(len(steps))
    for _ in range(4):  # the limiter lowers the loudness: correct the gain and limit again
        limited_energies = energies * (limited**2).reshape(len(segments), -1).mean(axis=1)
        gain = min(10 ** ((LOUDNESS - loudness(limited_energies)) / 20), _MAX_GAIN)
        limited = _limit(gain * peaks)
    return gain * limited


def _limit(peaks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Gains that keep steps with these peaks below the ceiling: they fall just before a peak and rise slowly after it."""
    needed = np.minimum(CEILING - 20 * np.log10(peaks), 0)
    rise = _RELEASE * np.arange(len(peaks))
    released = np.pad(np.minimum.accumulate(needed - rise) + rise, _ATTACK, mode="edge")
    # Each step takes the lowest gain of the step before, itself and those ahead. So the average of four, which smooths the
    # attack, is still low enough for the peak.
    lowest = np.lib.stride_tricks.sliding_window_view(released, _ATTACK + 2).min(axis=1)
    return np.asarray(10 ** (np.convolve(lowest, np.full(_ATTACK, 1 / _ATTACK), "valid") / 20))


def _peaks(pieces: Samples) -> NDArray[np.float32]:
    """The peak of each piece; pieces have the shape (pieces, frames, 2)."""
    flat = pieces.reshape(len(pieces), -1)
    highest: NDArray[np.float32] = np.maximum(flat.max(axis=1), -flat.min(axis=1))
    return highest
