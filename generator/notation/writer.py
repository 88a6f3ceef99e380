"""Writes a score as ABC that our reader and abc2midi read alike."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from generator.notation.keys import Key
from generator.notation.lyrics import NONE
from generator.notation.metres import Metre
from generator.notation.score import Bar, Note, Pitch, Score

_MARKS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_SHORTHAND = {"staccato": ".", "roll": "~", "fermata": "H", "trill": "T", "upbow": "u", "downbow": "v"}
_BARS_PER_LINE = 4
_PERCENT = r"\%"  # a plain % begins a comment


def write(score: Score, *, header: bool = True) -> str:
    """The score as ABC. Without `header`, only the music: to quote a few bars in a text."""
    if not header:
        return _Writer(score).body()
    lines = [f"X:{score.reference}", f"T:{score.title.replace('%', _PERCENT)}"]
    lines += [f"R:{score.rhythm}"] if score.rhythm else []
    lines += [f"{name}:{value}" for name, value in score.fields]
    lines += [f"P:{score.order}"] if score.order else []
    lines.append(f"M:{score.metre.abc if score.metre else 'none'}")
    lines.append(f"L:{score.unit}")
    if score.tempo or score.tempo_text:
        words = [f'"{score.tempo_text}"'] if score.tempo_text else []
        lines.append("Q:" + " ".join([*words, f"{score.tempo[0]}={score.tempo[1]}"] if score.tempo else words))
    if not score.voices:
        return "\n".join([*lines, f"K:{score.key.abc} {score.staff.abc}".rstrip(), _Writer(score).body(lyrics=True), ""])
    lines.append(f"K:{score.key.abc}")
    first = next(name for name in ("1", "melody") if name not in (voice.name for voice in score.voices))
    for name, voice in zip((first, *(voice.name for voice in score.voices)), score.by_voice(), strict=True):
        lines += [f"V:{name} {voice.staff.abc}".rstrip(), _Writer(voice).body(lyrics=True)]
    return "\n".join([*lines, ""])


def write_length(units: Fraction) -> str:
    """A length in unit note lengths: 1 → an empty text, 2 → `2`, 1/2 → `/`, 3/2 → `3/2`."""
    if units.denominator == 1:
        return "" if units == 1 else str(units.numerator)
    top = "" if units.numerator == 1 else str(units.numerator)
    return f"{top}/" if units.denominator == 2 and not top else f"{top}/{units.denominator}"


def _lyrics(notes: Sequence[Note]) -> list[str]:
    """The `w:` lines below a line of music, one for each verse."""
    sung = [note.lyrics for note in notes if note.pitches]
    return [
        "w: " + " ".join(verses[verse] if verse < len(verses) else NONE for verses in sung)
        for verse in range(max(map(len, sung), default=0))
    ]


class _Writer:
    def __init__(self, score: Score) -> None:
        self.score = score
        self.key: Key = score.key
        self.metre: Metre | None = score.metre
        # Alterations in force, by (letter, octave) and by (letter, None); `with_grace` includes those of grace notes.
        self.accidentals: dict[tuple[str, int | None], int] = {}
        self.with_grace: dict[tuple[str, int | None], int] = {}
        self.tied: dict[tuple[str, int], int] = {}  # (letter, octave) → alteration that a tie carries to the next note

    def body(self, *, lyrics: bool = False) -> str:
        lines: list[str] = []
        line, on_line = "", 0
        sung: list[Note] = []
        bars = self.score.bars
        for index, bar in enumerate(bars):
            sung += bar.notes if lyrics else ()
            line += self._opening(bar) + self._notes(bar)
            line += ":" * bar.repeat_end + bar.line
            self.accidentals.clear()
            self.with_grace.clear()
            on_line += 0 if self._is_pick_up(bar) else 1
            starts = index + 1 < len(bars) and bars[index + 1].repeat_start
            if bar.ends_section or starts or on_line >= _BARS_PER_LINE:
                lines += [line, *_lyrics(sung)]
                line, on_line, sung = "", 0, []
        return "\n".join([*lines, line, *_lyrics(sung)] if line else lines)

    def _opening(self, bar: Bar) -> str:
        text = "|:" if bar.repeat_start else ""
        if bar.endings:
            text += "[" + ",".join(map(str, bar.endings)) + " "
        if bar.part:
            text += f"[P:{bar.part}]"
        if bar.metre:
            self.metre = bar.metre
            text += f"[M:{bar.metre.abc}]"
        if bar.free:
            self.metre = None
            text += "[M:none]"
        if bar.key:
            self.key = bar.key
            text += f"[K:{bar.key.abc}]"
        return text

    def _is_pick_up(self, bar: Bar) -> bool:
        short = self.metre is not None and bar.duration < self.metre.bar
        return short and not bar.ends_section and not bar.endings

    def _notes(self, bar: Bar) -> str:
        text, bar_offset = "", Fraction(0)
        if self.metre and self._is_pick_up(bar):
            bar_offset = self.metre.bar - bar.duration  # a pick-up ends on the bar line
        notes = bar.notes
        index = 0
        while index < len(notes):
            note = notes[index]
            if text and self._beam_starts(bar_offset, note, notes[index - 1]):
                text += " "
            following = notes[index + 1] if index + 1 < len(notes) else None
            sign = self._broken(note, following, bar_offset)
            if sign and following:
                even = (note.duration + following.duration) / 2
                text += self._note(note, even) + sign + self._note(following, even)
                bar_offset += note.duration + following.duration
                index += 2
                continue
            text += self._note(note, note.nominal)
            bar_offset += note.duration
            index += 1
        return text

    def _beam_starts(self, bar_offset: Fraction, note: Note, before: Note) -> bool:
        """Whether to write a space before the note: at each beat, or at each half bar in 4/4 and 2/2."""
        if note.tuplet and note.tuplet.index:
            return False
        if self.metre is None:
            return bool(note.duration >= Fraction(1, 4) or before.duration >= Fraction(1, 4))
        beat = self.metre.beat
        if not self.metre.compound and self.metre.bar == 1:
            beat = Fraction(1, 2)
        return bar_offset % beat == 0

    def _broken(self, note: Note, following: Note | None, bar_offset: Fraction) -> str:
        """`>` or `<` if two notes share a beat three to one, as in hornpipes; else an empty text."""
        if following is None or note.tuplet or following.tuplet or following.grace:
            return ""
        total = note.duration + following.duration
        if total not in (Fraction(1, 4), Fraction(1, 8)) or total / 2 > self.score.unit or bar_offset % total:
            return ""
        if note.duration == 3 * following.duration:
            return ">"
        return "<" if following.duration == 3 * note.duration else ""

    def _note(self, note: Note, written: Fraction) -> str:
        text = ""
        if note.chord_symbol:
            text += f'"{note.chord_symbol}"'
        if note.tuplet and note.tuplet.index == 0:
            text += self._tuplet(note)
        text += "(" * note.slurs_open
        text += "".join(_SHORTHAND.get(name, f"!{name}!") for name in note.decorations)
        if note.grace:
            text += "{" + "".join(self._pitch(pitch, grace=True) for pitch in note.grace) + "}"
        if note.rest:
            text += "x" if note.invisible else "z"
        elif len(note.pitches) == 1:
            text += self._pitch(note.pitches[0])
        else:
            text += "[" + "".join(map(self._pitch, note.pitches)) + "]"
        self.tied = {(pitch.letter, pitch.octave): pitch.alter for pitch in note.pitches} if note.tie else {}
        text += write_length(written / self.score.unit)
        return text + ("-" if note.tie else "") + ")" * note.slurs_close

    def _tuplet(self, note: Note) -> str:
        assert note.tuplet is not None
        actual, normal, size = note.tuplet.actual, note.tuplet.normal, note.tuplet.size
        default = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(actual)
        if normal == default and size == actual:
            return f"({actual}"
        return f"({actual}:{normal}:{size}"

    def _pitch(self, pitch: Pitch, *, grace: bool = False) -> str:
        in_key = self.key.signature[pitch.letter]
        scopes = (pitch.letter, pitch.octave), (pitch.letter, None)
        mark = ""
        # Programs disagree on whether an accidental applies in other octaves, after a tie and after a grace note: where it
        # matters, it is written again.
        expected = {table.get(scope, in_key) for scope in scopes for table in (self.accidentals, self.with_grace)}
        expected.add(self.tied.get((pitch.letter, pitch.octave), pitch.alter))
        if pitch.courtesy or expected != {pitch.alter}:
            mark = _MARKS[pitch.alter]
            self.with_grace |= dict.fromkeys(scopes, pitch.alter)
            if not grace:
                self.accidentals |= dict.fromkeys(scopes, pitch.alter)
        if pitch.octave >= 5:
            return mark + pitch.letter.lower() + "'" * (pitch.octave - 5)
        return mark + pitch.letter + "," * (4 - pitch.octave)
