"""Idiom: what a player of the tradition hears at once: half-bars, bar rhythms and cadences that many tunes have.

`Idiom` holds what the training tunes have in common. Everything is relative to the tonic, so it is the same in all keys.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from generator.composer.music import Music, Sound
from generator.composer.traits import bar_lengths, mean
from generator.notation.metres import Metre
from generator.notation.score import Score
from generator.notation.tokens import TICKS

COMMON = 5  # training tunes of a rhythm that have a common half-bar; training parts that end with a known cadence
CADENCE_NOTES = 4
REST = -99  # the degree of a rest

HalfBar = tuple[tuple[int, int, int], ...]  # of each note: degree above the tonic, alteration, length in ticks


@dataclass(frozen=True, slots=True)
class Idiom:
    """How many training tunes have a half-bar or a bar rhythm, and how many of their parts end with a cadence.

    Only the frequent ones. A bar rhythm is the lengths of the notes of a bar.
    """

    half_bars: Mapping[str, Mapping[str, int]]  # rhythm → half-bar in words → tunes
    bar_rhythms: Mapping[str, Mapping[str, int]]  # rhythm → note lengths → tunes
    cadences: Mapping[str, int]  # degrees → parts

    @classmethod
    def of(cls, tunes: Iterable[tuple[Score, Music]]) -> Idiom:
        """Counts over tunes whose rhythm is known; the others count for the cadences alone."""
        half_bars_of: dict[str, Counter[str]] = {}
        bar_rhythms_of: dict[str, Counter[str]] = {}
        ends: Counter[str] = Counter()
        for score, music in tunes:
            ends.update(cadences(music))
            if score.rhythm:
                half_bars_of.setdefault(score.rhythm, Counter()).update(set(_half_bar_names(score, music)))
                bar_rhythms_of.setdefault(score.rhythm, Counter()).update(set(_bar_rhythms(music)))
        return cls(
            {rhythm: _frequent(counts) for rhythm, counts in sorted(half_bars_of.items())},
            {rhythm: _frequent(counts) for rhythm, counts in sorted(bar_rhythms_of.items())},
            _frequent(ends),
        )

    def traits(self, score: Score, music: Music, *, counted: bool = False) -> dict[str, float]:
        """How common the half-bars, bar rhythms and cadences of a tune are. counted: the tune is one of those counted, and does
        not count for itself.
        """
        ends = Counter(cadences(music))
        of_half_bars = _commonness(_half_bar_names(score, music), self.half_bars.get(score.rhythm, {}), lambda _: counted)
        of_bars = _commonness(_bar_rhythms(music), self.bar_rhythms.get(score.rhythm, {}), lambda _: counted)
        of_ends = _commonness(list(ends.elements()), self.cadences, lambda name: counted * ends[name])
        return {
            "half-bars common": mean(float(value > 0) for value in of_half_bars),
            "half-bars": mean(of_half_bars),
            "bar rhythms": mean(of_bars),
            "rarest bar rhythm": min(of_bars, default=0.0),
            "cadences common": mean(float(value > 0) for value in of_ends),
            "cadences": mean(of_ends),
        }


def _commonness(names: Sequence[str], counts: Mapping[str, int], own: Callable[[str], int]) -> list[float]:
    """The logarithm of how many other tunes have each, 0 for rare ones. own: how often the tune itself was counted."""
    others = [counts.get(name, 0) - own(name) for name in names]
    return [math.log(count) if count >= COMMON else 0.0 for count in others]


def _half_bar_names(score: Score, music: Music) -> list[str]:
    return list(map(_half_bar_name, half_bars(music, score.metre)))


def _bar_rhythms(music: Music) -> list[str]:
    return [lengths for part in music for lengths in bar_lengths(part)]


def _frequent(counts: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in sorted(counts.items()) if count >= COMMON}


def _half_bar_name(half_bar: HalfBar) -> str:
    return " ".join(f"{degree}:{alter}:{ticks}" for degree, alter, ticks in half_bar)


def half_bars(music: Music, metre: Metre | None) -> list[HalfBar]:
    """The music of each half of a bar; of each beat in compound metres, of the bar in 3/4.

    What a note crosses is not divided. Bars of the wrong length are left out.
    """
    if metre is None:
        return []
    whole, half = int(metre.bar * TICKS), int(_half(metre) * TICKS)
    return [
        found for part in music for bar in part if sum(sound.ticks for sound in bar) == whole for found in _divided(bar, half)
    ]


def _divided(bar: Sequence[Sound], half: int) -> Iterator[HalfBar]:
    """half: in ticks"""
    current: list[tuple[int, int, int]] = []
    for sound in bar:
        current.append((REST if sound.degree is None else sound.degree, sound.alter, sound.ticks))
        if (sound.offset + sound.ticks) % half == 0:
            yield tuple(current)
            current = []


def _half(metre: Metre) -> Fraction:
    if metre.compound:
        return Fraction(3, metre.unit)
    return metre.bar if metre.beats % 2 else metre.bar / 2


def cadences(music: Music) -> list[str]:
    """The last CADENCE_NOTES notes of each part as degrees of the scale, 1 to 7, without octaves and accidentals."""
    found = []
    for part in music:
        degrees = [sound.degree % 7 + 1 for bar in part[-CADENCE_NOTES:] for sound in bar if sound.degree is not None]
        if len(degrees) >= CADENCE_NOTES:
            found.append(" ".join(map(str, degrees[-CADENCE_NOTES:])))
    return found
