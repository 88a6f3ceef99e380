"""How fast a tune goes, and so how long it plays."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from generator.notation.metres import RHYTHMS, Metre, Rhythm, rhythm_named
from generator.notation.score import Score
from generator.notation.structure import play_order

MAX_PLAYING_S = 180  # beyond it nothing is composed or played

# What a metre is mostly danced to, where a tune does not say what it is.
_USUAL = {"4/4": "reel", "2/2": "reel", "2/4": "polka", "3/4": "waltz", "6/8": "jig", "9/8": "slip jig", "12/8": "slide"}
_CROTCHETS = (Fraction(1, 4), 100)


def usual_rhythm(rhythm: str, metre: Metre | None) -> Rhythm | None:
    """The rhythm of that name, else the one that is mostly danced in the metre."""
    return rhythm_named(rhythm) or RHYTHMS.get(_USUAL.get(str(metre), ""))


def usual_tempo(rhythm: str, metre: Metre | None) -> tuple[Fraction, int]:
    """The beat in whole notes and beats a minute that a rhythm, or a metre where it is not known, is played at."""
    named = usual_rhythm(rhythm, metre)
    if named is None:
        return (metre.beat, _CROTCHETS[1]) if metre else _CROTCHETS
    return named.tempo(metre)


def tempo(score: Score) -> tuple[Fraction, int]:
    """The score's own tempo, else the usual one."""
    return score.tempo or usual_tempo(score.rhythm, score.metre)


def seconds(length: Fraction, at: tuple[Fraction, int]) -> float:
    """How long so many whole notes last at a tempo."""
    beat, minute = at
    return float(length / beat) * 60 / minute


def quarters_per_minute(score: Score) -> float:
    beat, count = tempo(score)
    return float(beat * 4 * count)


def playing_time_s(score: Score, order: Sequence[int]) -> float:
    """How long the bars last when they are played in this order, at the score's tempo."""
    times = Counter(order)  # bars may be played by the ten thousand; adding that many fractions takes long
    return seconds(sum((score.bars[index].duration * count for index, count in times.items()), Fraction(0)), tempo(score))


def at_relative_tempo(score: Score, pace: float) -> Score:
    """The score so many times as fast as it goes, but never so slowly that it would play for longer than anything may."""
    if pace == 1:
        return score
    beat, count = tempo(score)
    needed = count * playing_time_s(score, play_order(score.bars, score.order)) / MAX_PLAYING_S
    return replace(score, tempo=(beat, max(round(count * pace), min(count, math.ceil(needed)), 1)))
