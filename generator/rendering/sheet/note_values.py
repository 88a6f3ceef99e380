"""The note values that a note is written in: a duration that no single note value lasts becomes several tied ones."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from music21 import duration as durations

from generator.notation.score import Note
from generator.rendering.result import RenderingError
from generator.user_messages import UserMessage

_DOTS = (Fraction(7, 4), Fraction(3, 2), Fraction(1))  # double dotted, dotted, plain
_LONGEST = Fraction(2)  # a breve


def piece_lengths(note: Note) -> list[Fraction]:
    """The sounding durations of the tied pieces of a note, in whole notes."""
    values, actual, normal = note_values(note)
    return [value * normal / actual for value in values]


def note_values(note: Note) -> tuple[list[Fraction], int, int]:
    """The note values that make up a note, largest first, and the ratio of its tuplet (`actual` notes in the time of `normal`).

    Raises RenderingError if no note values add up to its duration.
    """
    actual, normal = (note.tuplet.actual, note.tuplet.normal) if note.tuplet else (1, 1)
    return _split(note.duration, actual, normal)


@lru_cache(maxsize=1_024)
def _split(duration: Fraction, actual: int, normal: int) -> tuple[list[Fraction], int, int]:
    odd = (duration * actual / normal).denominator
    while odd % 2 == 0:
        odd //= 2
    if odd > 1 and actual == normal:  # `A2/3` is the note of a triplet too
        actual, normal = odd, 2 ** (odd.bit_length() - 1)
    rest = duration * actual / normal
    if rest.denominator & (rest.denominator - 1) or actual > 15:
        raise RenderingError(
            UserMessage("No note value lasts {length} of a whole note. Write tuplets like (3abc.", length=duration)
        )
    values = []
    while rest:
        base = _LONGEST
        while base > rest:
            base /= 2
        value = next(base * dots for dots in _DOTS if base * dots <= rest)
        values.append(value)
        rest -= value
    return values, actual, normal


@lru_cache(maxsize=256)
def type_and_dots(value: Fraction) -> tuple[str, int]:
    """A note value in music21's terms: a type, such as `quarter`, and a number of dots."""
    found = durations.Duration(float(value * 4))
    return found.type, found.dots
