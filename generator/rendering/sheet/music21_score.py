"""Turns a written score into music21's object model, finished down to beams and accidentals.

music21 can work these out by itself, but takes several times as long for it and raises on bars that are too full;
here every measure is whole, and is exported as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import cast

from music21 import bar as barlines
from music21 import beam, chord, clef, expressions, instrument, layout, metadata, meter, note, pitch, spanner, stream
from music21 import duration as durations
from music21 import key as keys
from music21 import tempo as tempi
from music21 import tie as ties
from music21.base import Music21Object
from music21.stream.enums import ShowNumber
from music21.style import StreamStyle

from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.score import Bar, Note, Pitch, Score
from generator.notation.structure import metres
from generator.notation.tempo import tempo
from generator.rendering.display_text import composer, printable, rhythm_words
from generator.rendering.result import RenderingError
from generator.rendering.sheet.decorations import chord_symbol, decorate
from generator.rendering.sheet.layout import brackets, line_starts, numbers, part_names
from generator.user_messages import UserMessage

_ACCIDENTALS = {-2: "double-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_LINES = {"||": "double", "|]": "final"}
_TIES = {(False, False): "", (False, True): "start", (True, True): "continue", (True, False): "stop"}  # from before, on
_DOTS = (Fraction(7, 4), Fraction(3, 2), Fraction(1))
_LONGEST = Fraction(2)  # a breve

# What music21 found for a bar's rhythm: it takes as long over a bar's beams as over everything else in it, and bars are alike.
_BEAMS: dict[tuple[Metre, Fraction, tuple[tuple[float | Fraction, str, bool], ...]], list[beam.Beams | None]] = {}
_MOST_BEAMS = 4_096


def note_id(bar: int, note: int) -> str:
    """What a written note is called in MusicXML and in the sheet's SVG, by its places in the score and in its bar."""
    return f"b{bar}n{note}"


def to_music21(score: Score) -> stream.Score:
    """The score as written: repeats and endings as signs, four bars a line, nothing played out."""
    part = _Writer(score).part()
    whole = stream.Score()
    whole.metadata = metadata.Metadata(title=printable(score.title) or "Untitled")
    whole.metadata.movementName = whole.metadata.title
    whole.metadata.composer = composer(score) or " "  # music21 writes its own name into an empty place
    whole.insert(0, part)
    return whole


