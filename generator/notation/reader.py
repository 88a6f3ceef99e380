"""Reads a tune in ABC 2.1, as it is written in collections and in chats.

    >>> score = read("M:6/8\\nK:D\\nDFA dfa|")
    >>> [note.melody.midi for note in score.notes()]
    [62, 66, 69, 74, 78, 81]

Follows the standard (abcnotation.com/wiki/abc:standard:v2.1). Skips what doesn't change the notes: comments, unknown fields,
directives. Raises NotationError for anything else that it cannot read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from generator.notation.bar_parser import OpenBar
from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.line_parser import LineParser
from generator.notation.lyrics import LyricReader
from generator.notation.metres import Metre
from generator.notation.notices import without_directive_blocks
from generator.notation.prose import prose_start
from generator.notation.score import Bar, Score, Voice
from generator.notation.staff import Staff, StaffSettings, read_settings, unread_notice
from generator.notation.structure import part_order
from generator.notation.voices import MAX_VOICES, UnfittingBar, fitted, left_out_notice
from generator.user_messages import UserMessage

MAX_QUOTED = 40  # characters of a line that messages quote
_FIELD = re.compile(r"([A-Za-z]):(?![|:])(.*)", re.DOTALL)
_MAX_TEMPO_TEXT = 40  # characters
_TEMPO = re.compile(r"(?<!\d)(\d{1,3})/(\d{1,3})\s*=\s*(\d{1,3})(?!\d)|^\s*(\d{1,3})\s*$")


def read(text: str, *, key: Key | None = None, metre: Metre | None = None, all_voices: bool = False) -> Score:
    """Reads the first tune in `text`, with its further voices only if `all_voices`. Raises NotationError.

    `key` and `metre` are defaults for text that states none.
    """
    parser = _TuneParser(key, metre)
    score = parser.read(text)
    names = [name for name in parser.voice_names if name != parser.voice]
    if not names:
        return score
    if not all_voices:
        return replace(score, notices=(*score.notices, UserMessage("Only the first voice was read.")))
    voices: list[Voice] = []
    notices = list(score.notices)
    if len(names) >= MAX_VOICES:
        notices.append(UserMessage("I read at most {most} voices.", most=MAX_VOICES))
    for name in names[: MAX_VOICES - 1]:
        try:
            other = _TuneParser(key, metre, voice=name)
            read_voice = other.read(text)
            voices.append(Voice(name, fitted(read_voice.bars, score.bars), read_voice.staff))
            notices += read_voice.notices
        except NotationError as error:
            if other.has_notes():  # else it is only named
                notices.append(left_out_notice(name, error.message))
        except UnfittingBar as error:
            reason = UserMessage("Bar {number} is not as long as in the first voice.", number=error.number)
            notices.append(left_out_notice(name, reason))
    return replace(score, voices=tuple(voices), notices=tuple(dict.fromkeys(notices)))


def split_tunes(text: str) -> list[str]:
    """The tunes of a collection: each from its `X:` to the next."""
    starts = [match.start() for match in re.finditer(r"^X:", text, re.MULTILINE)]
    return [text[start:end] for start, end in pairwise([*starts, len(text)])]


class _TuneParser(LineParser):
    """Parses the header and the body of one tune, as far as they belong to one voice: the one of this name, or the first."""

    def __init__(self, key: Key | None, metre: Metre | None, voice: str | None = None) -> None:
        super().__init__(key or Key("C"), metre)
        self.metre_written = False  # a metre that the caller gives doesn't change the default unit note length
        self.unit_written = False
        self.fields: list[tuple[str, str]] = []
        self.first_values: dict[str, str] = {}  # of the fields X, T and R
        self.tempo: tuple[Fraction, int] | None = None
        self.tempo_text = ""
        self.staff = Staff()
        self.first_key: Key | None = None
        self.first_metre: Metre | None = None
        self.order = ""
        self.in_body = False
        self.voice = voice  # None until the first one is named
        self.is_further = voice is not None
        self.voice_names: dict[str, None] = {}
        self.in_other_voice = False  # after a V: in the body that names another voice
        self.lyrics = LyricReader()
        self.continues_line = False  # the line of music before ended with a backslash
        self.last_field = ""  # the name of the field in the line before

    def read(self, text: str) -> Score:
        lines = without_directive_blocks(text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
        has_key_field = any(re.search(r"^\s*K:", tune, re.MULTILINE) for tune in split_tunes(text)[:1])
        last = self._read_lines(lines, has_key_field=has_key_field)
        if any(line.lstrip().startswith("X:") for line in lines[last:] if self.has_notes()):
            self.notices.append(UserMessage("Only the first tune was read."))
        self._start_body()
        if self.bar.notes:
            self.close_bar("", 0)
        if not any(bar.notes for bar in self.bars):
            raise NotationError(UserMessage("There are no notes here."), line=1, column=1)
        self.bars = self.lyrics.with_lyrics(self.bars)
        notes = [note for bar in self.bars for note in bar.notes]
        if sum(note.slurs_open for note in notes) != sum(note.slurs_close for note in notes):
            self.notices.append(UserMessage("The slurs don't match: each ( needs one )."))
        if self.tuplet:
            self.notices.append(UserMessage("The last tuplet has fewer notes than its number says."))
        return self._score()

    def _read_lines(self, lines: Sequence[str], *, has_key_field: bool) -> int:
        """Reads the lines of the first tune; returns the index of the line where it stopped."""
        has_index = False
        index = 0
        for index, raw in enumerate(lines):
            line = re.split(r"(?<!\\)%", raw, maxsplit=1)[0].rstrip()
            stripped = line.lstrip()
            if not stripped or stripped.startswith("+:"):  # `+:` continues a field
                if self.in_body and self.bars and not raw.strip():
                    break  # a blank line ends a tune
                if stripped and self.last_field == "w":
                    self._read_lyrics(stripped[2:], continued=True)
                continue
            match = _FIELD.fullmatch(stripped)
            if match and (not self.in_body or match[1] not in "ABCDEFGabcdefg"):
                if match[1] == "X":
                    if has_index or self.has_notes():
                        break
                    has_index = True
                self._read_field(match[1], match[2].strip(), index + 1, raw)
            elif has_index and has_key_field and not self.in_body:
                self.notices.append(UserMessage("I left out a line before K: that isn't a field."))
            else:
                self._start_body()
                if not self.continues_line:
                    self.lyrics.begin_line(len(self.bars), len(self.bar.notes))
                self.continues_line, self.last_field = line.endswith("\\"), ""
                symbols = {field[:1] for name, field in self.fields if name == "U"}
                if not self.skips_voice and (start := prose_start(line, symbols)) is not None:
                    words = line[start : start + MAX_QUOTED].rstrip()
                    reason = UserMessage("“{text}” is not ABC. Write notes such as EAAB c2Bc|.", text=words)
                    raise NotationError(reason, line=index + 1, column=start + 1, text=words)
                self.read_music(line.removesuffix("!"), index + 1)  # `!` was once a line-break sign
        return index

    def _score(self) -> Score:
        number = self.first_values.get("X", "")
        return Score(
            bars=self._without_redundant_changes(),
            key=self.first_key or self.key,
            metre=self.first_metre,
            unit=self.first_unit or self.unit or _default_unit(self.first_metre),
            title=self.first_values.get("T", ""),
            rhythm=self.first_values.get("R", ""),
            tempo=self.tempo,
            tempo_text=self.tempo_text,
            staff=self.staff,
            order=self.order,
            reference=int(number) if re.fullmatch(r"\d{1,9}", number) else 1,
            fields=tuple(self.fields),
            notices=tuple(dict.fromkeys(self.notices)),
        )

    def _without_redundant_changes(self) -> tuple[Bar, ...]:
        """The bars without changes to the key or metre that is already in force."""
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
            self.in_body, self.skips_voice = True, self.is_further
            self.first_key, self.first_metre = self.key, self.metre
            self.unit = self.unit or _default_unit(self.metre if self.metre_written else None)
            self.bar = OpenBar(part=self.bar.part)

    def has_notes(self) -> bool:
        return bool(self.bars or self.bar.notes)

    def _read_field(self, name: str, value: str, line: int, raw: str) -> None:
        column = raw.find(":") + 2
        self.last_field = name
        if self.in_other_voice and name in "KLMw":
            return
        try:
            self.apply_field(name, value)
        except NotationError as error:
            raise NotationError(error.reason, line=line, column=column, text=value) from None
        if name == "K" and not self.in_body:
            self._start_body()

    def apply_field(self, name: str, value: str) -> None:
        """Applies a field of the header, of a line in the body, or between notes."""
        if name == "K":
            settings = read_settings(value)
            self._set_staff(settings)
            if value and not settings.rest and self.in_body:
                return  # `K:clef=bass` alone keeps the key
            key = Key.parse(settings.rest)
            if self.in_body and not self.has_notes():
                self.first_key = key
            elif self.in_body and key != self.key:
                self.bar.bar_for_changes().key = key
            self.key = key
            self.accidentals.clear()
        elif name == "M":
            metre = Metre.parse(value)
            if self.in_body and not self.has_notes():  # people write header fields after K:, which should be the last
                self.first_metre = metre
                self.unit = self.unit if self.unit_written else _default_unit(metre)
            elif self.in_body and metre != self.metre:
                bar = self.bar.bar_for_changes()
                bar.metre, bar.free = metre, metre is None
            self.metre, self.metre_written = metre, True
        elif name == "L":
            match = re.fullmatch(r"1/(\d{1,3})|1", value)
            if not match or (match[1] and int(match[1]) not in (1, 2, 4, 8, 16, 32, 64)):
                message = UserMessage("“{text}” is not a unit note length. Write it like 1/8.", text=value[:20])
                raise NotationError(message, text=value)
            self.unit, self.unit_written = Fraction(1, int(match[1] or 1)), True
        elif name == "Q":
            self._read_tempo(value)
        elif name == "P":
            if self.in_body:
                self.bar.bar_for_changes().part = value.replace("]", "")[:8].strip()
            else:
                self.order = part_order(value)
                if value and not self.order:
                    self.notices.append(UserMessage("I couldn't read the order of the parts (P:) in the header."))
        elif name == "V":
            voice, _, settings_text = value.strip().partition(" ")
            self.voice_names[voice] = None
            self.voice = self.voice if self.voice is not None else voice
            self.skips_voice = voice != self.voice
            self.in_other_voice = self.in_body and self.skips_voice
            if not self.skips_voice:
                self._set_staff(read_settings(settings_text))
        elif name == "w":
            self._read_lyrics(value)
        elif name == "W":
            self.fields.append((name, value))
        elif name in "XTR" and name not in self.first_values:
            self.first_values[name] = value.replace("\\%", "%")
        elif not self.in_body and name not in "XRI":
            self.fields.append((name, value))

    def _read_lyrics(self, text: str, *, continued: bool = False) -> None:
        bars = [*(bar.notes for bar in self.bars[self.lyrics.line_start[0] :]), self.bar.notes]
        if self.has_notes() and not self.lyrics.read(text, bars, continued=continued):
            self.notices.append(UserMessage("I left out lyrics (w:) for which there are no notes, or that are too many verses."))

    def _set_staff(self, settings: StaffSettings) -> None:
        """Applies clef, octave and transposition of a field `K:` or `V:`."""
        self.octave = self.octave if settings.octave is None else settings.octave
        staff = settings.applied(self.staff)
        if not self.has_notes():
            self.staff = staff
        elif staff != self.staff:
            self.notices.append(UserMessage("I left out a change of clef or transposition inside the tune."))
        if settings.unread:
            self.notices.append(unread_notice(settings.unread))

    def _read_tempo(self, value: str) -> None:
        """Reads `1/4=120`, with words before or after it or alone: `"Allegro" 1/4=120`, `"Slow"`."""
        number = re.sub(r'"[^"]*"', "", value)
        bare = value == number and not re.search(r"[\d=]", number)
        words = [number.replace('"', "")] if bare else re.findall(r'"([^"]*)"', value)
        text = " ".join(" ".join(words).split())[:_MAX_TEMPO_TEXT].rstrip()
        tempo = _tempo(number)
        if not self.has_notes() or (self.tempo, self.tempo_text) == (None, ""):
            self.tempo, self.tempo_text = tempo or self.tempo, text or self.tempo_text
        elif (tempo or text) and (tempo or self.tempo, text) != (self.tempo, self.tempo_text):
            self.notices.append(UserMessage("I left out a change of tempo inside the tune (Q:)."))


def _tempo(number: str) -> tuple[Fraction, int] | None:
    match = _TEMPO.search(number)
    if not match:
        return None
    beat = Fraction(int(match[1]), int(match[2])) if match[1] and int(match[2]) else Fraction(1, 4)
    beats_per_minute = int(match[3] or match[4])
    return (beat, beats_per_minute) if 20 <= beats_per_minute <= 400 and Fraction(1, 16) <= beat <= 2 else None


def _default_unit(metre: Metre | None) -> Fraction:
    """The unit note length of a tune without `L:`."""
    return Fraction(1, 16) if metre and metre.bar < Fraction(3, 4) else Fraction(1, 8)
