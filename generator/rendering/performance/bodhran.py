"""The bodhrán: its strokes, and its fills at the ends of parts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from generator.notation.score import Score
from generator.rendering.performance.melody import Sound
from generator.rendering.performance.patterns import BODHRAN, FILLS, alternating, steps
from generator.rendering.performance.played_bars import PHRASE, PlayedBar

SKIN, EDGE = 64, 74  # MIDI pitches of the Taiko that plays the bodhrán
_VELOCITIES = {"D": 62, "d": 46, "t": 36, "r": 42}  # by the signs of the patterns
_SKIPPED_TAPS = 0.2  # the share of taps that are skipped, for variety
_CRESCENDO = 12  # MIDI velocity, in the course of a fill


def bodhran(score: Score, bars: Sequence[PlayedBar], end: Fraction, seed: int) -> list[Sound]:
    """The bodhrán's sounds, with a fill at the end of each part.

    There are none in an air, and in other tunes none before the first repeat.
    """
    generator = random.Random(f"bodhran {seed}")
    enters = next((bar.onset for bar in bars if bar.pass_index), Fraction(0))
    plain, fills = alternating(score, BODHRAN, bars, seed), alternating(score, FILLS, bars, seed)
    sounds = []
    for step in steps(bars, end, lambda bar: fills(bar) if _is_filled(bar) else plain(bar)):
        skipped = step.sign == "t" and generator.random() < _SKIPPED_TAPS
        if step.onset < enters or skipped:
            continue
        velocity = _VELOCITIES[step.sign]
        if _is_filled(step.bar):
            velocity += round(_CRESCENDO * (step.bar_offset / step.bar.duration))
        stroke = Sound(step.onset, step.length, EDGE if step.sign == "t" else SKIN, velocity)
        sounds += _halves(stroke) if step.sign == "r" else [stroke]
    return sounds


def _is_filled(bar: PlayedBar) -> bool:
    """Whether the bodhrán fills a bar: the last one of a part, and of each eight bars."""
    return bar.ends_section or bar.bar_in_section % (2 * PHRASE) == 2 * PHRASE - 1


def _halves(sound: Sound) -> list[Sound]:
    half = sound.duration / 2
    return [replace(sound, duration=half), replace(sound, onset=sound.onset + half, duration=half)]
