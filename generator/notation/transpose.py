"""Transposes a tune to another key of the same mode."""

from __future__ import annotations

import re
from dataclasses import replace

from generator.notation.errors import NotationError
from generator.notation.keys import LETTERS, Key, Mode, alter_name, transpose_tonic
from generator.notation.score import Bar, Note, Pitch, Score
from generator.notation.staff import PLAIN
from generator.user_messages import UserMessage

LOWEST, HIGHEST = 55, 83  # MIDI: from G3, the lowest note of a fiddle, to B5; the octave is chosen to stay in it
_MIN_PITCH, _MAX_PITCH = 14, 127  # MIDI: can be written in every spelling
# The reader takes words such as `Fine` for chord symbols; this pattern doesn't.
_CHORD = re.compile(r"[A-G][#b♯♭]?(?:major|minor|maj|min|ma|mi|dim|aug|sus|add|alt|omit|no|[mMob\d#+°ø])*(?:/[A-G][#b♯♭]?)?")
_ROOT = re.compile(r"^[A-G][#b♯♭]?|(?<=/)[A-G][#b♯♭]?$")  # the root and the bass of a chord symbol


def transpose(score: Score, key: Key) -> Score:
    """The score in another key of its mode; extra accidentals of its key (`Key.extra`) move too.

    Raises ValueError for a key of another mode, NotationError if the tune fits in no octave.
    """
    if key.mode is not score.key.mode:
        raise ValueError(f"{score.key} and {key} have different modes.")
    notes = [note for voice in score.by_voice() for note in voice.notes()]
    pitches = [pitch.midi for note in score.notes() for pitch in note.pitches]
    written = [pitch.midi for note in notes for pitch in (*note.pitches, *note.grace)]
    up = (key.pitch_class - score.key.pitch_class) % 12
    shifts = [
        shift for shift in (up - 24, up - 12, up, up + 12) if all(_MIN_PITCH <= pitch + shift <= _MAX_PITCH for pitch in written)
    ]
    if not shifts:
        raise NotationError(UserMessage("The tune fits in no octave of this key: its range is too wide."))
    shift = min(
        shifts,
        key=lambda shift: (sum(not LOWEST <= pitch + shift <= HIGHEST for pitch in pitches), abs(shift)),
    )
    interval = _Interval(_steps(LETTERS.index(key.tonic[0]) - LETTERS.index(score.key.tonic[0]), shift), shift)
    return interval.score(score)


def sounding(score: Score) -> Score:
    """The score of one voice in the pitches that sound: a transposition, or the 8 of a clef, moves them."""
    semitones = score.staff.sounding
    if not semitones:
        return score
    tonic = transpose_tonic(score.key.pitch_class + semitones, score.key.mode) if semitones % 12 else score.key.tonic
    interval = _Interval(_steps(LETTERS.index(tonic[0]) - LETTERS.index(score.key.tonic[0]), semitones), semitones)
    return replace(interval.score(score), staff=PLAIN)


def _steps(letters: int, semitones: int) -> int:
    """The interval in steps of the staff that leads to the letter and is nearest to the interval in semitones."""
    return letters + 7 * round((semitones * 7 / 12 - letters) / 7)


class _Interval:
    """Moves bars, notes, pitches, keys and chord symbols by an interval."""

    def __init__(self, steps: int, semitones: int) -> None:
        self.steps, self.semitones = steps, semitones

    def score(self, score: Score) -> Score:
        voices = tuple(replace(voice, bars=tuple(map(self.bar, voice.bars))) for voice in score.voices)
        return replace(score, key=self.key(score.key), bars=tuple(map(self.bar, score.bars)), voices=voices)

    def bar(self, bar: Bar) -> Bar:
        return replace(bar, notes=tuple(map(self.note, bar.notes)), key=bar.key and self.key(bar.key))

    def note(self, note: Note) -> Note:
        return replace(
            note,
            pitches=tuple(sorted(set(map(self.pitch, note.pitches)), key=lambda pitch: (pitch.midi, pitch.staff))),
            grace=tuple(map(self.pitch, note.grace)),
            chord_symbol=self._chord(note.chord_symbol) if note.chord_symbol else None,
        )

    def pitch(self, pitch: Pitch) -> Pitch:
        wanted = pitch.midi + self.semitones
        for nearby in (0, 1, -1, 2, -2):  # a neighbouring step if this one would need three sharps or flats
            natural = Pitch.at(pitch.staff + self.steps + nearby)
            if abs(alter := wanted - natural.midi) <= 2:
                return replace(natural, alter=alter, courtesy=pitch.courtesy)
        raise AssertionError("one of five neighbouring steps is within two semitones")

    def key(self, key: Key) -> Key:
        tonic = self._name(key.tonic)
        extra = tuple((moved.letter, moved.alter) for moved in (self.pitch(Pitch(name, 4, alter)) for name, alter in key.extra))
        try:
            return Key(tonic, key.mode, extra)
        except NotationError:  # a key inside the tune that would need more than seven sharps or flats
            return Key(transpose_tonic(key.pitch_class + self.semitones, key.mode), key.mode, extra)

    def _chord(self, symbol: str) -> str:
        return _ROOT.sub(self._root, symbol) if _CHORD.fullmatch(symbol) else symbol

    def _root(self, match: re.Match[str]) -> str:
        moved = self._moved(match[0])
        return transpose_tonic(moved.midi, Mode.MAJOR) if abs(moved.alter) > 1 else self._name(match[0])  # no chord is named F##

    def _name(self, name: str) -> str:
        moved = self._moved(name)
        return moved.letter + alter_name(moved.alter)

    def _moved(self, name: str) -> Pitch:
        return self.pitch(Pitch(name[0], 4, sum({"#": 1, "♯": 1, "b": -1, "♭": -1}[sign] for sign in name[1:])))
