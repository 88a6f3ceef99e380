"""Parses lines of music: notes, rests, chords, tuplets, grace notes and decorations."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import replace
from fractions import Fraction
from math import ceil

from generator.notation.bar_parser import BarParser
from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.score import Note, Pitch, Tuplet
from generator.user_messages import UserMessage

_INLINE_FIELD = re.compile(r"\[([A-Za-z]):([^\]\n]*)\]")
_VOICE_FIELD = re.compile(r"\[V:")
_ENDING = re.compile(r"\[?\s*(\d+(?:[,\-.]\d+)*)[,.]?")
_MICROTONE = r"([\^_])([1-9]\d?(?:/[1-9]?)?|/[1-9]|//?)"  # `^/` is half a semitone, `_3/2` one and a half
_NOTE = re.compile(rf"(?:{_MICROTONE}|(\^\^|\^|__|_|=))?([A-Ga-g])([,']*)")
_LENGTH = re.compile(r"(\d*)(/*)(\d*)")
_SPACER = re.compile(r"y\d{0,3}")
_TUPLET = re.compile(r"\((\d)(?::(\d?))?(?::(\d?))?")
_DECORATION = re.compile(r"!([^!|\s]{1,24})!|\+([^+!|\s]{1,24})\+")
_REDEFINED_SYMBOL = re.compile(r'[H-Wh-w](?=[H-Wh-w~]{0,3}\s?[A-Ga-g^_=\[({.")!|zx])')  # defined by a U: field
_CHORD_SYMBOL = re.compile(r"\(?[A-G][#b♯♭]?[A-Za-z0-9#b+°ø]{0,8}(/[A-G][#b]?)?\)?")

_ACCIDENTALS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
_SHORTHAND = {
    ".": "staccato", "~": "roll", "H": "fermata", "L": "accent", "M": "lowermordent", "O": "coda", "P": "uppermordent",
    "S": "segno", "T": "trill", "u": "upbow", "v": "downbow",
}  # fmt: skip
_TUPLET_TIME = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # 5, 7 and 9 depend on the metre
_MAX_NOTES_AT_ONCE = 8  # in a chord or a group of grace notes
_MAX_DIGITS = 3  # longer numbers are mistakes or attacks: they make notes that last for hours
_MAX_BARS_OF_REST = 64
_EXCERPT = 12  # characters in `NotationError.text` if the end of the faulty piece is unknown


class LineParser(BarParser, ABC):
    """Parses the lines of a tune's body, with the key, metre, unit note length, accidentals and tuplet in force."""

    def __init__(self, key: Key, metre: Metre | None) -> None:
        super().__init__()
        self.key, self.metre = key, metre
        self.octave = 0  # by how much `octave=` raises the notes
        self.unit: Fraction | None = None
        self.first_unit: Fraction | None = None  # in force at the first note; the writer uses it for the whole tune
        self.tied: dict[tuple[str, int], int] = {}  # (letter, octave) → alteration that a tie carries to the next note
        self.notices: list[str] = []
        self.skips_voice = False  # inside a voice other than the first
        self.tuplet: tuple[int, int, int, int] | None = None  # actual, normal, index of the next note, size
        self._reset_note_state()

    @abstractmethod
    def apply_field(self, name: str, value: str) -> None:
        """Applies a field of the header or between notes, such as `[K:D]`."""

    def _reset_note_state(self) -> None:
        """Forgets what was read for the next note."""
        self.grace: tuple[Pitch, ...] = ()
        self.decorations: list[str] = []
        self.chord_symbol: str | None = None
        self.slurs = 0
        self.broken_factor = Fraction(1)

    def read_music(self, line: str, number: int) -> None:
        """Reads a line of music. Raises NotationError with the line's number and the column."""
        start = 0
        while start < len(line):
            if self.skips_voice:
                voice = _VOICE_FIELD.search(line, start)
                if not voice:
                    return
                start = voice.start()
            try:
                end = self._read_at(line, start)
            except NotationError as error:
                text = error.text or line[start : start + _EXCERPT]
                raise NotationError(error.reason, line=number, column=max(line.find(text, start), start) + 1, text=text) from None
            start = max(end, start + 1)

    def _read_at(self, line: str, start: int) -> int:
        """Reads the element at a position; returns the position after it."""
        char = line[start]
        if char in " \t\xa0`\\*$;?@#":
            return start + 1
        if char == "y" and (match := _SPACER.match(line, start)):
            return match.end()
        if char in "ABCDEFGabcdefg^_=":
            return self._read_note(line, start)
        if char == "[" and (match := _INLINE_FIELD.match(line, start)):
            self.apply_field(match[1], match[2].strip())
            return match.end()
        if char == "[" and (match := _ENDING.match(line, start)):
            return self.read_ending(match)
        if char in "|:" or line.startswith(("[|", "[]", ".|"), start):
            return self.read_bar_line(line, start)
        if char == "[":
            return self._read_chord(line, start)
        if char in "zxZX":
            return self._read_rest(line, start)
        if char == "(":
            return self._read_parenthesis(line, start)
        if char == ")":
            if self.bar.notes:
                self._change_last(slurs_close=self.bar.notes[-1].slurs_close + 1)
            return start + 1
        if char == "{":
            return self._read_grace(line, start)
        if char == '"':
            return self._read_quoted(line, start)
        if char in "<>":
            return self._read_broken(line, start)
        if char == "-":
            if self.bar.notes and self.bar.notes[-1].pitches:
                self._tie_last()
            return start + 1
        if char in "!+":
            match = _DECORATION.match(line, start)
            if match:
                self.decorations.append(match[1] or match[2])
            return match.end() if match else start + 1
        if char in _SHORTHAND:
            self.decorations.append(_SHORTHAND[char])
            return start + 1
        after_bar_line = self.bars and self.bars[-1].line and not self.bar.notes
        if char in "123456789" and after_bar_line and (match := _ENDING.match(line, start)):
            return self.read_ending(match)
        if char == "&":
            self.notices.append(UserMessage("I left out a second voice (&) in a bar."))
            line_end = line.find("|", start)
            return len(line) if line_end < 0 else line_end
        if _REDEFINED_SYMBOL.match(line, start):
            return start + 1  # without its U: field the meaning is unknown
        raise NotationError(UserMessage("I can't read “{text}” here.", text=char), text=char)

    def _change_last(self, **changes: object) -> None:
        self.bar.notes[-1] = replace(self.bar.notes[-1], **changes)  # type: ignore[arg-type]

    def _tie_last(self) -> None:
        self._change_last(tie=True)
        self.tied = {(pitch.letter, pitch.octave): pitch.alter for pitch in self.bar.notes[-1].pitches}

    def _read_pitch(self, match: re.Match[str]) -> Pitch:
        direction, microtone, mark, letter, octaves = match.groups()
        octave = self.octave + (5 if letter.islower() else 4) + octaves.count("'") - octaves.count(",")
        letter = letter.upper()
        alter = in_force = self.tied.get((letter, octave), self.accidentals.get(letter, self.key.signature[letter]))
        if mark:
            alter = _ACCIDENTALS[mark]
        elif direction:
            alter = _ACCIDENTALS[direction] * self._semitones(microtone)
        courtesy = bool(mark) and alter == in_force == self.grace_accidentals.get(letter, alter)
        if mark or direction:
            self.accidentals[letter] = alter
        pitch = Pitch(letter, octave, alter, courtesy)
        if octave < 0 or not 0 <= pitch.midi <= 127:
            raise NotationError(UserMessage("This note is out of every instrument's range."), text=match[0])
        return pitch

    def _semitones(self, microtone: str) -> int:
        """The nearest number of semitones, the smaller one of two."""
        self.notices.append(UserMessage("I rounded microtones, such as ^/c, to semitones."))
        return min(ceil(self._read_length(microtone, 0)[0] - Fraction(1, 2)), 2)

    def _read_length(self, line: str, start: int) -> tuple[Fraction, int]:
        match = _LENGTH.match(line, start)
        assert match is not None  # every part of the pattern may be empty
        digits, slashes, divisor = match.groups()
        if len(digits) > _MAX_DIGITS or len(divisor) > _MAX_DIGITS or len(slashes) > 6:
            raise NotationError(UserMessage("A note can't be this long or this short."), text=match[0])
        if divisor and not slashes:
            raise NotationError(UserMessage("I can't read this note's length."), text=match[0])
        if (digits and not int(digits)) or (divisor and not int(divisor)):
            raise NotationError(UserMessage("A note can't have the length 0."), text=match[0])
        down = int(divisor) * 2 ** (len(slashes) - 1) if divisor else 2 ** len(slashes)
        return Fraction(int(digits or 1), down), match.end()

    def _read_note(self, line: str, start: int) -> int:
        match = _NOTE.match(line, start)
        if not match:
            raise NotationError(UserMessage("A note is missing after “{text}”.", text=line[start]), text=line[start])
        pitch = self._read_pitch(match)
        length, end = self._read_length(line, match.end())
        self._add((pitch,), length)
        return end

    def _read_chord(self, line: str, start: int) -> int:
        pitches: list[Pitch] = []
        length, position, tie = None, start + 1, False
        while position < len(line) and line[position] != "]":
            if match := _NOTE.match(line, position):
                pitches.append(self._read_pitch(match))
                inner, position = self._read_length(line, match.end())
                length = length or inner
            elif line[position] in " -.~uvTHM()":
                tie = tie or line[position] == "-"
                position += 1
            elif line[position] in "zx":  # a rest in a chord changes nothing
                _, position = self._read_length(line, position + 1)
            elif line[position] == '"':
                position = self._read_quoted(line, position)
            elif match := _DECORATION.match(line, position):
                position = match.end()
            else:
                raise NotationError(
                    UserMessage("I can't read “{text}” inside a chord.", text=line[position]), text=line[start : position + 1]
                )
        if len(pitches) > _MAX_NOTES_AT_ONCE:
            raise NotationError(
                UserMessage("This chord has more than {most} notes.", most=_MAX_NOTES_AT_ONCE),
                text=line[start : start + _EXCERPT],
            )
        if position == len(line) or not pitches:
            raise NotationError(UserMessage("This chord is empty, or its ] is missing."), text=line[start : start + _EXCERPT])
        outer, end = self._read_length(line, position + 1)
        self._add(tuple(sorted(set(pitches), key=lambda pitch: (pitch.midi, pitch.staff))), (length or Fraction(1)) * outer)
        if tie:
            self._tie_last()
        return end

    def _read_rest(self, line: str, start: int) -> int:
        length, end = self._read_length(line, start + 1)
        invisible = line[start] in "xX"
        if line[start] in "zx":
            self._add((), length, invisible=invisible)
            return end
        if self.tuplet:
            raise NotationError(UserMessage("A whole-bar rest can't be part of a tuplet."), text=line[start:end])
        bars = min(int(length), _MAX_BARS_OF_REST)
        self.first_unit = self.first_unit or self.unit
        self._check_length(self.metre.bar if self.metre else Fraction(1))
        for index in range(bars):
            self.bar.notes.append(Note((), self.metre.bar if self.metre else Fraction(1), invisible=invisible))
            if index < bars - 1:
                self.close_bar("|", 0)
        return end

    def _check_length(self, nominal: Fraction) -> None:
        """Raises NotationError for a length that the writer could not write in numbers of at most `_MAX_DIGITS` digits."""
        if nominal.numerator > 15 or nominal.denominator > 64:  # shorter fractions fit with any unit
            units = nominal / (self.first_unit or Fraction(1, 64))
            if max(units.numerator, units.denominator) >= 10**_MAX_DIGITS:
                raise NotationError(UserMessage("A note can't be this long or this short."))

    def _add(self, pitches: tuple[Pitch, ...], units: Fraction, *, invisible: bool = False) -> None:
        """Adds a note, a chord or a rest to the bar; `units` is its written length in unit note lengths."""
        assert self.unit is not None
        self.first_unit = self.first_unit or self.unit
        self.tied = {}
        duration = units * self.unit * self.broken_factor
        self._check_length(duration)
        tuplet = None
        if self.tuplet:
            actual, normal, index, size = self.tuplet
            tuplet = Tuplet(actual, normal, index, size)
            duration = duration * normal / actual
            self.tuplet = (actual, normal, index + 1, size) if index + 1 < size else None
        self.bar.notes.append(
            Note(
                pitches=pitches,
                duration=duration,
                tuplet=tuplet,
                grace=self.grace,
                decorations=tuple(self.decorations),
                chord_symbol=self.chord_symbol,
                invisible=invisible,
                slurs_open=self.slurs,
            )
        )
        self._reset_note_state()

    def _read_parenthesis(self, line: str, start: int) -> int:
        match = _TUPLET.match(line, start)
        if not match:
            self.slurs += 1
            return start + 1
        actual = int(match[1])
        if actual < 2:
            raise NotationError(UserMessage("A tuplet needs at least 2 notes, not {notes}.", notes=actual), text=match[0])
        compound = self.metre is not None and self.metre.compound and self.metre.beats > 3
        normal = int(match[2] or 0) or _TUPLET_TIME.get(actual) or (3 if compound else 2)
        self.tuplet = (actual, normal, 0, int(match[3] or 0) or actual)
        return match.end()

    def _read_grace(self, line: str, start: int) -> int:
        close = line.find("}", start)
        if close < 0:
            raise NotationError(UserMessage("The } after these grace notes is missing."), text=line[start : start + _EXCERPT])
        accidentals = dict(self.accidentals)
        self.grace = tuple(self._read_pitch(match) for match in _NOTE.finditer(line, start + 1, close))[:_MAX_NOTES_AT_ONCE]
        self.grace_accidentals |= {
            letter: alter for letter, alter in self.accidentals.items() if accidentals.get(letter) != alter
        }
        self.accidentals = accidentals  # accidentals in grace notes don't apply after the braces
        return close + 1

    def _read_quoted(self, line: str, start: int) -> int:
        close = line.find('"', start + 1)
        if close < 0:
            raise NotationError(
                UserMessage("The closing quotation mark of this text is missing."), text=line[start : start + _EXCERPT]
            )
        text = line[start + 1 : close].strip()
        if _CHORD_SYMBOL.fullmatch(text):
            self.chord_symbol = text.strip("()")
        return close + 1

    def _read_broken(self, line: str, start: int) -> int:
        char, end = line[start], start
        while end < len(line) and line[end] == char:
            end += 1
        if end - start > 3:
            raise NotationError(UserMessage("Broken rhythm can have at most three signs: >>> or <<<."), text=line[start:end])
        if not self.bar.notes:
            raise NotationError(UserMessage("There is no note before “{text}”.", text=line[start:end]), text=line[start:end])
        if self.broken_factor != 1:
            message = UserMessage("There must be a note between “{text}” and the > or < before it.", text=line[start:end])
            raise NotationError(message, text=line[start:end])
        short = Fraction(1, 2 ** (end - start))
        before, after = (2 - short, short) if char == ">" else (short, 2 - short)
        self._change_last(duration=self.bar.notes[-1].duration * before)
        self._check_length(self.bar.notes[-1].nominal)
        self.broken_factor = after
        return end
