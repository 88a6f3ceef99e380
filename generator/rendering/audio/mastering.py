"""Brings a recording to an even loudness, under a peak that survives MP3, by a limiter that nobody hears at work.

Loudness is ITU-R BS.1770-5's. Its filter is applied to the spectrum of each tenth of a second: numpy has no recursive filters,
and scipy would be loaded into every renderer for this one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generator.rendering.result import RendererFault

RATE = 44_100  # Hz
LOUDNESS = -15.55  # LUFS, integrated; LAME takes 0.45 dB off
CEILING = -1.55  # dBFS of a frame, of which LAME takes as much; between frames and through MP3 peaks rise
_INAUDIBLE = 10 ** (-60 / 20)  # of full scale: a font without the instrument plays nothing, or noise
_SILENCE = 10 ** (-60 / 20)  # beside the peak
_TAIL = 4  # segments kept of it
_FADE_S = 0.3
_MOST_GAIN = 100.0  # 40 dB: a single soft click has no loudness

_SEGMENT = RATE // 10  # frames; a block of the measurement is four segments, and begins with each
_STEP = 63  # frames to a gain of the limiter: 1.4 ms, 70 to a segment
_AHEAD = 4  # steps before a peak in which the limiter turns down
_RELEASE = 60 * _STEP / RATE  # dB that it turns up in a step: 60 in a second

Samples = NDArray[np.float32]  # (frames, 2); 1 is full scale


def master(samples: Samples) -> NDArray[np.int16]:
    """The recording at LOUDNESS and below CEILING, of whole tenths of a second, without what is silent at its end.

    Raises RendererFault when all is silent.
    """
    whole = np.zeros((-(-len(samples) // _SEGMENT) + _TAIL, _SEGMENT, 2), dtype=np.float32)
    whole.reshape(-1, 2)[: len(samples)] = samples
    peaks = _peaks(whole)
    if peaks.max() < _INAUDIBLE:
        raise RendererFault("The sound font played nothing. Choose a General MIDI font in the setting SOUNDFONT.")
    segments = whole[: int(np.flatnonzero(peaks > peaks.max() * _SILENCE)[-1]) + 1 + _TAIL]
    steps = segments.reshape(-1, _STEP, 2)
    gain = _gain(segments, steps)
    gain[-round(_FADE_S * RATE / _STEP) :] *= np.linspace(1, 0, round(_FADE_S * RATE / _STEP))
    # From one step's gain to the next in a straight line.
    edges = np.float32(32_767) * np.concatenate([gain[:1], (gain[1:] + gain[:-1]) / 2, gain[-1:]]).astype(np.float32)
    line = np.linspace(0, 1, _STEP, endpoint=False, dtype=np.float32)
    finished = np.empty(steps.shape, dtype="<i2")
    for at in range(0, len(steps), 700):  # what a processor's cache holds
        left, right = edges[at : at + 701][:-1, None], edges[at + 1 : at + 701, None]
        finished[at : at + 700] = np.rint(steps[at : at + 700] * (left + (right - left) * line)[:, :, None])
    return finished.reshape(-1, 2)


def loudness(energies: NDArray[np.float64]) -> float:
    """Integrated loudness in LUFS of a recording whose segments have these K-weighted energies."""
    blocks = np.convolve(energies, np.full(4, 1 / 4), "valid")
    blocks = blocks[blocks > 10 ** ((-70 + 0.691) / 10)]  # the absolute gate
    if len(blocks) == 0:
        return -np.inf
    return float(-0.691 + 10 * np.log10(blocks[blocks > blocks.mean() / 10].mean()))  # the gate 10 LU below the mean


def k_energies(segments: Samples) -> NDArray[np.float64]:
    """The K-weighted mean square of each segment, its channels added; segments of shape (segments, frames, 2)."""
    found = np.empty(len(segments))
    for at in range(0, len(segments), 10):
        channels = np.ascontiguousarray(segments[at : at + 10].transpose(0, 2, 1))
        spectrum = np.fft.rfft(channels).view(np.float32)  # real and imaginary parts by turns
        found[at : at + 10] = (spectrum * spectrum @ _WEIGHTS).sum(axis=1)
    return found


def _k_weighting() -> NDArray[np.float32]:
    """What each part of a segment's spectrum counts, by the two filters of BS.1770-5, annex 1, given there for 48 kHz."""
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(_SEGMENT, 1 / RATE) / 48_000)
    shelf = np.polyval([1.19839281085285, -2.69169618940638, 1.53512485958697], z)
    shelf /= np.polyval([0.73248077421585, -1.69065929318241, 1], z)
    high_pass = (1 - z) ** 2 / np.polyval([0.99007225036621, -1.99004745483398, 1], z)
    return np.repeat(2 * np.abs(shelf * high_pass) ** 2 / _SEGMENT**2, 2).astype(np.float32)


_WEIGHTS = _k_weighting()


def _gain(segments: Samples, steps: Samples) -> NDArray[np.float64]:
    """What each step is to be multiplied with."""
    energies, peaks = k_energies(segments), np.maximum(_peaks(steps), 1e-9)
    gain, limited = 1.0, np.ones(len(steps))
    for _ in range(4):  # what the limiter takes is given back, and limited again
        left = energies * (limited**2).reshape(len(segments), -1).mean(axis=1)
        gain = min(10 ** ((LOUDNESS - loudness(left)) / 20), _MOST_GAIN)
        limited = _limit(gain * peaks)
    return gain * limited


def _limit(peaks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Gains that keep steps with these peaks below the ceiling: down just before a peak, and slowly up after it."""
    wanted = np.minimum(CEILING - 20 * np.log10(peaks), 0)
    rise = _RELEASE * np.arange(len(peaks))
    released = np.pad(np.minimum.accumulate(wanted - rise) + rise, _AHEAD, mode="edge")
    # As low as the step before, the step itself and those ahead need; an average of four such is low enough on both its sides.
    lowest = np.lib.stride_tricks.sliding_window_view(released, _AHEAD + 2).min(axis=1)
    return np.asarray(10 ** (np.convolve(lowest, np.full(_AHEAD, 1 / _AHEAD), "valid") / 20))


def _peaks(pieces: Samples) -> NDArray[np.float32]:
    """The highest level in each piece; pieces of shape (pieces, frames, 2)."""
    flat = pieces.reshape(len(pieces), -1)
    highest: NDArray[np.float32] = np.maximum(flat.max(axis=1), -flat.min(axis=1))
    return highest
