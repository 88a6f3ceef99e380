"""A tune in another key of the same mode: every note by the same interval, spelt as the new key spells it."""

from __future__ import annotations

import re
from dataclasses import replace

from generator.notation.errors import NotationError
from generator.notation.keys import LETTERS, Key, alter_name, transpose_tonic
from generator.notation.score import Bar, Note, Pitch, Score

LOWEST, HIGHEST = 55, 83  # MIDI: G3, a fiddle's lowest string, to B5; the octave is chosen so that little lies outside
_ROOT = re.compile(r"^[A-G][#b♯♭]?|(?<=/)[A-G][#b♯♭]?$")  # and the bass of a chord symbol


def transposed(score: Score, key: Key) -> Score:
    """The score in a key of its own mode; accidentals of the score's key that are not the mode's own go along.

    Raises ValueError for another mode.
    """
    if key.mode is not score.key.mode:
        raise ValueError(f"{score.key} and {key} are of two modes.")
    pitches = [pitch.midi for note in score.notes() for pitch in note.pitches]
    up = (key.pitch_class - score.key.pitch_class) % 12
    shift = min(
        (up - 24, up - 12, up, up + 12),
        key=lambda semitones: (sum(not LOWEST <= each + semitones <= HIGHEST for each in pitches), abs(semitones)),
    )
    interval = _Interval(_steps(LETTERS.index(key.tonic[0]) - LETTERS.index(score.key.tonic[0]), shift), shift)
    return replace(score, key=interval.key(score.key), bars=tuple(map(interval.bar, score.bars)))


def _steps(letters: int, semitones: int) -> int:
    """The steps of the staff that lie nearest to the semitones among those that lead to the letter."""
    return letters + 7 * round((semitones * 7 / 12 - letters) / 7)


class _Interval:
    def __init__(self, steps: int, semitones: int) -> None:
        self.steps, self.semitones = steps, semitones

    def bar(self, bar: Bar) -> Bar:
        return replace(bar, notes=tuple(map(self.note, bar.notes)), key=bar.key and self.key(bar.key))

    def note(self, note: Note) -> Note:
        return replace(
            note,
            pitches=tuple(map(self.pitch, note.pitches)),
            grace=tuple(map(self.pitch, note.grace)),
            chord_symbol=note.chord_symbol and _ROOT.sub(self._root, note.chord_symbol),
        )

    def pitch(self, pitch: Pitch) -> Pitch:
        wanted = pitch.midi + self.semitones
        for steps in (self.steps, self.steps + 1, self.steps - 1):  # a neighbour where it would take three sharps or flats
            natural = Pitch.at(pitch.staff + steps)
            if abs(alter := wanted - natural.midi) <= 2:
                return replace(natural, alter=alter)
        raise AssertionError("a neighbour is near")

    def key(self, key: Key) -> Key:
        tonic = self._name(key.tonic)
        extra = tuple((moved.letter, moved.alter) for moved in (self.pitch(Pitch(name, 4, alter)) for name, alter in key.extra))
        try:
            return Key(tonic, key.mode, extra)
        except NotationError:  # of a passage: more than seven sharps or flats
            return Key(transpose_tonic(key.pitch_class + self.semitones, key.mode), key.mode, extra)

    def _root(self, match: re.Match[str]) -> str:
        return self._name(match[0])

    def _name(self, name: str) -> str:
        alter = sum({"#": 1, "♯": 1, "b": -1, "♭": -1}[sign] for sign in name[1:])
        moved = self.pitch(Pitch(name[0], 4, alter))
        return moved.letter + alter_name(moved.alter)
