"""Reads lines of music: notes, rests, chords, tuplets, bar lines and what hangs on them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from fractions import Fraction

from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.score import Bar, Note, Pitch, Tuplet
from generator.user_messages import UserMessage

_INLINE = re.compile(r"\[([A-Za-z]):([^\]\n]*)\]")
_VOICE = re.compile(r"\[V:")
_BAR_LINE = re.compile(r"\.?(?:(:*)(?:\[?\|+[\]|]*|\[\||\[\])(:*)|(::+|:(?=[^|:]|$)))")
_ENDING = re.compile(r"\[?\s*(\d+(?:[,\-.]\d+)*)[,.]?")
_NOTE = re.compile(r"(\^\^|\^|__|_|=)?([A-Ga-g])([,']*)")
_LENGTH = re.compile(r"(\d*)(/*)(\d*)")
_SPACER = re.compile(r"y\d{0,3}")
_TUPLET = re.compile(r"\((\d)(?::(\d?))?(?::(\d?))?")
_DECORATION = re.compile(r"!([^!|\s]{1,24})!|\+([^+!|\s]{1,24})\+")
_SYMBOL = re.compile(r'[H-Wh-w](?=[H-Wh-w~]{0,3}\s?[A-Ga-g^_=\[({.")!|zx])')

_ACCIDENTALS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
_SHORTHAND = {
    ".": "staccato", "~": "roll", "H": "fermata", "L": "accent", "M": "lowermordent", "O": "coda", "P": "uppermordent",
    "S": "segno", "T": "trill", "u": "upbow", "v": "downbow",
}  # fmt: skip
_TUPLET_TIME = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # 5, 7 and 9 depend on the metre
_MAX_TOGETHER = 8  # notes of a chord or a grace
_MAX_DIGITS = 3  # longer numbers are attacks or slips: they make notes that last for hours
_MAX_BARS = 2_000  # a few characters of `Z64` would make bars by the thousand


@dataclass
class OpenBar:
    """The bar that is being read."""

    notes: list[Note] = field(default_factory=list)
    repeat_start: bool = False
    endings: tuple[int, ...] = ()
    key: Key | None = None
    metre: Metre | None = None
    free: bool = False
    part: str = ""
    following: OpenBar | None = None  # holds what is changed after the first note: it takes effect with the next bar

    def to_change(self) -> OpenBar:
        """The bar in which a change that stands here takes effect."""
        if self.notes and self.following is None:
            self.following = OpenBar()
        return self.following or self


class MusicReader(ABC):
    """Holds the bars read so far and what is in force: key, metre, unit note length, accidentals, an open tuplet."""

    def __init__(self, key: Key, metre: Metre | None) -> None:
        self.key, self.metre = key, metre
        self.unit: Fraction | None = None
        self.first_unit: Fraction | None = None  # in force at the first note: in which the tune is written again
        self.bars: list[Bar] = []
        self.bar = OpenBar()
        self.accidentals: dict[str, int] = {}  # in force until the bar line: by letter, in every octave
        self.tied: dict[tuple[str, int], int] = {}  # what a tie carries to the next note, by letter and octave
        self.notices: list[str] = []
        self.silent = False  # inside a voice other than the first
        self._reset_note_state()

    @abstractmethod
    def apply(self, name: str, value: str) -> None:
        """Takes a field that stands between notes, such as `[K:D]`."""

    def _reset_note_state(self) -> None:
        self.grace: tuple[Pitch, ...] = ()
        self.decorations: list[str] = []
        self.chord_symbol: str | None = None
        self.slurs = 0
        self.tuplet: tuple[int, int, int, int] | None = None  # actual, normal, index of the next note, size
        self.broken = Fraction(1)  # what a > or < leaves for the next note

    def read_music(self, line: str, number: int) -> None:
        """Reads a line; raises NotationError with its number and the column."""
        at = 0
        while at < len(line):
            if self.silent:
                voice = _VOICE.search(line, at)
                if not voice:
                    return
                at = voice.start()
            try:
                end = self._step(line, at)
            except NotationError as error:
                text = error.text or line[at : at + 12]
                raise NotationError(error.reason, line=number, column=max(line.find(text, at), at) + 1, text=text) from None
            at = max(end, at + 1)

    def _step(self, line: str, at: int) -> int:
        """Reads what stands at a column, and says where the next thing begins."""
        char = line[at]
        if char in " \t\xa0`\\*$;?@#":
            return at + 1
        if char == "y" and (match := _SPACER.match(line, at)):
            return match.end()
        if char in "ABCDEFGabcdefg^_=":
            return self._read_note(line, at)
        if char == "[" and (match := _INLINE.match(line, at)):
            self.apply(match[1], match[2].strip())
            return match.end()
        if char == "[" and (match := _ENDING.match(line, at)):
            return self._read_ending(match)
        if char in "|:" or line.startswith(("[|", "[]", ".|"), at):
            return self._read_bar_line(line, at)
        if char == "[":
            return self._read_chord(line, at)
        if char in "zxZX":
            return self._read_rest(line, at)
        if char == "(":
            return self._read_parenthesis(line, at)
        if char == ")":
            if self.bar.notes:
                self._change_last(slurs_close=self.bar.notes[-1].slurs_close + 1)
            return at + 1
        if char == "{":
            return self._read_grace(line, at)
        if char == '"':
            return self._read_quoted(line, at)
        if char in "<>":
            return self._read_broken(line, at)
        if char == "-":
            if self.bar.notes and self.bar.notes[-1].pitches:
                self._tie_last()
            return at + 1
        if char in "!+":
            match = _DECORATION.match(line, at)
            if match:
                self.decorations.append(match[1] or match[2])
            return match.end() if match else at + 1
        if char in _SHORTHAND:
            self.decorations.append(_SHORTHAND[char])
            return at + 1
        if char in "123456789" and self.bars and self.bars[-1].line and not self.bar.notes and (match := _ENDING.match(line, at)):
            return self._read_ending(match)
        if char == "&":
            self.notices.append(UserMessage("A second voice in the same bar (&) was left out."))
            line_end = line.find("|", at)
            return len(line) if line_end < 0 else line_end
        if _SYMBOL.match(line, at):
            return at + 1  # a sign that the collection gave a meaning of its own
        raise NotationError(UserMessage("I can't read “{text}” here.", text=char), text=char)

    def _change_last(self, **changes: object) -> None:
        self.bar.notes[-1] = replace(self.bar.notes[-1], **changes)  # type: ignore[arg-type]

    def _tie_last(self) -> None:
        self._change_last(tie=True)
        self.tied = {(pitch.letter, pitch.octave): pitch.alter for pitch in self.bar.notes[-1].pitches}

    def _read_pitch(self, match: re.Match[str]) -> Pitch:
        mark, letter, octaves = match.groups()
        octave = (5 if letter.islower() else 4) + octaves.count("'") - octaves.count(",")
        letter = letter.upper()
        if mark:
            alter = self.accidentals[letter] = _ACCIDENTALS[mark]
        else:
            alter = self.tied.get((letter, octave), self.accidentals.get(letter, self.key.signature[letter]))
        pitch = Pitch(letter, octave, alter)
        if octave < 0 or not 0 <= pitch.midi <= 127:
            raise NotationError(UserMessage("This note is out of every instrument's range."), text=match[0])
        return pitch

    def _read_length(self, line: str, at: int) -> tuple[Fraction, int]:
        match = _LENGTH.match(line, at)
        assert match is not None  # every part of the pattern may be empty
        digits, slashes, divisor = match.groups()
        if len(digits) > _MAX_DIGITS or len(divisor) > _MAX_DIGITS or len(slashes) > 6:
            raise NotationError(UserMessage("A note this long or short can't be meant."), text=match[0])
        if divisor and not slashes:
            raise NotationError(UserMessage("A note's length can't be read here."), text=match[0])
        if (digits and not int(digits)) or (divisor and not int(divisor)):
            raise NotationError(UserMessage("A note can't last zero."), text=match[0])
        down = int(divisor) * 2 ** (len(slashes) - 1) if divisor else 2 ** len(slashes)
        return Fraction(int(digits or 1), down), match.end()

    def _read_note(self, line: str, at: int) -> int:
        match = _NOTE.match(line, at)
        if not match:
            raise NotationError(UserMessage("A note is missing after “{text}”.", text=line[at]), text=line[at])
        pitch = self._read_pitch(match)
        length, end = self._read_length(line, match.end())
        self._add((pitch,), length)
        return end

    def _read_chord(self, line: str, at: int) -> int:
        pitches: list[Pitch] = []
        length, here, tie = None, at + 1, False
        while here < len(line) and line[here] != "]":
            if match := _NOTE.match(line, here):
                pitches.append(self._read_pitch(match))
                inner, here = self._read_length(line, match.end())
                length = length or inner
            elif line[here] in " -.~uvTHM()":
                tie = tie or line[here] == "-"
                here += 1
            elif line[here] in "zx":  # it sounds as long as the notes do
                _, here = self._read_length(line, here + 1)
            elif line[here] == '"':
                here = self._read_quoted(line, here)
            elif match := _DECORATION.match(line, here):
                here = match.end()
            else:
                raise NotationError(
                    UserMessage("I can't read “{text}” inside a chord.", text=line[here]), text=line[at : here + 1]
                )
        if len(pitches) > _MAX_TOGETHER:
            raise NotationError(
                UserMessage("This chord has more than {most} notes.", most=_MAX_TOGETHER), text=line[at : at + 12]
            )
        if here == len(line) or not pitches:
            raise NotationError(UserMessage("This chord is empty or never closed with ]."), text=line[at : at + 12])
        outer, end = self._read_length(line, here + 1)
        self._add(tuple(sorted(set(pitches), key=lambda pitch: (pitch.midi, pitch.staff))), (length or Fraction(1)) * outer)
        if tie:
            self._tie_last()
        return end

    def _read_rest(self, line: str, at: int) -> int:
        length, end = self._read_length(line, at + 1)
        if line[at] in "zx":
            self._add((), length)
            return end
        if self.tuplet:
            raise NotationError(UserMessage("A rest of whole bars can't stand in a tuplet."), text=line[at:end])
        bars = min(int(length), 64)
        self.first_unit = self.first_unit or self.unit
        self._check_length(self.metre.bar if self.metre else Fraction(1))
        for index in range(bars):
            self.bar.notes.append(Note((), self.metre.bar if self.metre else Fraction(1)))
            if index < bars - 1:
                self.close_bar("|", 0)
        return end

    def _check_length(self, nominal: Fraction) -> None:
        """Refuses what could not be written again in numbers of so few digits."""
        if nominal.numerator > 15 or nominal.denominator > 64:  # else it can, whatever the unit
            units = nominal / (self.first_unit or Fraction(1, 64))
            if max(units.numerator, units.denominator) >= 10**_MAX_DIGITS:
                raise NotationError(UserMessage("A note this long or short can't be meant."))

    def _add(self, pitches: tuple[Pitch, ...], units: Fraction) -> None:
        assert self.unit is not None
        self.first_unit = self.first_unit or self.unit
        self.tied = {}
        duration = units * self.unit * self.broken
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
                slurs_open=self.slurs,
            )
        )
        tuplet_left = self.tuplet
        self._reset_note_state()
        self.tuplet = tuplet_left

    def _read_parenthesis(self, line: str, at: int) -> int:
        match = _TUPLET.match(line, at)
        if not match:
            self.slurs += 1
            return at + 1
        actual = int(match[1])
        if actual < 2:
            raise NotationError(UserMessage("A tuplet of {notes} makes no sense.", notes=actual), text=match[0])
        compound = self.metre is not None and self.metre.compound and self.metre.beats > 3
        normal = int(match[2] or 0) or _TUPLET_TIME.get(actual) or (3 if compound else 2)
        self.tuplet = (actual, normal, 0, int(match[3] or 0) or actual)
        return match.end()

    def _read_grace(self, line: str, at: int) -> int:
        close = line.find("}", at)
        if close < 0:
            raise NotationError(UserMessage("These grace notes are never closed with }."), text=line[at : at + 12])
        kept = dict(self.accidentals)
        self.grace = tuple(self._read_pitch(match) for match in _NOTE.finditer(line, at + 1, close))[:_MAX_TOGETHER]
        self.accidentals = kept  # those of grace notes hold inside the braces only
        return close + 1

    def _read_quoted(self, line: str, at: int) -> int:
        close = line.find('"', at + 1)
        if close < 0:
            raise NotationError(UserMessage("This text is never closed with a second quotation mark."), text=line[at : at + 12])
        text = line[at + 1 : close].strip()
        if re.fullmatch(r"\(?[A-G][#b♯♭]?[A-Za-z0-9#b+°ø]{0,8}(/[A-G][#b]?)?\)?", text):
            self.chord_symbol = text.strip("()")
        return close + 1

    def _read_broken(self, line: str, at: int) -> int:
        char, end = line[at], at
        while end < len(line) and line[end] == char:
            end += 1
        if end - at > 3:
            raise NotationError(UserMessage("Broken rhythm goes no deeper than three signs."), text=line[at:end])
        if not self.bar.notes:
            raise NotationError(UserMessage("There is no note before “{text}”.", text=line[at:end]), text=line[at:end])
        if self.broken != 1:
            sentence = UserMessage("There is no note between “{text}” and the one before.", text=line[at:end])
            raise NotationError(sentence, text=line[at:end])
        short = Fraction(1, 2 ** (end - at))
        before, after = (2 - short, short) if char == ">" else (short, 2 - short)
        self._change_last(duration=self.bar.notes[-1].duration * before)
        self._check_length(self.bar.notes[-1].nominal)
        self.broken = after
        return end

    # bar lines

    def _read_bar_line(self, line: str, at: int) -> int:
        match = _BAR_LINE.match(line, at)
        if not match:
            raise NotationError(UserMessage("I can't read this bar line."), text=line[at : at + 6])
        before, after, bare = match.groups()
        if bare:
            back, start = len(bare) // 2 or 1, len(bare) > 1
            if bare == ":" and self.bars and not self.bar.notes:
                back, start = 0, True  # the rest of a `|:` whose bar line ends the line before
        else:
            back, start = len(before), bool(after)
        body = match[0].strip(":.")
        style = "|]" if "]" in body and body != "[]" else "||" if body.count("|") > 1 or body == "[|" else "|"
        self.close_bar(style, back)
        if start:
            self.bar.repeat_start = True
        end = match.end()
        if ending := re.compile(r"\s?\[?(\d+(?:[,\-]\d+)*)").match(line, end):
            return self._read_ending(ending)
        return end

    def _read_ending(self, match: re.Match[str]) -> int:
        numbers: list[int] = []
        for part in re.split(r"[,.]", match[1]):
            low, _, high = part.partition("-")
            if len(low) > 1 or len(high) > 1:
                raise NotationError(UserMessage("An ending's number goes from 1 to 9."), text=match[0])
            numbers.extend(range(int(low), int(high or low) + 1))
        if self.bar.notes:
            self.close_bar("|", 0)
        self.bar.endings = tuple(sorted({number for number in numbers if number}))
        return match.end()

    def close_bar(self, style: str, back: int) -> None:
        """Ends the bar at a bar line. A line without notes before it only adds its signs to the bar before."""
        if back > 4:
            raise NotationError(UserMessage("A part can't be repeated that often."), text=":" * back)
        if self.bar.notes:
            bar = self.bar
            if len(self.bars) == _MAX_BARS:
                raise NotationError(UserMessage("This is too long for a tune: I read at most {most:,} bars.", most=_MAX_BARS))
            changes = (bar.key, bar.metre, bar.free, bar.part)
            self.bars.append(Bar(tuple(bar.notes), bar.repeat_start, back, bar.endings, style, *changes))
            self.bar = bar.following or OpenBar()
        elif self.bars:
            last = self.bars[-1]
            stronger = max(last.line, style, key=["", "|", "||", "|]"].index)
            self.bars[-1] = replace(last, repeat_end=max(last.repeat_end, back), line=stronger)
        self.accidentals.clear()
        self.broken = Fraction(1)