class _Writer:
    """Writes bar after bar, and remembers what runs across bar lines: the key, ties and slurs."""

    def __init__(self, score: Score) -> None:
        self.score = score
        self.signature = score.key.signature
        self.altered: dict[tuple[str, int], int] = {}  # accidentals in force until the bar line
        self.tied: set[Pitch] = set()  # pitches that sound on from the note before
        self.slurs: list[note.GeneralNote] = []  # where the open ones began
        self.spanners: list[spanner.Spanner] = []

    def part(self) -> stream.Part:
        score = self.score
        part = stream.Part(id="tune")
        flute = instrument.Flute()
        flute.partId, flute.instrumentId = "tune", "flute"
        part.insert(0, flute)
        style = cast(StreamStyle, part.style)
        style.printPartName = style.printPartAbbreviation = False
        self.following = [*list(score.notes())[1:], None]
        starts, in_force, named, parts = line_starts(score), metres(score), numbers(score), part_names(score)
        measures: list[stream.Measure] = []
        place = 0
        for index, bar in enumerate(score.bars):
            measure = stream.Measure(number=named[index])
            if named[index] == 0 or (index and named[index] == named[index - 1]):
                measure.showNumber = ShowNumber.NEVER
            if index in starts:
                measure.insert(0, layout.SystemLayout(isNew=True))
            self._signs(measure, bar, parts.get(index, ""), first=index == 0)
            self._notes(measure, index, in_force[index], place)
            place += len(bar.notes)
            measures.append(measure)
        for passes, first, last in brackets(score.bars):
            self.spanners.append(spanner.RepeatBracket(measures[first : last + 1], number=",".join(map(str, passes))))
        part.append(measures)
        for each in self.spanners:
            part.insert(0, each)
        return part

    def _signs(self, measure: stream.Measure, bar: Bar, part: str, *, first: bool) -> None:
        """What stands around a bar's notes."""
        if first:
            measure.clef = clef.TrebleClef()
            beat, count = tempo(self.score)
            referent = durations.Duration(float(beat * 4))
            if referent.type == "complex":  # no note lasts 5/8
                referent, count = durations.Duration(1), round(count * beat * 4)
            mark = tempi.MetronomeMark(number=count, referent=referent)
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
            measure.timeSignature = _time(metre)
        if part:
            measure.insert(0, _part_name(part))
        if bar.repeat_start:
            measure.leftBarline = barlines.Repeat(direction="start")
        if bar.repeat_end:
            measure.rightBarline = barlines.Repeat(direction="end", times=bar.repeat_end + 1 if bar.repeat_end > 1 else None)
        elif bar.line in _LINES:
            measure.rightBarline = barlines.Barline(_LINES[bar.line])

    def _notes(self, measure: stream.Measure, index: int, metre: Metre | None, place: int) -> None:
        bar = self.score.bars[index]
        self.altered = {}
        elements: list[Music21Object] = []
        beamed: list[note.GeneralNote] = []
        for offset, each in enumerate(bar.notes):
            if each.chord_symbol and printable(each.chord_symbol):
                elements.append(chord_symbol(printable(each.chord_symbol)))
            pieces = self._note(each, self.following[place + offset])
            if len(bar.notes) > 1 and isinstance(pieces[0], note.Rest):
                pieces[0].fullMeasure = False  # however long it is: verovio would give the bar's other notes no time
            _name(pieces, note_id(index, offset))
            elements += decorate(pieces[0], each.decorations)
            elements += self._graces(each.grace)
            elements += pieces
            beamed += pieces
            self._slur(each, pieces)
        if bar.repeat_end > 1 and elements:  # the dots alone say twice
            times = expressions.TextExpression(f"{bar.repeat_end + 1}×")
            times.placement = "above"
            elements.insert(-1, times)
        measure.append(elements)
        if bar.notes:
            _beam(beamed, bar.duration, metre, self._missing(measure, bar, metre))

    def _missing(self, measure: stream.Measure, bar: Bar, metre: Metre | None) -> Fraction:
        """How much of a bar, in whole notes, lies before a pick-up."""
        if measure.number != 0 or metre is None:
            return Fraction(0)
        missing = max(metre.bar - bar.duration, Fraction(0))
        measure.paddingLeft = float(missing * 4)
        return missing

    def _note(self, written: Note, following: Note | None) -> list[note.GeneralNote]:
        """One note, or several tied ones where no single note lasts so long."""
        tied_on = set(written.pitches) & set(following.pitches) if written.tie and following else set()
        lengths, actual, normal = _lengths(written)
        pieces: list[note.GeneralNote] = []
        for index, length in enumerate(lengths):
            last = index == len(lengths) - 1
            piece = self._heads(written.pitches, tied_on if last else set(written.pitches))
            kind, dots = _type(length)
            piece.duration = durations.Duration(kind, dots=dots)  # faster than a length, whose type is to be found
            if actual != normal:
                tuplet = durations.Tuplet(actual, normal, piece.duration.type)
                if written.tuplet:
                    opens = written.tuplet.index == 0 and index == 0
                    closes = written.tuplet.index == written.tuplet.size - 1 and last
                    tuplet.type = "start" if opens and not closes else "stop" if closes and not opens else None
                piece.duration.appendTuplet(tuplet)
            pieces.append(piece)
        return pieces

    def _heads(self, pitches: Sequence[Pitch], tied_on: set[Pitch]) -> note.GeneralNote:
        heads = []
        for each in pitches:
            head = note.Note(self._pitch(each, tied=each in self.tied))
            kind = _TIES[each in self.tied, each in tied_on]
            if kind:
                head.tie = ties.Tie(kind)
            heads.append(head)
        self.tied = set(tied_on)
        return note.Rest() if not heads else heads[0] if len(heads) == 1 else chord.Chord(heads)

    def _pitch(self, written: Pitch, *, tied: bool) -> pitch.Pitch:
        found = pitch.Pitch(f"{written.letter}{written.octave}")
        place = (written.letter, written.octave)
        shown = written.alter != self.altered.get(place, self.signature[written.letter]) and not tied
        if shown or written.alter:
            found.accidental = pitch.Accidental(_ACCIDENTALS[written.alter])
            found.accidental.displayStatus = shown
        if shown:
            self.altered[place] = written.alter
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


