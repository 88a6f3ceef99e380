"""Groove: how swing and lilt move the evenly written notes of a dance rhythm, for melody and backing alike."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby

from generator.notation.metres import Metre
from generator.notation.score import Score
from generator.notation.tempo import usual_rhythm
from generator.rendering.performance.melody import Sound
from generator.rendering.performance.played_bars import PlayedBar

Warp = tuple[tuple[float, float], ...]  # (phase in a pulse as written, phase as played), both from 0 to 1

_STRAIGHT: Warp = ()
_HORNPIPE: Warp = ((1 / 2, 0.61),)
_DOTTED: Warp = ((3 / 4, 0.69),)  # written as three to one, played as about two to one
_JIG: Warp = ((1 / 3, 0.36), (2 / 3, 0.675))  # long, short, medium
_WARPS = {"reel": ((1 / 2, 0.525),), "hornpipe": _HORNPIPE, "jig": _JIG, "slip jig": _JIG, "slide": _JIG}
_EVEN_PHASES = {Fraction(quarter, 4) for quarter in range(4)}


def pulse_of(score: Score, metre: Metre | None) -> Fraction:
    """The unit that swing divides, in whole notes: a crotchet, or a dotted crotchet in compound metres."""
    if metre is None:
        return Fraction(1, 4)
    rhythm = usual_rhythm(score.rhythm, score.metre)
    if metre.compound or rhythm is None:
        return metre.beat
    beat, _ = rhythm.tempo(metre)
    if rhythm.beat.numerator == 3:  # a bar in simple metre in a jig
        return metre.beat
    return beat / 2 if rhythm.name == "reel" else beat


class Groove:
    """Maps written times to played times, both in whole notes from the start of the tune as played."""

    def __init__(self, score: Score, bars: Sequence[PlayedBar], melody: Sequence[Sound]) -> None:
        self.score, self.bars = score, bars
        rhythm = usual_rhythm(score.rhythm, score.metre)
        self._default: Warp = _WARPS.get(rhythm.name, _STRAIGHT) if rhythm else _STRAIGHT
        self._onsets = [float(bar.onset) for bar in bars]
        self._bar_offsets = [float(bar.bar_offset) for bar in bars]
        self._pulses = {bar.metre: pulse_of(score, bar.metre) for bar in bars}
        self._pulse_lengths = {metre: float(pulse) for metre, pulse in self._pulses.items()}
        # (number of the bar in `bars`, pulse) → where in the pulse notes begin, and the warp that fits them
        self._phases: defaultdict[tuple[int, int], set[Fraction]] = defaultdict(set)
        self._melody_warps: dict[tuple[int, int], Warp] = {}
        number = 0
        for start in (next(group).onset for _, group in groupby(melody, key=lambda sound: (sound.bar, sound.note))):
            while number + 1 < len(bars) and bars[number + 1].onset <= start:
                number += 1
            phase = (start - bars[number].onset + bars[number].bar_offset) / self._pulses[bars[number].metre]
            self._phases[number, int(phase)].add(phase % 1)

    def __call__(self, time: Fraction | float, *, melody: bool = True) -> float:
        """The played time of a written time. In the melody, pulses with triplets or other uneven notes stay straight."""
        time = float(time)
        number = max(bisect_right(self._onsets, time + 1e-9) - 1, 0)
        played = self.bars[number]
        default = self._warp_in(played.metre)
        if not default:
            return time
        length = self._pulse_lengths[played.metre]
        bar_offset = time - self._onsets[number] + self._bar_offsets[number]
        pulse = int(bar_offset / length + 1e-9)
        phase = bar_offset / length - pulse
        low, low_played = 0.0, 0.0
        for high, high_played in (*(self._melody_warp(number, pulse, default) if melody else default), (1.0, 1.0)):
            if phase <= high:
                return time + (low_played + (phase - low) * (high_played - low_played) / (high - low) - phase) * length
            low, low_played = high, high_played
        return time

    def _warp_in(self, metre: Metre | None) -> Warp:
        return self._default if metre and metre.compound == (self._default is _JIG) else _STRAIGHT

    def _melody_warp(self, number: int, pulse: int, default: Warp) -> Warp:
        if (number, pulse) not in self._melody_warps:
            self._melody_warps[number, pulse] = self._fitting_warp(self._phases[number, pulse], default)
        return self._melody_warps[number, pulse]

    def _fitting_warp(self, phases: set[Fraction], default: Warp) -> Warp:
        """The warp that fits the melody's notes in a pulse, which begin at these phases."""
        if default is _JIG:
            return default
        if not phases <= _EVEN_PHASES:
            return _STRAIGHT
        if default is _HORNPIPE and Fraction(3, 4) in phases and Fraction(1, 2) not in phases:
            return _DOTTED
        return default
