"""Converts a score to music21's object model, complete with beams and accidentals.

music21 could add these itself, but it takes several times as long and raises on bars that are too full. Here every measure is
complete and can be exported unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import cast

from music21 import bar as barlines
from music21 import chord, clef, expressions, instrument, interval, layout, metadata, note, pitch, spanner, stream
from music21 import duration as durations
from music21 import key as keys
from music21 import tempo as tempi
from music21 import tie as ties
from music21.base import Music21Object
from music21.stream.enums import ShowNumber
from music21.style import StreamStyle

from generator.notation.keys import Key
from generator.notation.lyrics import joins_next, plain
from generator.notation.metres import Metre
from generator.notation.score import Bar, Note, Pitch, Score
from generator.notation.staff import LINES, Staff
from generator.notation.structure import metres
from generator.notation.tempo import tempo
from generator.rendering.display_text import composer, printable, rhythm_words
from generator.rendering.sheet.beams import add_beams, time_signature
from generator.rendering.sheet.decorations import chord_symbol, decorate
from generator.rendering.sheet.layout import bar_numbers, ending_brackets, line_starts, part_names
from generator.rendering.sheet.note_values import note_values, type_and_dots

_ACCIDENTALS = {-2: "double-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_LINES = {"||": "double", "|]": "final"}
_TIES = {(False, False): "", (False, True): "start", (True, True): "continue", (True, False): "stop"}  # (from before, to next)


def note_id(bar: int, note: int, voice: int = 0) -> str:
    """The id of a written note in MusicXML and in the sheet's SVG, by the indices of its bar, of the note in the bar, and of its
    voice, which is 0 for the melody.
    """
    return f"v{voice}b{bar}n{note}" if voice else f"b{bar}n{note}"


def to_music21(score: Score) -> stream.Score:
    """The score as written: repeats and endings are signs and not played out."""
    parts = [_Writer(voice, number).part() for number, voice in enumerate(score.by_voice())]
    whole = stream.Score()
    whole.metadata = metadata.Metadata(title=printable(score.title) or "Untitled")
    whole.metadata.movementName = whole.metadata.title
    whole.metadata.composer = composer(score) or " "  # music21 writes its own name if the composer is empty
    for part in parts:
        whole.insert(0, part)
    if len(parts) > 1:
        whole.insert(0, layout.StaffGroup(parts, symbol="bracket", barTogether=True))
    return whole


class _Writer:
    """Writes a voice bar after bar, and keeps what continues across bar lines: key, ties, slurs and words.

    What belongs to all voices, such as the tempo and the brackets of endings, is in the first part.
    """

    def __init__(self, score: Score, voice: int) -> None:
        self.score, self.voice = score, voice
        self.signature = score.key.signature
        self.altered: dict[tuple[str, int], int] = {}  # accidentals in force until the bar line
        self.tied: set[Pitch] = set()  # pitches tied from the note before
        self.slurs: list[note.GeneralNote] = []  # the first notes of open slurs
        self.spanners: list[spanner.Spanner] = []
        self.in_word: set[int] = set()  # the verses in which a word goes on at the next syllable

    def part(self) -> stream.Part:
        score = self.score
        name = f"voice{self.voice + 1}" if self.voice else "tune"
        part = stream.Part(id=name)
        flute = instrument.Flute()
        flute.partId, flute.instrumentId = name, f"flute{self.voice or ''}"
        if score.staff.transposition:
            flute.transposition = interval.Interval(score.staff.transposition)
        part.atSoundingPitch = False  # what we insert are written pitches
        part.insert(0, flute)
        style = cast(StreamStyle, part.style)
        style.printPartName = style.printPartAbbreviation = False
        self.following = [*list(score.notes())[1:], None]
        starts, bar_metres, numbers, parts = line_starts(score), metres(score), bar_numbers(score), part_names(score)
        measures: list[stream.Measure] = []
        first_note = 0  # index among all notes of the score
        for index, bar in enumerate(score.bars):
            measure = stream.Measure(number=numbers[index])
            if numbers[index] == 0 or (index and numbers[index] == numbers[index - 1]):
                measure.showNumber = ShowNumber.NEVER
            if index in starts and not self.voice:
                measure.insert(0, layout.SystemLayout(isNew=True))
            self._add_signs(measure, bar, parts.get(index, ""), first=index == 0)
            self._add_notes(measure, index, bar_metres[index], first_note)
            first_note += len(bar.notes)
            measures.append(measure)
        for passes, first, last in [] if self.voice else ending_brackets(score.bars):
            self.spanners.append(spanner.RepeatBracket(measures[first : last + 1], number=",".join(map(str, passes))))
        part.append(measures)
        for each in self.spanners:
            part.insert(0, each)
        return part

    def _add_signs(self, measure: stream.Measure, bar: Bar, part: str, *, first: bool) -> None:
        """Adds clef, tempo, key, metre, part name and bar lines."""
        if first:
            measure.clef = _clef(self.score.staff)
        if first and not self.voice:
            beat, count = tempo(self.score)
            referent = durations.Duration(float(beat * 4))
            if referent.type == "complex":  # no note value lasts 5/8
                referent, count = durations.Duration(1), round(count * beat * 4)
            mark = tempi.MetronomeMark(printable(self.score.tempo_text) or None, number=count, referent=referent)
            measure.insert(0, mark)
            if words := rhythm_words(self.score):
                rhythm = expressions.TextExpression(words)
                rhythm.placement = "above"
                measure.insert(0, rhythm)
        key = self.score.key if first else bar.key
        if key is not None:
            measure.keySignature = _key(key)
            self.signature = key.signature
        metre = (bar.metre or self.score.metre) if first else bar.metre
        if metre is not None:
            measure.timeSignature = time_signature(metre)
        if part and not self.voice:
            measure.insert(0, _part_name(part))
        if bar.repeat_start:
            measure.leftBarline = barlines.Repeat(direction="start")
        if bar.repeat_end:
            measure.rightBarline = barlines.Repeat(direction="end", times=bar.repeat_end + 1 if bar.repeat_end > 1 else None)
        elif bar.line in _LINES:
            measure.rightBarline = barlines.Barline(_LINES[bar.line])

    def _add_notes(self, measure: stream.Measure, index: int, metre: Metre | None, first_note: int) -> None:
        bar = self.score.bars[index]
        self.altered = {}
        elements: list[Music21Object] = []
        beamed: list[note.GeneralNote] = []
        for number, each in enumerate(bar.notes):
            if each.chord_symbol and printable(each.chord_symbol):
                elements.append(chord_symbol(printable(each.chord_symbol)))
            pieces = self._note(each, self.following[first_note + number])
            if len(bar.notes) > 1 and isinstance(pieces[0], note.Rest):
                pieces[0].fullMeasure = False  # else verovio would give the other notes of the bar no time
            if each.invisible:
                for piece in pieces:
                    piece.style.hideObjectOnPrint = True
            _set_ids(pieces, note_id(index, number, self.voice))
            self._add_lyrics(pieces[0], each.lyrics)
            elements += decorate(pieces[0], each.decorations)
            elements += self._graces(each.grace)
            elements += pieces
            beamed += pieces
            self._slur(each, pieces)
        if bar.repeat_end > 1 and elements and not self.voice:  # repeat dots alone mean twice
            times = expressions.TextExpression(f"{bar.repeat_end + 1}×")
            times.placement = "above"
            elements.insert(-1, times)
        measure.append(elements)
        if bar.notes:
            add_beams(beamed, bar.duration, metre, self._missing(measure, bar, metre))

    def _add_lyrics(self, element: note.GeneralNote, lyrics: Sequence[str]) -> None:
        """Adds a syllable of each verse, with its position in its word."""
        for verse, syllable in enumerate(lyrics, 1):
            text = printable(plain(syllable))
            if not text:
                continue
            before, after = verse in self.in_word, joins_next(syllable)
            kind = "middle" if before and after else "end" if before else "begin" if after else "single"
            element.lyrics.append(note.Lyric(text, verse, applyRaw=True, syllabic=kind))
            (self.in_word.add if after else self.in_word.discard)(verse)

    def _missing(self, measure: stream.Measure, bar: Bar, metre: Metre | None) -> Fraction:
        """How much a pick-up lacks to a full bar, in whole notes."""
        if measure.number != 0 or metre is None:
            return Fraction(0)
        missing = max(metre.bar - bar.duration, Fraction(0))
        measure.paddingLeft = float(missing * 4)
        return missing

    def _note(self, written: Note, following: Note | None) -> list[note.GeneralNote]:
        """One note, or several tied ones if no single note value lasts as long."""
        tied_to_next = set(written.pitches) & set(following.pitches) if written.tie and following else set()
        values, actual, normal = note_values(written)
        pieces: list[note.GeneralNote] = []
        for index, value in enumerate(values):
            last = index == len(values) - 1
            piece = self._heads(written.pitches, tied_to_next if last else set(written.pitches))
            kind, dots = type_and_dots(value)
            piece.duration = durations.Duration(kind, dots=dots)  # faster than a length, from which music21 finds the type
            if actual != normal:
                tuplet = durations.Tuplet(actual, normal, piece.duration.type)
                if written.tuplet:
                    opens = written.tuplet.index == 0 and index == 0
                    closes = written.tuplet.index == written.tuplet.size - 1 and last
                    tuplet.type = "start" if opens and not closes else "stop" if closes and not opens else None
                piece.duration.appendTuplet(tuplet)
            pieces.append(piece)
        return pieces

    def _heads(self, pitches: Sequence[Pitch], tied_to_next: set[Pitch]) -> note.GeneralNote:
        heads = []
        for each in pitches:
            head = note.Note(self._pitch(each, tied=each in self.tied))
            kind = _TIES[each in self.tied, each in tied_to_next]
            if kind:
                head.tie = ties.Tie(kind)
            heads.append(head)
        self.tied = set(tied_to_next)
        return note.Rest() if not heads else heads[0] if len(heads) == 1 else chord.Chord(heads)

    def _pitch(self, written: Pitch, *, tied: bool) -> pitch.Pitch:
        # MusicXML counts the 8 of a clef as part of the pitch.
        found = pitch.Pitch(f"{written.letter}{written.octave + self.score.staff.octave_sign // 12}")
        staff_position = (written.letter, written.octave)
        differs = written.alter != self.altered.get(staff_position, self.signature[written.letter])
        shown = (differs or written.courtesy) and not tied
        if shown or written.alter:
            found.accidental = pitch.Accidental(_ACCIDENTALS[written.alter])
            found.accidental.displayStatus = shown
        if shown:
            self.altered[staff_position] = written.alter
        return found

    def _graces(self, pitches: Sequence[Pitch]) -> list[note.Note]:
        kind = "eighth" if len(pitches) == 1 else "16th"
        graces = []
        for index, each in enumerate(pitches):
            grace = note.Note(self._pitch(each, tied=False), type=kind).getGrace()
            if len(pitches) > 1:
                grace.beams.fill(kind, "start" if index == 0 else "stop" if index == len(pitches) - 1 else "continue")
            graces.append(grace)
        return graces

    def _slur(self, written: Note, pieces: Sequence[note.GeneralNote]) -> None:
        for _ in range(min(written.slurs_close, len(self.slurs))):
            self.spanners.append(spanner.Slur(self.slurs.pop(), pieces[-1]))
        if not written.rest:
            self.slurs += [pieces[0]] * written.slurs_open


def _set_ids(pieces: Sequence[note.GeneralNote], identifier: str) -> None:
    """Sets the id of a note's first piece, and numbered ids of the pieces tied to it. A chord has it at its lowest note."""
    for index, piece in enumerate(pieces):
        head = piece.notes[0] if isinstance(piece, chord.Chord) else piece
        head.id = f"{identifier}-{index}" if index else identifier


