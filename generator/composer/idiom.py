"""Idiom: what a player of the tradition hears at once: half-bars, bar rhythms and cadences that many tunes have.

`Idiom` holds what the training tunes have in common. Everything is relative to the tonic, so it is the same in all keys.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from generator.composer.measures import layout_of, melody
from generator.composer.music import Music
from generator.composer.traits import bar_lengths, mean
from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.score import Bar, Note, Score
from generator.notation.structure import metres
from generator.notation.tokens import tonic_pitch

COMMON = 5  # training tunes of a rhythm that have a common half-bar; training parts that end with a known cadence
CADENCE_NOTES = 4
REST = -99  # the degree of a rest

HalfBar = tuple[tuple[int, int, Fraction], ...]  # for each note: degree, alteration and length in whole notes


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
            ends.update(map(_cadence_name, cadences(score)))
            if score.rhythm:
                half_bars_of.setdefault(score.rhythm, Counter()).update(set(map(_half_bar_name, half_bars(score))))
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
        half_bar_names = [_half_bar_name(half_bar) for half_bar in half_bars(score)]
        ends = Counter(map(_cadence_name, cadences(score)))
        of_half_bars = self._commonness(half_bar_names, self.half_bars.get(score.rhythm, {}), lambda _: counted)
        of_bars = self._commonness(_bar_rhythms(music), self.bar_rhythms.get(score.rhythm, {}), lambda _: counted)
        of_ends = self._commonness(list(ends.elements()), self.cadences, lambda name: counted * ends[name])
        return {
            "half-bars common": mean(float(value > 0) for value in of_half_bars),
            "half-bars": mean(of_half_bars),
            "bar rhythms": mean(of_bars),
            "rarest bar rhythm": min(of_bars, default=0.0),
            "cadences common": mean(float(value > 0) for value in of_ends),
            "cadences": mean(of_ends),
        }

    @staticmethod
    def _commonness(names: Sequence[str], counts: Mapping[str, int], own: Callable[[str], int]) -> list[float]:
        """The logarithm of how many other tunes have each, 0 for rare ones. own: how often the tune itself was counted."""
        others = [counts.get(name, 0) - own(name) for name in names]
        return [math.log(count) if count >= COMMON else 0.0 for count in others]


def _bar_rhythms(music: Music) -> list[str]:
    return [lengths for part in music for lengths in bar_lengths(part)]


def _frequent(counts: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in sorted(counts.items()) if count >= COMMON}


def _half_bar_name(half_bar: HalfBar) -> str:
    marks = {0: "", 1: "^", -1: "_"}
    return " ".join(
        f"{'z' if degree == REST else f'{degree}{marks.get(alter, alter)}'}:{length * 8}" for degree, alter, length in half_bar
    )


def _cadence_name(cadence: Sequence[int]) -> str:
    return " ".join(map(str, cadence))


def half_bars(score: Score) -> list[HalfBar]:
    """The music of each half of a bar, relative to the tonic; of each beat in compound metres, of the bar in 3/4.

    What a note crosses is not divided. Bars of the wrong length and pick-ups are left out.
    """
    found: list[HalfBar] = []
    for bar, metre in zip(score.bars, metres(score), strict=True):
        if metre is not None and bar.duration == metre.bar:
            found += _halves(bar, metre, score.key)
    return found


def _halves(bar: Bar, metre: Metre, key: Key) -> list[HalfBar]:
    length, offset = _half(metre), Fraction(0)
    found: list[HalfBar] = []
    current: list[tuple[int, int, Fraction]] = []
    for note in bar.notes:
        current.append((*_degree(note, key), note.duration))
        offset += note.duration
        if offset % length == 0:
            found.append(tuple(current))
            current = []
    return found


def _half(metre: Metre) -> Fraction:
    if metre.compound:
        return Fraction(3, metre.unit)
    return metre.bar if metre.beats % 2 else metre.bar / 2


def _degree(note: Note, key: Key) -> tuple[int, int]:
    pitch = note.melody
    if pitch is None:
        return REST, 0
    return pitch.staff - tonic_pitch(key).staff, pitch.alter - key.signature[pitch.letter]


def cadences(score: Score) -> list[tuple[int, ...]]:
    """The last CADENCE_NOTES notes of each part as degrees of the scale, 1 to 7, without octaves and accidentals."""
    base = tonic_pitch(score.key).staff
    found = []
    for part in layout_of(score) or ():
        notes = melody(Score(bars=part.body + part.second, key=score.key, metre=score.metre))[-CADENCE_NOTES:]
        if len(notes) == CADENCE_NOTES:
            found.append(tuple((pitch.staff - base) % 7 + 1 for pitch in notes))
    return found
