"""The features that the judge's regression reads: numbers of a tune, alone or against the training tunes.

None of them depends on the key, on how repeats are written or on the header. Nor is there one for how much a tune shares with
known tunes: a composer must not be drawn towards copies.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import fmean, pstdev

import numpy as np
from numpy.typing import NDArray

from generator.composer.idiom import half_bars
from generator.notation.score import Score
from training.evaluation.common import CommonMusic
from training.evaluation.idiom import cadences, closes_7_1, last_bars_alike
from training.evaluation.judge.music import Music, Sound, bar_at, music_of
from training.evaluation.judge.surprise import Surprise

STEP_CLASSES = (-99, -8, -5, -3, 0, 1, 3, 5, 8, 99)  # lower bounds of the classes of intervals, in semitones
LENGTHS = (6, 12, 18, 24, 36, 48, 72, 96)  # ticks
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
                rhythms.setdefault(rhythm, []).append(_bar_rhythms(part))
        self._rhythms = {rhythm: Surprise(parts) for rhythm, parts in rhythms.items()}

    def read(self, tunes: Sequence[tuple[Score, str]]) -> tuple[list[str], NDArray[np.float64]]:
        """The names of the features, and their values: (tunes, features). tunes: with the rhythm that was requested."""
        rows = [self._features(score, rhythm) for score, rhythm in tunes]
        return list(rows[0]), np.array([list(row.values()) for row in rows], np.float64)

    def _features(self, score: Score, rhythm: str) -> dict[str, float]:
        music = music_of(score)
        sounds = [sound for part in music for bar in part for sound in bar]
        pitches = [sound.midi for sound in sounds if sound.degree is not None]
        return {
            **self._idiom(score, rhythm),
            **self._surprises(music, rhythm),
            **_melody(sounds, pitches),
            **_lengths(music, sounds),
            **_repetition(music),
            **_shape(music),
        }

    def _idiom(self, score: Score, rhythm: str) -> dict[str, float]:
        ends, halves = cadences(score), half_bars(score)
        counts = self.common.half_bars.get(rhythm, Counter())
        closing = closes_7_1(score)
        return {
            "last bar alike": last_bars_alike(score, 1)[0],
            "last two bars alike": last_bars_alike(score, 2)[0],
            "cadence known": _mean(math.log1p(self.common.cadences[end]) for end in ends),
            "rarest cadence": min((math.log1p(self.common.cadences[end]) for end in ends), default=0.0),
            "closes 7-1": _ratio(closing),
            "half-bars common": _mean(math.log1p(counts[half]) for half in halves),
            "half-bars new": _mean(float(counts[half] == 0) for half in halves),
            "half-bars rare": _mean(float(counts[half] < 5) for half in halves),
        }

    def _surprises(self, music: Music, rhythm: str) -> dict[str, float]:
        rhythms = self._rhythms.get(rhythm) or self._rhythms.get("")
        found: dict[str, float] = {}
        for name, bits in (
            ("degrees", [self._degrees.bits(_degrees(part)) for part in music]),
            ("steps", [self._steps.bits(_steps(part)) for part in music]),
            ("rhythms", [rhythms.bits(_bar_rhythms(part)) for part in music] if rhythms else []),
        ):
            flat = [value for part in bits for value in part]
            windows = [fmean(part[at : at + WORST]) for part in bits for at in range(max(len(part) - WORST + 1, 1)) if part]
            found |= {
                f"{name}, mean": _mean(flat),
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


def _bar_rhythms(part: Sequence[Sequence[Sound]]) -> list[str]:
    return [" ".join(f"{'z' if sound.degree is None else ''}{sound.ticks}" for sound in bar) for bar in part]


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return fmean(found) if found else 0.0


def _ratio(pair: tuple[float, float]) -> float:
    return pair[0] / pair[1] if pair[1] else 0.0


def _melody(sounds: Sequence[Sound], pitches: Sequence[int]) -> dict[str, float]:
    steps = [after - before for before, after in pairwise(pitches)]
    classes = Counter(sum(step >= bound for bound in STEP_CLASSES) for step in steps)
    heard = [sound for sound in sounds if sound.degree is not None]
    strong = [sound for sound in heard if sound.offset == 0]
    altered = [index for index, sound in enumerate(heard) if sound.alter]
    resolved = sum(index + 1 < len(heard) and abs(heard[index + 1].midi - heard[index].midi) <= 2 for index in altered)
    turns = sum((before > 0) != (after > 0) for before, after in pairwise([step for step in steps if step]))
    total = max(len(steps), 1)
    return {
        **{f"steps {kind}": classes[kind] / total for kind in range(1, len(STEP_CLASSES))},
        **{f"degree {degree}": _share(heard, degree) for degree in range(7)},
        **{f"bar begins on {degree}": _share(strong, degree) for degree in range(7)},
        "altered": len(altered) / max(len(heard), 1),
        "altered and not resolved": (len(altered) - resolved) / max(len(heard), 1),
        "turns": turns / total,
        "leap after leap": sum(abs(a) > 4 and abs(b) > 4 for a, b in pairwise(steps)) / total,
        "range": float(max(pitches, default=0) - min(pitches, default=0)),
        "highest": float(max(pitches, default=0)),
        "lowest": float(min(pitches, default=0)),
        "height": _mean(map(float, pitches)),
    }


def _share(sounds: Sequence[Sound], degree: int) -> float:
    return sum(sound.degree is not None and sound.degree % 7 == degree for sound in sounds) / max(len(sounds), 1)


def _lengths(music: Music, sounds: Sequence[Sound]) -> dict[str, float]:
    total = max(len(sounds), 1)
    bars = [rhythm for part in music for rhythm in _bar_rhythms(part)]
    counts = Counter(sound.ticks for sound in sounds)
    return {
        **{f"length {ticks}": counts[ticks] / total for ticks in LENGTHS},
        "triplets": sum(sound.triplet for sound in sounds) / total,
        "rests": sum(sound.degree is None for sound in sounds) / total,
        "notes a bar": len(sounds) / max(len(bars), 1),
        "bar rhythms": len(set(bars)) / max(len(bars), 1),
        "most frequent bar rhythm": max(Counter(bars).values(), default=0) / max(len(bars), 1),
    }


def _repetition(music: Music) -> dict[str, float]:
    bars = [tuple((sound.midi, sound.degree is None, sound.ticks) for sound in bar) for part in music for bar in part]
    classes = [tuple((midi % 12, rest, ticks) for midi, rest, ticks in bar) for bar in bars]
    slips = sum(bar not in bars[:index] and classes[index] in classes[:index] for index, bar in enumerate(bars))
    contours = [tuple(b[0] - a[0] for a, b in pairwise(bar)) for bar in bars]
    later = [contours[index] in contours[:index] and bars[index] not in bars[:index] for index in range(len(bars))]
    back = {
        f"same as {bars_back} before": _alike(
            (bar_at(music, number, index - bars_back), bar)
            for number, part in enumerate(music)
            for index, bar in enumerate(part)
            if index >= bars_back
        )
        for bars_back in (1, 2, 4, 8)
    }
    return {
        **back,
        "distinct bars": len(set(bars)) / max(len(bars), 1),
        "octave slips": slips / max(len(bars), 1),
        "sequences": sum(later) / max(len(bars), 1),
        "parts begin alike": _alike((bar_at(music, 0, index), bar_at(music, 1, index)) for index in range(4)),
        "parts end alike": _alike((_from_end(music, 0, back), _from_end(music, 1, back)) for back in range(1, 5)),
    }


def _from_end(music: Music, part: int, back: int) -> list[Sound]:
    return bar_at(music, part, len(music[part]) - back) if part < len(music) else []


def _alike(pairs: Iterable[tuple[Sequence[Sound], Sequence[Sound]]]) -> float:
    """The share of the notes of the second bars that are also in the first ones, at the same offset."""
    alike = notes = 0
    for one, other in pairs:
        known = {(sound.offset, sound.midi) for sound in one if sound.degree is not None}
        alike += sum((sound.offset, sound.midi) in known for sound in other if sound.degree is not None)
        notes += sum(sound.degree is not None for sound in other)
    return alike / max(notes, 1)


def _shape(music: Music) -> dict[str, float]:
    heights = [_mean(float(sound.midi) for bar in part for sound in bar if sound.degree is not None) for part in music]
    last = [sounds[-1] for part in music if (sounds := [sound for sound in part[-1] if sound.degree is not None])]
    first = [sounds[0] for part in music if (sounds := [sound for sound in part[0] if sound.degree is not None])]
    return {
        "second part higher": heights[1] - heights[0] if len(heights) > 1 else 0.0,
        "parts end on the tonic": _share(last, 0),
        "last note": _mean(float(sound.ticks) for sound in last),
        "begins on the tonic": _share(first, 0),
        "notes of the last bars": _mean(float(len(part[-1])) for part in music),
        "bars of the first part": float(len(music[0])) if music else 0.0,
        "parts": float(len(music)),
    }