def _name(pieces: Sequence[note.GeneralNote], name: str) -> None:
    """Gives a note its id: its lowest head, and with a number what is tied on because no single note lasts so long."""
    for index, piece in enumerate(pieces):
        head = piece.notes[0] if isinstance(piece, chord.Chord) else piece
        head.id = f"{name}-{index}" if index else name


def _part_name(part: str) -> Music21Object:
    """In a box: a letter over the bar line, a word from the bar's first note on, or it would reach over the margin."""
    if len(part) < 3:
        return expressions.RehearsalMark(part)
    words = expressions.TextExpression(part)
    words.placement, words.style.fontWeight, words.style.enclosure = "above", "bold", "rectangle"
    return words


def piece_lengths(written: Note) -> list[Fraction]:
    """How long the tied pieces last that a note is written in, in whole notes."""
    lengths, actual, normal = _lengths(written)
    return [length * normal / actual for length in lengths]


def _lengths(written: Note) -> tuple[list[Fraction], int, int]:
    """The written lengths that make up a note, largest first, and the tuplet's ratio that they stand in."""
    actual, normal = (written.tuplet.actual, written.tuplet.normal) if written.tuplet else (1, 1)
    return _split(written.duration, actual, normal)


@lru_cache(maxsize=1_024)
def _split(duration: Fraction, actual: int, normal: int) -> tuple[list[Fraction], int, int]:
    odd = (duration * actual / normal).denominator
    while odd % 2 == 0:
        odd //= 2
    if odd > 1 and actual == normal:  # `A2/3` means a triplet's note too
        actual, normal = odd, 2 ** (odd.bit_length() - 1)
    rest = duration * actual / normal
    if rest.denominator & (rest.denominator - 1) or actual > 15:
        sentence = UserMessage(
            "No note lasts {length} of a whole note. Write the tuplet with a bracket, like (3abc.", length=duration
        )
        raise RenderingError(sentence)
    found = []
    while rest:
        base = _LONGEST
        while base > rest:
            base /= 2
        length = next(base * dots for dots in _DOTS if base * dots <= rest)
        found.append(length)
        rest -= length
    return found, actual, normal


@lru_cache(maxsize=256)
def _type(length: Fraction) -> tuple[str, int]:
    """What music21 calls a written length: a type and a number of dots."""
    found = durations.Duration(float(length * 4))
    return found.type, found.dots


def _key(key: Key) -> keys.KeySignature:
    if not key.extra:
        return keys.Key(key.tonic.replace("b", "-"), key.mode.value)
    signature = keys.KeySignature(None)
    names = {-2: "--", -1: "-", 1: "#", 2: "##"}
    altered = [(letter, alter) for letter, alter in key.signature.items() if alter]
    altered.sort(key=lambda each: "FCGDAEB".index(each[0]))
    signature.alteredPitches = [pitch.Pitch(letter + names[alter]) for letter, alter in altered]
    return signature


def _time(metre: Metre) -> meter.TimeSignature:
    return meter.TimeSignature(str(metre))


def _beam(notes: list[note.GeneralNote], length: Fraction, metre: Metre | None, before: Fraction) -> None:
    """Joins notes by beams as the metre groups them; a reel's eighth notes by fours."""
    metre = metre or Metre(4, 4)
    if length > metre.bar:
        metre = Metre(ceil(length * metre.unit), metre.unit)
    rhythm = (metre, before, tuple((each.duration.quarterLength, each.duration.type, each.isRest) for each in notes))
    if rhythm not in _BEAMS:
        time = _time(metre)
        if metre == Metre(4, 4):
            time.beamSequence.load("2/4+2/4")
        if len(_BEAMS) >= _MOST_BEAMS:
            _BEAMS.clear()
        _BEAMS[rhythm] = time.getBeams(notes, measureStartOffset=float(before * 4))
    for each, beams in zip(notes, _BEAMS[rhythm], strict=True):
        if beams is not None and isinstance(each, note.NotRest):
            each.beams = beams
