"""The drone of the pipes: the key's tonic, held under the melody."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby

from generator.notation.score import Score
from generator.rendering.performance.melody import Sound
from generator.rendering.performance.played_bars import PlayedBar, keys_of_bars

_LOWEST = 38  # MIDI: the pipes' lowest D
_VELOCITY = 60


def drone(score: Score, bars: Sequence[PlayedBar], end: Fraction) -> list[Sound]:
    """The tonic in two octaves from the beginning until `end`, in whole notes. It moves where the key changes."""
    keys = keys_of_bars(score)
    sounds = []
    for pitch_class, group in groupby(bars, key=lambda bar: keys[bar.index].pitch_class):
        onset = next(group).onset
        following = next((bar.onset for bar in bars if bar.onset > onset and keys[bar.index].pitch_class != pitch_class), end)
        pitch = _LOWEST + (pitch_class - _LOWEST) % 12
        sounds += [Sound(onset, following - onset, each, _VELOCITY) for each in (pitch, pitch + 12) if following > onset]
    return sounds
