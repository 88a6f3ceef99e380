"""The features that the judge's regression reads: the traits of a tune, and how usual it is among the training tunes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, pstdev

import numpy as np
from numpy.typing import NDArray

from generator.composer.idiom import half_bars
from generator.composer.music import Music, Sound, music_of
from generator.composer.traits import bar_lengths, mean, traits_of
from generator.notation.score import Score
from training.evaluation.common import CommonMusic
from training.evaluation.idiom import cadences
from training.evaluation.judge.surprise import Surprise

BEAT = 24  # ticks: notes that begin on a multiple of four of these are on a beat in simple metres
WORST = 8  # notes of the most surprising passage


class FeatureReader:
    """Reads the features of tunes; counts the training tunes once."""

    def __init__(self, training: Sequence[Score], common: CommonMusic) -> None:
        self.common = common
        tunes = [(score.rhythm, music_of(score)) for score in training]
        self._degrees = Surprise(_degrees(part) for _, music in tunes for part in music)
        self._steps = Surprise(_steps(part) for _, music in tunes for part in music)
        rhythms: dict[str, list[list[str]]] = {}
        for rhythm, music in tunes:
            for part in music:
                rhythms.setdefault(rhythm, []).append(bar_lengths(part))
        self._rhythms = {rhythm: Surprise(parts) for rhythm, parts in rhythms.items()}

    def read(self, tunes: Sequence[tuple[Score, str]]) -> tuple[list[str], NDArray[np.float64]]:
        """The names of the features, and their values: (tunes, features). tunes: with the rhythm that was requested."""
        rows = [self._features(score, rhythm) for score, rhythm in tunes]
        return list(rows[0]), np.array([list(row.values()) for row in rows], np.float64)

    def _features(self, score: Score, rhythm: str) -> dict[str, float]:
        music = music_of(score)
        found = self._idiom(score, music, rhythm) | self._surprises(music, rhythm)
        for group in traits_of(music).values():
            found |= group
        return found

    def _idiom(self, score: Score, music: Music, rhythm: str) -> dict[str, float]:
        ends, halves = cadences(score), half_bars(music, score.metre)
        counts = self.common.half_bars.get(rhythm, Counter())
        return {
            "cadence known": mean(math.log1p(self.common.cadences[end]) for end in ends),
            "rarest cadence": min((math.log1p(self.common.cadences[end]) for end in ends), default=0.0),
            "half-bars common": mean(math.log1p(counts[half]) for half in halves),
            "half-bars new": mean(float(counts[half] == 0) for half in halves),
            "half-bars rare": mean(float(counts[half] < 5) for half in halves),
        }

    def _surprises(self, music: Music, rhythm: str) -> dict[str, float]:
        rhythms = self._rhythms.get(rhythm) or self._rhythms.get("")
        found: dict[str, float] = {}
        for name, bits in (
            ("degrees", [self._degrees.bits(_degrees(part)) for part in music]),
            ("steps", [self._steps.bits(_steps(part)) for part in music]),
            ("rhythms", [rhythms.bits(bar_lengths(part)) for part in music] if rhythms else []),
        ):
            flat = [value for part in bits for value in part]
            windows = [fmean(part[at : at + WORST]) for part in bits for at in range(max(len(part) - WORST + 1, 1)) if part]
            found |= {
                f"{name}, mean": mean(flat),
                f"{name}, spread": pstdev(flat) if flat else 0.0,
                f"{name}, most": max(windows, default=0.0),
                f"{name}, least": min(windows, default=0.0),
            }
        return found


def _degrees(part: Sequence[Sequence[Sound]]) -> list[tuple[int, int]]:
    return [(sound.degree, sound.alter) for bar in part for sound in bar if sound.degree is not None]


def _steps(part: Sequence[Sequence[Sound]]) -> list[int]:
    """Intervals in degrees, with whether the note is on a beat: what a melody does regardless of its key and height."""
    sounds = [sound for bar in part for sound in bar if sound.degree is not None]
    return [
        2 * (after.degree - before.degree) + (after.offset % (2 * BEAT) == 0)
        for before, after in pairwise(sounds)
        if before.degree is not None and after.degree is not None
    ]
