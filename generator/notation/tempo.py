"""The tempo of a tune, and how long it plays."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from generator.notation.metres import RHYTHMS, Metre, Rhythm, rhythm_named
from generator.notation.score import Score
from generator.notation.structure import play_order

MAX_PLAYING_S = 180  # limit for tunes that are composed or played

# The most common rhythm of each metre, for tunes that name none.
_COMMONEST_RHYTHMS = {
    "4/4": "reel", "2/2": "reel", "2/4": "polka", "3/4": "waltz", "6/8": "jig", "9/8": "slip jig", "12/8": "slide",
}  # fmt: skip
_DEFAULT_TEMPO = (Fraction(1, 4), 100)


def usual_rhythm(rhythm: str, metre: Metre | None) -> Rhythm | None:
    """The rhythm of this name; if there is none, the most common one in the metre."""
    return rhythm_named(rhythm) or RHYTHMS.get(_COMMONEST_RHYTHMS.get(str(metre), ""))


def usual_tempo(rhythm: str, metre: Metre | None) -> tuple[Fraction, int]:
    """The beat in whole notes and the beats a minute of a rhythm; of the metre if the rhythm is unknown."""
    named = usual_rhythm(rhythm, metre)
    if named is None:
        return (metre.beat, _DEFAULT_TEMPO[1]) if metre else _DEFAULT_TEMPO
    return named.tempo(metre)


def tempo(score: Score) -> tuple[Fraction, int]:
    """The score's own tempo; if it has none, the usual one."""
    return score.tempo or usual_tempo(score.rhythm, score.metre)


def seconds(length: Fraction, tempo: tuple[Fraction, int]) -> float:
    """How long `length` whole notes last at a tempo."""
    beat, beats_per_minute = tempo
    return float(length / beat) * 60 / beats_per_minute


def quarters_per_minute(score: Score) -> float:
    beat, beats_per_minute = tempo(score)
    return float(beat * 4 * beats_per_minute)


def playing_time_s(score: Score, order: Sequence[int]) -> float:
    """How long the bars play in this order (`structure.play_order`), at the score's tempo."""
    times = Counter(order)  # adding fractions is slow, and an order may have tens of thousands of bars
    return seconds(sum((score.bars[index].duration * count for index, count in times.items()), Fraction(0)), tempo(score))


def at_relative_tempo(score: Score, factor: float) -> Score:
    """The score at `factor` times its tempo, but not so slow that it would play for longer than MAX_PLAYING_S."""
    if factor == 1:
        return score
    beat, beats_per_minute = tempo(score)
    slowest = beats_per_minute * playing_time_s(score, play_order(score.bars, score.order)) / MAX_PLAYING_S
    return replace(score, tempo=(beat, max(round(beats_per_minute * factor), min(beats_per_minute, math.ceil(slowest)), 1)))
