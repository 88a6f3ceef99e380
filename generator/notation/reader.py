"""Reads a tune in ABC 2.1, as folk collections and people in chat write it.

    >>> score = read("M:6/8\\nK:D\\nDFA dfa|")
    >>> [note.melody.midi for note in score.notes()]
    [62, 66, 69, 74, 78, 81]

Everything is read against the standard's text (abcnotation.com/wiki/abc:standard:v2.1). What a tune can do without
(words, comments, unknown fields, directives) is passed over; what cannot be understood raises NotationError.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from generator.notation.bar_parser import OpenBar
from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.line_parser import LineParser
from generator.notation.metres import Metre
from generator.notation.score import Bar, Score
from generator.notation.structure import part_order
from generator.user_messages import UserMessage

_FIELD = re.compile(r"([A-Za-z]):(?![|:])(.*)", re.DOTALL)
_TEMPO = re.compile(r"(?<!\d)(\d{1,3})/(\d{1,3})\s*=\s*(\d{1,3})(?!\d)|^\s*(\d{1,3})\s*$")


def read(text: str, *, key: Key | None = None, metre: Metre | None = None) -> Score:
    """Reads the first tune in `text`. `key` and `metre` hold where the text names none (a fragment in chat)."""
    return _TuneParser(key, metre).read(text)


def split_tunes(text: str) -> list[str]:
    """The tunes of a collection: each from its `X:` to the next."""
    starts = [match.start() for match in re.finditer(r"^X:", text, re.MULTILINE)]
    return [text[start:end] for start, end in pairwise([*starts, len(text)])]


class _TuneParser(LineParser):
    def __init__(self, key: Key | None, metre: Metre | None) -> None:
        super().__init__(key or Key("C"), metre)
        self.metre_written = False  # by an M: field: only then does it say what the unit note length is
        self.unit_written = False
        self.fields: list[tuple[str, str]] = []
        self.single: dict[str, str] = {}
        self.tempo: tuple[Fraction, int] | None = None
        self.first_key: Key | None = None
        self.first_metre: Metre | None = None
        self.order = ""
        self.in_body = False
        self.voice: str | None = None

    def read(self, text: str) -> Score:
        seen_index = False
        key_comes = any(re.search(r"^\s*K:", tune, re.MULTILINE) for tune in split_tunes(text)[:1])
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        number = 0
        for number, raw in enumerate(lines, 1):
            line = re.split(r"(?<!\\)%", raw, maxsplit=1)[0].rstrip()
            stripped = line.lstrip()
            if not stripped or stripped.startswith("+:"):  # +: goes on with a field, of words mostly
                if self.in_body and self.bars and not raw.strip():
                    break  # a blank line ends a tune
                continue
            match = _FIELD.fullmatch(stripped)
            if match and (not self.in_body or match[1] not in "ABCDEFGabcdefg"):
                if match[1] == "X":
                    if seen_index or self._begun():
                        break
                    seen_index = True
                self._field(match[1], match[2].strip(), number, raw)
            else:
                if seen_index and key_comes and not self.in_body:
                    self.notices.append(UserMessage("A line that stands before K: and is no field was left out."))
                    continue
                self._start_body()
                self.read_music(line.removesuffix("!"), number)
        if number and any(line.lstrip().startswith("X:") for line in lines[number - 1 :] if self._begun()):
            self.notices.append(UserMessage("Only the first tune was read."))
        self._start_body()
        if self.bar.notes:
            self.close_bar("", 0)
        if not any(bar.notes for bar in self.bars):
            raise NotationError(UserMessage("There are no notes here."), line=1, column=1)
        notes = [note for bar in self.bars for note in bar.notes]
        if sum(note.slurs_open for note in notes) != sum(note.slurs_close for note in notes):
            self.notices.append(UserMessage("The slurs don't pair: as many must be closed with ) as are opened with (."))
        if self.bars and self.tuplet:
            self.notices.append(UserMessage("The last tuplet has fewer notes than it names."))
        return Score(
            bars=self._without_idle_changes(),
            key=self.first_key or self.key,
            metre=self.first_metre,
            unit=self.first_unit or self.unit or _default_unit(self.first_metre),
            title=self.single.get("T", ""),
            rhythm=self.single.get("R", ""),
            tempo=self.tempo,
            order=self.order,
            reference=int(self.single["X"]) if re.fullmatch(r"\d{1,9}", self.single.get("X", "")) else 1,
            fields=tuple(self.fields),
            notices=tuple(dict.fromkeys(self.notices)),
        )

    def _without_idle_changes(self) -> tuple[Bar, ...]:
        """The bars without changes to what is in force already."""
        key, metre, bars = self.first_key, self.first_metre, []
        for bar in self.bars:
            bars.append(
                replace(
                    bar,
                    key=None if bar.key == key else bar.key,
                    metre=None if bar.metre == metre else bar.metre,
                    free=bar.free and metre is not None,
                )
                if bar.key or bar.metre or bar.free
                else bar
            )
            key, metre = bar.key or key, None if bar.free else bar.metre or metre
        return tuple(bars)

    def _start_body(self) -> None:
        if not self.in_body:
            self.in_body, self.skips_voice = True, False
            self.first_key, self.first_metre = self.key, self.metre
            self.unit = self.unit or _default_unit(self.metre if self.metre_written else None)
            self.bar = OpenBar(part=self.bar.part)

    def _begun(self) -> bool:
        return bool(self.bars or self.bar.notes)

    def _field(self, name: str, value: str, line: int, raw: str) -> None:
        column = raw.find(":") + 2
        try:
            self.apply_field(name, value)
        except NotationError as error:
            raise NotationError(error.reason, line=line, column=column, text=value) from None
        if name == "K" and not self.in_body:
            self._start_body()

    def apply_field(self, name: str, value: str) -> None:
        """A field's effect, wherever it stands."""
        if name == "K":
            key = Key.parse(value)
            if self.in_body and not self._begun():
                self.first_key = key
            elif self.in_body and key != self.key:
                self.bar.bar_for_changes().key = key
            self.key = key
            self.accidentals.clear()
        elif name == "M":
            metre = Metre.parse(value)
            if self.in_body and not self._begun():  # K: ought to end the header; people go on with it
                self.first_metre = metre
                self.unit = self.unit if self.unit_written else _default_unit(metre)
            elif self.in_body and metre != self.metre:
                bar = self.bar.bar_for_changes()
                bar.metre, bar.free = metre, metre is None
            self.metre, self.metre_written = metre, True
        elif name == "L":
            match = re.fullmatch(r"1/(\d{1,3})|1", value)
            if not match or (match[1] and int(match[1]) not in (1, 2, 4, 8, 16, 32, 64)):
                sentence = UserMessage("“{text}” is not a unit note length. Write it like 1/8.", text=value[:20])
                raise NotationError(sentence, text=value)
            self.unit, self.unit_written = Fraction(1, int(match[1] or 1)), True
        elif name == "Q":
            self.tempo = self._read_tempo(value) or self.tempo
        elif name == "P":
            if self.in_body:
                self.bar.bar_for_changes().part = value.replace("]", "")[:8].strip()
            else:
                self.order = part_order(value)
                if value and not self.order:
                    self.notices.append(UserMessage("The order of the parts in the header was not understood."))
        elif name == "V":
            voice = value.split()[0] if value.split() else ""
            self.voice = self.voice if self.voice is not None else voice
            self.skips_voice = voice != self.voice
            if self.skips_voice:
                self.notices.append(UserMessage("Only the first voice was read."))
        elif name in "XTR":
            self.single.setdefault(name, value.replace("\\%", "%"))
        elif not self.in_body and name not in "IWw":
            self.fields.append((name, value))

    def _read_tempo(self, value: str) -> tuple[Fraction, int] | None:
        match = _TEMPO.search(re.sub(r'"[^"]*"', "", value))
        if not match:
            return None
        beat = Fraction(int(match[1]), int(match[2])) if match[1] and int(match[2]) else Fraction(1, 4)
        minute = int(match[3] or match[4])
        return (beat, minute) if 20 <= minute <= 400 and Fraction(1, 16) <= beat <= 2 else None


def _default_unit(metre: Metre | None) -> Fraction:
    """The unit note length where `L:` is missing: a sixteenth in metres shorter than 3/4."""
    return Fraction(1, 16) if metre and metre.bar < Fraction(3, 4) else Fraction(1, 8)
