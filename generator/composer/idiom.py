"""Idiom: what a player of the tradition hears at once: half-bars and cadences that many tunes have, chromatic notes that go on by
step, and phrases that come again in the same octave.

`Idiom` holds what the training tunes have in common. Everything is relative to the tonic, so it is the same in all keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from generator.composer.measures import layout_of, melody, scale
from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.score import Bar, Note, Score
from generator.notation.structure import metres
from generator.notation.tokens import tonic_pitch

COMMON = 5  # training tunes of a rhythm that have a common half-bar; training parts that end with a known cadence
CADENCE_NOTES = 4
REST = -99  # the degree of a rest
STEP = 2  # semitones

HalfBar = tuple[tuple[int, int, Fraction], ...]  # for each note: degree, alteration and length in whole notes
NUMBERS = ("half_bars_common", "cadences_known", "chromatics_resolved", "octave_slips", "motifs")


@dataclass(frozen=True, slots=True)
class Idiom:
    """How many training tunes have a half-bar, and how many of their parts end with a cadence; only the frequent ones."""

    half_bars: Mapping[str, Mapping[str, int]]  # rhythm → half-bar in words → tunes
    cadences: Mapping[str, int]  # degrees → parts

    @classmethod
    def of(cls, tunes: Iterable[Score]) -> Idiom:
        """Counts over tunes whose rhythm is known; the others count for the cadences alone."""
        half_bars_of: dict[str, Counter[str]] = {}
        ends: Counter[str] = Counter()
        for score in tunes:
            ends.update(map(_cadence_name, cadences(score)))
            if score.rhythm:
                half_bars_of.setdefault(score.rhythm, Counter()).update(set(map(_half_bar_name, half_bars(score))))
        return cls({rhythm: _frequent(counts) for rhythm, counts in sorted(half_bars_of.items())}, _frequent(ends))

    def numbers(self, score: Score, *, counted: bool = False) -> dict[str, float]:
        """The shares of NUMBERS that the tune has. counted: the tune is one of those counted, and does not count for itself."""
        found = {
            "chromatics_resolved": chromatics_resolved(score),
            "octave_slips": octave_slips(score),
            "motifs": motifs(score),
        }
        names = [_half_bar_name(half_bar) for half_bar in half_bars(score)]
        if names and (common := self.half_bars.get(score.rhythm)):
            found["half_bars_common"] = sum(common.get(name, 0) >= COMMON + counted for name in names) / len(names)
        if ends := Counter(map(_cadence_name, cadences(score))):
            known = sum(count for name, count in ends.items() if self.cadences.get(name, 0) >= COMMON + counted * count)
            found["cadences_known"] = known / ends.total()
        return {name: value for name in NUMBERS if (value := found.get(name)) is not None}


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


def chromatics_resolved(score: Score) -> float | None:
    """The share of the notes outside the scale after which the melody moves by step; None without such notes."""
    in_scale = {(score.key.pitch_class + step) % 12 for step in scale(score.key)}
    steps = [abs(after.midi - before.midi) for before, after in pairwise(melody(score)) if before.midi % 12 not in in_scale]
    return sum(0 < step <= STEP for step in steps) / len(steps) if steps else None


def octave_slips(score: Score) -> float | None:
    """The share of half-bars that come again with a note in another octave, but not all notes."""
    found = set(half_bars(score))
    if not found:
        return None
    alike: dict[tuple[tuple[int, int, Fraction], ...], list[HalfBar]] = {}
    for half_bar in found:
        folded = tuple((degree if degree == REST else degree % 7, alter, length) for degree, alter, length in half_bar)
        alike.setdefault(folded, []).append(half_bar)
    return sum(_slips(first, other) for group in alike.values() for first in group for other in group) / len(found)


def _slips(first: HalfBar, other: HalfBar) -> bool:
    return len({one[0] - two[0] for one, two in zip(first, other, strict=True) if one[0] != REST}) > 1


def motifs(score: Score) -> float | None:
    """The share of the half-bars of several notes that come again in the tune, on the same or on another degree."""
    shapes = Counter(
        tuple((degree - half_bar[0][0], length) for degree, _, length in half_bar)
        for half_bar in half_bars(score)
        if len(half_bar) > 1
    )
    return sum(count for count in shapes.values() if count > 1) / shapes.total() if shapes else None
