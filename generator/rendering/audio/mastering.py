"""Mastering: brings a recording to a fixed loudness, and limits its peaks so that they stay below full scale after MP3 coding.

Loudness is measured by ITU-R BS.1770-5. Its K-weighting filter is applied to the spectrum of each tenth of a second: numpy has
no recursive filters, and every renderer process would have to load scipy for this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.rendering.result import RendererFault

RATE = 32_000  # Hz: sound up to 15 kHz, as on FM radio, for three quarters of the processor time of 44,100 Hz
LOUDNESS = -15.55  # LUFS, integrated; LAME lowers it by 0.45 dB
CEILING = -1.55  # dBFS of a sample, also lowered by LAME; the true peak, between samples and after MP3 coding, is higher
_INAUDIBLE = 10 ** (-60 / 20)  # of full scale: a sound font without the instrument plays nothing, or noise
_SILENCE = 10 ** (-60 / 20)  # relative to the peak
_TAIL = 4  # segments of silence that are kept at the end
_FADE_S = 0.3
_MAX_GAIN = 40.0  # dB: the loudness of a single soft click is minus infinity

SEGMENT = RATE // 10  # frames; a measuring block has four segments, and one starts at each segment
_STEP = 64  # frames with one gain of the limiter: 2 ms, 50 steps in a segment
_ATTACK = 3  # steps before a peak in which the limiter lowers the gain
_RELEASE = 60 * _STEP / RATE  # dB by which it raises the gain in a step: 60 dB in a second

_STEPS = SEGMENT // _STEP  # in a segment
_LINE = np.repeat(np.linspace(0, 1, _STEP, endpoint=False, dtype=np.float32), 2)  # from one step to the next, for both channels

Samples = NDArray[np.float32]  # (frames, 2); 1 is full scale


@dataclass(frozen=True, slots=True)
class Measured:
    """A piece of a recording in whole segments, with the energy of each segment and the peak of each step."""

    samples: Samples
    energies: NDArray[np.float64]
    peaks: NDArray[np.float32]


def measure(piece: Samples) -> Measured:
    """Measures a piece as soon as it is there, while the processor's cache holds it. Adds silence to the last segment."""
    missing = -len(piece) % SEGMENT
    whole = np.pad(piece, ((0, missing), (0, 0))) if missing else piece
    return Measured(whole, k_energies(whole.reshape(-1, SEGMENT, 2)), _peaks(whole))


def master(pieces: Sequence[Measured]) -> NDArray[np.int16]:
    """The recording at LOUDNESS and below CEILING, in whole tenths of a second, without silence at its end.

    Raises RendererFault if all of it is silent.
    """
    energies = np.concatenate([np.empty(0), *(piece.energies for piece in pieces)])
    peaks = np.concatenate([np.empty(0), *(piece.peaks for piece in pieces)])
    segment_peaks = peaks.reshape(-1, _STEPS).max(axis=1, initial=0)
    if segment_peaks.max(initial=0) < _INAUDIBLE:
        raise RendererFault("The sound font played nothing. Set SOUNDFONT to a General MIDI sound font.")
    count = int(np.flatnonzero(segment_peaks > segment_peaks.max() * _SILENCE)[-1]) + 1 + _TAIL
    gain = _gain(_cut(energies, count), _cut(peaks, count * _STEPS))
    fade = round(_FADE_S * RATE / _STEP)
    gain[-fade:] *= np.linspace(1, 0, fade)
    return _scaled([piece.samples for piece in pieces], gain)


def _cut(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """The values at this length; those that are missing are 0."""
    return np.pad(values[:length], (0, max(length - len(values), 0)))


def _scaled(pieces: Sequence[Samples], gain: NDArray[np.float64]) -> NDArray[np.int16]:
    """The pieces with the gain of each step, as far as there are gains; it moves linearly from step to step."""
    edges = np.float32(32_767) * np.concatenate([gain[:1], (gain[1:] + gain[:-1]) / 2, gain[-1:]]).astype(np.float32)
    finished = np.zeros((len(gain), 2 * _STEP), dtype="<i2")
    start = 0
    for steps in (piece.reshape(-1, 2 * _STEP) for piece in pieces):
        rest = finished[start : start + len(steps)]
        left, right = edges[start : start + len(rest), None], edges[start + 1 : start + 1 + len(rest), None]
        gains = left + (right - left) * _LINE
        np.multiply(gains, steps[: len(rest)], out=gains)
        rest[:] = np.rint(gains, out=gains)
        start += len(steps)
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
        # The left channel as real part and the right one as imaginary part: one transform for both.
        channels = np.ascontiguousarray(segments[start : start + 10]).view(np.complex64)[..., 0]
        spectrum = np.fft.fft(channels).view(np.float32)  # real and imaginary parts alternate
        energies[start : start + 10] = spectrum * spectrum @ _WEIGHTS
    return energies


def _k_weighting() -> NDArray[np.float32]:
    """The weight of each real and imaginary part of a segment's spectrum: BS.1770-5, annex 1, two filters given for 48 kHz."""
    z = np.exp(-2j * np.pi * np.fft.fftfreq(SEGMENT, 1 / RATE) / 48_000)
    shelf = np.polyval([1.19839281085285, -2.69169618940638, 1.53512485958697], z)
    shelf /= np.polyval([0.73248077421585, -1.69065929318241, 1], z)
    high_pass = (1 - z) ** 2 / np.polyval([0.99007225036621, -1.99004745483398, 1], z)
    return np.repeat(np.abs(shelf * high_pass) ** 2 / SEGMENT**2, 2).astype(np.float32)


_WEIGHTS = _k_weighting()


def _gain(energies: NDArray[np.float64], peaks: NDArray[np.float64]) -> NDArray[np.float64]:
    """The gain of each step, from the energy of each segment and the peak of each step."""
    decibels = 20 * np.log10(np.maximum(peaks, 1e-9))
    gain, limited = 0.0, np.ones(len(peaks))
    for _ in range(4):  # the limiter lowers the loudness: correct the gain and limit again
        limited_energies = energies * (limited**2).reshape(len(energies), -1).mean(axis=1)
        gain = min(LOUDNESS - loudness(limited_energies), _MAX_GAIN)
        limited = _limit(gain + decibels)
    return 10 ** (gain / 20) * limited


def _limit(peaks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gains that keep steps with these peaks (dBFS) below the ceiling: they fall just before a peak and rise slowly after it."""
    needed = np.minimum(CEILING - peaks, 0)
    rise = _RELEASE * np.arange(len(peaks))
    released = np.pad(np.minimum.accumulate(needed - rise) + rise, _ATTACK, mode="edge")
    # Each step takes the lowest gain of the step before, itself and those ahead. So the average of _ATTACK of them, which
    # smooths the attack, is still low enough for the peak.
    shifted = [released[shift : len(released) - _ATTACK - 1 + shift] for shift in range(_ATTACK + 2)]
    return np.asarray(10 ** (np.convolve(np.minimum.reduce(shifted), np.full(_ATTACK, 1 / _ATTACK), "valid") / 20))


def _peaks(samples: Samples) -> NDArray[np.float32]:
    """The peak of each step. Their halves are compared as a whole, and theirs again, which is faster than step by step."""
    levels = np.abs(samples.reshape(-1, 2 * _STEP))
    for parts in (2, 2, 2):
        levels = np.maximum.reduce(np.split(levels, parts, axis=1))
    peaks: NDArray[np.float32] = levels.max(axis=1)
    return peaks
