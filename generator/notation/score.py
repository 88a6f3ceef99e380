"""A tune as it is written: notes in bars, with repeats, endings and changes where the page has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from generator.notation.keys import LETTERS, SEMITONES, Key, alter_name
from generator.notation.metres import Metre


@dataclass(frozen=True, slots=True)
class Pitch:
    """A letter, its alteration in semitones, and the scientific octave (ABC's `C` is C4, `c` is C5)."""

    letter: str
    octave: int
    alter: int = 0

    @property
    def midi(self) -> int:
        return 12 * (self.octave + 1) + SEMITONES[self.letter] + self.alter

    @property
    def staff(self) -> int:
        """Diatonic steps above C0, blind to alterations."""
        return 7 * self.octave + LETTERS.index(self.letter)

    @classmethod
    def at(cls, staff: int, alter: int = 0) -> Pitch:
        """The pitch on a staff position, as `staff` counts them."""
        return cls(LETTERS[staff % 7], staff // 7, alter)

    def __str__(self) -> str:
        return f"{self.letter}{alter_name(self.alter)}{self.octave}"


@dataclass(frozen=True, slots=True)
class Tuplet:
    """A note's place in a tuplet: `actual` notes in the time of `normal`, the `index`th of `size` written notes."""

    actual: int
    normal: int
    index: int
    size: int


@dataclass(frozen=True, slots=True)
class Note:
    """A note, a chord (several pitches, lowest first) or a rest (none)."""

    pitches: tuple[Pitch, ...]
    duration: Fraction  # sounding length in whole notes, tuplets included
    tie: bool = False  # tied to the next note
    tuplet: Tuplet | None = None
    grace: tuple[Pitch, ...] = ()
    decorations: tuple[str, ...] = ()  # ABC's names: roll, trill, staccato, upbow, ...
    chord_symbol: str | None = None
    slurs_open: int = 0
    slurs_close: int = 0

    @property
    def rest(self) -> bool:
        return not self.pitches

    @property
    def melody(self) -> Pitch | None:
        """The pitch that carries the tune: the highest of a chord."""
        if len(self.pitches) > 1:
            return max(self.pitches, key=lambda pitch: pitch.midi)
        return self.pitches[0] if self.pitches else None

    @property
    def nominal(self) -> Fraction:
        """The written length: what the note would last outside its tuplet."""
        return self.duration * self.tuplet.actual / self.tuplet.normal if self.tuplet else self.duration


@dataclass(frozen=True, slots=True)
class Bar:
    """What stands between two bar lines, with the signs at either end of it."""

    notes: tuple[Note, ...] = ()
    repeat_start: bool = False  # |: before it
    repeat_end: int = 0  # :| after it: how often the player goes back
    endings: tuple[int, ...] = ()  # an ending's bracket begins here, for these passes
    line: str = "|"  # the bar line after it, repeats apart: "|", "||", "|]", or "" where the text stops before one
    key: Key | None = None  # changes that take effect here
    metre: Metre | None = None
    free: bool = False  # M:none: from here on the metre is free
    part: str = ""

    @property
    def ends_section(self) -> bool:
        """Whether a double bar, a final one or a repeat stands after it."""
        return len(self.line) > 1 or self.repeat_end > 0

    @property
    def duration(self) -> Fraction:
        return sum((note.duration for note in self.notes), Fraction(0))


@dataclass(frozen=True, slots=True)
class Score:
    """One tune. `metre` is None where it is free; `unit` is the `L:` it was or will be written in."""

    bars: tuple[Bar, ...]
    key: Key
    metre: Metre | None = None
    unit: Fraction = Fraction(1, 8)
    title: str = ""
    rhythm: str = ""
    tempo: tuple[Fraction, int] | None = None  # the beat in whole notes, and beats a minute
    reference: int = 1  # X:
    order: str = ""  # in which the parts that are named are played: `AABA`; empty where they follow each other as written
    fields: tuple[tuple[str, str], ...] = ()  # other header fields, as they came
    notices: tuple[str, ...] = field(default=(), compare=False)  # what the reader left out, as sentences

    def notes(self) -> Iterator[Note]:
        for bar in self.bars:
            yield from bar.notes
