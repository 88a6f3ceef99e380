"""A tune as written: notes in bars, with repeats, endings and changes of key and metre where the page has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from generator.notation.keys import LETTERS, SEMITONES, Key, alter_name
from generator.notation.metres import Metre
from generator.notation.staff import PLAIN, Staff


@dataclass(frozen=True, slots=True)
class Pitch:
    """A letter, its alteration in semitones, and the scientific octave (ABC's `C` is C4, `c` is C5)."""

    letter: str
    octave: int
    alter: int = 0
    courtesy: bool = field(default=False, compare=False)  # an accidental is written although it is in force anyway

    @property
    def midi(self) -> int:
        return 12 * (self.octave + 1) + SEMITONES[self.letter] + self.alter

    @property
    def staff(self) -> int:
        """The staff position: diatonic steps above C0, without the alteration."""
        return 7 * self.octave + LETTERS.index(self.letter)

    @classmethod
    def at(cls, staff: int, alter: int = 0) -> Pitch:
        """The pitch at a staff position."""
        return cls(LETTERS[staff % 7], staff // 7, alter)

    def __str__(self) -> str:
        return f"{self.letter}{alter_name(self.alter)}{self.octave}"


@dataclass(frozen=True, slots=True)
class Tuplet:
    """A note's position in a tuplet: note number `index` (from 0) of `size`, with `actual` notes in the time of `normal`."""

    actual: int
    normal: int
    index: int
    size: int


@dataclass(frozen=True, slots=True)
class Note:
    """A note, a chord (several pitches, lowest first) or a rest (none)."""

    pitches: tuple[Pitch, ...]
    duration: Fraction  # as played, in whole notes: in a tuplet shorter or longer than `nominal`
    tie: bool = False  # tied to the next note
    tuplet: Tuplet | None = None
    grace: tuple[Pitch, ...] = ()
    decorations: tuple[str, ...] = ()  # ABC's names: roll, trill, staccato, upbow, ...
    chord_symbol: str | None = None
    invisible: bool = False  # a rest that is not drawn
    lyrics: tuple[str, ...] = ()  # a syllable of each verse, see `lyrics`
    slurs_open: int = 0
    slurs_close: int = 0

    @property
    def rest(self) -> bool:
        return not self.pitches

    @property
    def melody(self) -> Pitch | None:
        """The pitch of the melody: the highest of a chord; None for a rest."""
        if len(self.pitches) > 1:
            return max(self.pitches, key=lambda pitch: pitch.midi)
        return self.pitches[0] if self.pitches else None

    @property
    def nominal(self) -> Fraction:
        """The written length in whole notes, which ignores the tuplet."""
        return self.duration * self.tuplet.actual / self.tuplet.normal if self.tuplet else self.duration


@dataclass(frozen=True, slots=True)
class Bar:
    """The notes between two bar lines, with the signs at both ends."""

    notes: tuple[Note, ...] = ()
    repeat_start: bool = False  # |: before it
    repeat_end: int = 0  # :| after it: how often to go back
    endings: tuple[int, ...] = ()  # the numbers of the ending that begins here
    line: str = "|"  # the bar line after it, without its repeat dots: "|", "||", "|]", or "" if the text ends without one
    key: Key | None = None  # this and the next: a change that takes effect here
    metre: Metre | None = None
    free: bool = False  # M:none: the metre is free from here
    part: str = ""  # the name of a part (P:) that begins here

    @property
    def ends_section(self) -> bool:
        """Whether a double bar line, a final bar line or a repeat follows."""
        return len(self.line) > 1 or self.repeat_end > 0

    @property
    def duration(self) -> Fraction:
        return sum((note.duration for note in self.notes), Fraction(0))


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice beside the first one. Its bars are as long as the first voice's and have the same repeats, keys and metres."""

    name: str
    bars: tuple[Bar, ...]
    staff: Staff = PLAIN


@dataclass(frozen=True, slots=True)
class Score:
    """A tune. `bars` has the first voice, which is the melody, `voices` further ones.

    `metre` is None if it is free; `unit` is the unit note length (`L:`) for reading and writing.
    """

    bars: tuple[Bar, ...]
    key: Key
    metre: Metre | None = None
    unit: Fraction = Fraction(1, 8)
    title: str = ""
    rhythm: str = ""
    tempo: tuple[Fraction, int] | None = None  # the beat in whole notes, and the beats a minute
    staff: Staff = PLAIN
    tempo_text: str = ""  # words of the Q: field, such as `Allegro`
    reference: int = 1  # the number in the X: field
    order: str = ""  # order of the parts from the header's P: field, such as `AABA`; empty: as written
    fields: tuple[tuple[str, str], ...] = ()  # other fields, unchanged, among them further titles and the words after the tune
    voices: tuple[Voice, ...] = ()
    notices: tuple[str, ...] = field(default=(), compare=False)  # UserMessages about what the reader left out or assumed

    def notes(self) -> Iterator[Note]:
        for bar in self.bars:
            yield from bar.notes

    def of_voice(self, voice: Voice) -> Score:
        """The score with a further voice in place of the first, and without the others."""
        return replace(self, bars=voice.bars, staff=voice.staff, voices=())

    def by_voice(self) -> list[Score]:
        """A score of each voice alone, the first one first."""
        return [replace(self, voices=()) if self.voices else self, *map(self.of_voice, self.voices)]