def _part_name(part: str) -> Music21Object:
    """The name of a part in a box: a letter above the bar line; a word from the first note on, to stay inside the margin."""
    if len(part) < 3:
        return expressions.RehearsalMark(part)
    words = expressions.TextExpression(part)
    words.placement, words.style.fontWeight, words.style.enclosure = "above", "bold", "rectangle"
    return words


def _clef(staff: Staff) -> clef.Clef:
    name, line, octave = re.fullmatch(r"([a-z]+)(\d?)([+-]8)?", staff.clef).groups()  # type: ignore[union-attr]
    sign = {"treble": "G", "bass": "F"}.get(name, "C")
    return clef.clefFromString(f"{sign}{line or LINES[name]}", {"+8": 1, "-8": -1}.get(octave, 0))


def _key(key: Key) -> keys.KeySignature:
    if not key.extra:
        return keys.Key(key.tonic.replace("b", "-"), key.mode.value)
    signature = keys.KeySignature(None)
    names = {-2: "--", -1: "-", 1: "#", 2: "##"}
    altered = [(letter, alter) for letter, alter in key.signature.items() if alter]
    altered.sort(key=lambda each: "FCGDAEB".index(each[0]))
    signature.alteredPitches = [pitch.Pitch(letter + names[alter]) for letter, alter in altered]
    return signature
