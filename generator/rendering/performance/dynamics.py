"""Dynamics: phrases swell and fade, and a part grows when it comes again."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction

from generator.rendering.performance.played_bars import PHRASE, PlayedBar

_SWELL = 5.0  # MIDI velocity, up to the middle of a phrase and down to its ends
_REPEAT, _LAST = 2.0, 3.0  # more, in a repeat and in the last playing of a part


class Dynamics:
    """Maps a time to a change of the MIDI velocity."""

    def __init__(self, bars: Sequence[PlayedBar]) -> None:
        self._bars = bars
        self._onsets = [float(bar.onset) for bar in bars]
        self._last_playing = bars[-1].playing if bars else 0

    def __call__(self, time: Fraction | float) -> float:
        bar = self._bars[max(bisect_right(self._onsets, float(time) + 1e-9) - 1, 0)]
        louder = _REPEAT * (bar.pass_index > 0) + _LAST * (0 < bar.playing == self._last_playing)
        if bar.bar_in_section < 0 or not bar.duration:  # a pick-up is part of no phrase
            return louder - _SWELL
        first = bar.bar_in_section - bar.bar_in_section % PHRASE
        bars = min(PHRASE, bar.bars_in_section - first)
        phase = (bar.bar_in_section % PHRASE + float(time - bar.onset) / float(bar.duration)) / bars
        return louder - _SWELL * math.cos(2 * math.pi * phase)
