"""MusicXML, read back by music21."""

import re
from dataclasses import replace
from fractions import Fraction
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from music21 import bar, converter, expressions, harmony, layout, meter, note, spanner, stream, tempo
from music21 import key as keys

from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.reader import read
from generator.notation.score import Bar, Note, Pitch, Score
from generator.notation.writer import write
from generator.rendering.result import RenderingError
from generator.rendering.sheet.musicxml import write_musicxml
from tests.generator.notation.scores import scores
from tests.generator.rendering.tunes import ALL, JIG, REEL

Heads = list[tuple[tuple[int, ...], Fraction]]


def _parse(score: Score) -> stream.Part:
    parsed = converter.parseData(write_musicxml(score), format="musicxml")
    assert isinstance(parsed, stream.Score)
    (part,) = parsed.parts
    return part


def _measures(part: stream.Part) -> list[stream.Measure]:
    return list(part.getElementsByClass(stream.Measure))


def _heads(elements: list[note.GeneralNote]) -> Heads:
    """Pitches and durations in whole notes, with ties joined and without grace notes and chord symbols."""
    found: Heads = []
    held: set[int] = set()
    for element in elements:
        if element.duration.isGrace or isinstance(element, harmony.Harmony):
            continue
        pitches = tuple(sorted(pitch.midi for pitch in element.pitches))
        length = Fraction(element.duration.quarterLength) / 4
        heads = element.notes if hasattr(element, "notes") else (element,)
        ties = {each.pitch.midi: each.tie.type for each in heads if isinstance(each, note.Note) and each.tie}
        if pitches and all(ties.get(pitch) in ("stop", "continue") and pitch in held for pitch in pitches):
            found[-1] = (found[-1][0], found[-1][1] + length)
        else:
            found.append((pitches, length))
        held = {pitch for pitch, kind in ties.items() if kind in ("start", "continue")}
    return found


def _written(score: Score) -> Heads:
    found: Heads = []
    tied = False
    for each in score.notes():
        pitches = tuple(sorted(pitch.midi for pitch in each.pitches))
        if tied and found and found[-1][0] == pitches and pitches:
            found[-1] = (pitches, found[-1][1] + each.duration)
        else:
            found.append((pitches, each.duration))
        tied = each.tie
    return found


@pytest.mark.parametrize("name", ALL)
def test_pitches_and_durations_are_those_of_the_score(name: str) -> None:
    score = read(ALL[name])
    elements = [each for measure in _measures(_parse(score)) for each in measure.notesAndRests]
    assert _heads(elements) == _written(score)


def test_bar_one_is_the_bar_after_the_pick_up() -> None:
    measures = _measures(_parse(read(JIG)))
    assert [measure.number for measure in measures[:3]] == [0, 1, 2]
    assert b'implicit="yes" number="0"' in write_musicxml(read(JIG))


def test_the_halves_of_a_bar_that_a_repeat_divides_share_a_number() -> None:
    measures = _measures(_parse(read("X:1\nM:6/8\nL:1/8\nK:G\nD|GAB c3|d3 d2:|B|c3 d3|e3 e2:|\n")))
    assert [measure.number for measure in measures] == [0, 1, 2, 2, 3, 4]


def test_repeats_and_endings_are_where_they_are_written() -> None:
    part = _parse(read(JIG))
    measures = _measures(part)
    starts = [m.number for m in measures if isinstance(m.leftBarline, bar.Repeat)]
    ends = [m.number for m in measures if isinstance(m.rightBarline, bar.Repeat)]
    assert (starts, ends) == ([1, 10], [8, 17])
    brackets = [(each.number, [m.number for m in each]) for each in part.recurse().getElementsByClass(spanner.RepeatBracket)]
    assert brackets == [("1", [8]), ("2", [9]), ("1", [17]), ("2", [18])]
    assert measures[-1].rightBarline is not None and measures[-1].rightBarline.type == "final"


def test_key_mode_metre_tempo_and_title_and_their_changes_are_written() -> None:
    part = _parse(read(REEL))
    found = [(each.tonic.name, each.mode) for each in part.recurse().getElementsByClass(keys.Key)]
    assert found == [("A", "dorian"), ("E", "minor")]
    assert [each.ratioString for each in part.recurse().getElementsByClass(meter.TimeSignature)] == ["4/4", "6/8", "3/4"]
    (mark,) = part.recurse().getElementsByClass(tempo.MetronomeMark)
    assert (mark.number, mark.referent.type) == (104, "half")
    parsed = converter.parseData(write_musicxml(read(REEL)), format="musicxml")
    assert parsed.metadata.bestTitle == "Everything"


def test_the_words_of_the_tempo_are_written() -> None:
    text = write_musicxml(read('X:1\nQ:"Slow air" 1/4=60\nM:4/4\nK:D\nd8|]\n')).decode()
    assert re.findall("<(words|per-minute)[^>]*>([^<]+)", text) == [("per-minute", "60"), ("words", "Slow air")]


@pytest.mark.parametrize(
    ("written", "symbol"), [("C|", ' symbol="cut"'), ("C", ' symbol="common"'), ("2/2", ""), ("4/4", ""), ("2", "")]
)
def test_common_and_cut_time_have_their_signs(written: str, symbol: str) -> None:
    text = write_musicxml(read(f"X:1\nM:{written}\nL:1/8\nK:D\nd8|\n[M:6/8]d6|\n[M:{written}]d8|]\n")).decode()
    assert re.findall(r"<time([^>]*)>", text) == [symbol, "", symbol]


def test_accidentals_are_shown_once_in_a_bar_and_where_they_differ_from_the_key_signature() -> None:
    text = "X:1\nM:4/4\nL:1/4\nK:G\n^c c f =f|c f ^f F|\n"
    shown = [each.pitch.accidental is not None and bool(each.pitch.accidental.displayStatus) for each in _notes(text)]
    assert shown == [True, False, False, True, False, False, True, False], "the last sign is not needed, but written"
    assert [each.pitch.midi for each in _notes(text)] == [73, 73, 78, 77, 72, 78, 78, 66]


@given(scores())
@settings(max_examples=25, deadline=None)
def test_a_sheet_made_again_from_the_written_abc_shows_the_same_accidentals(score: Score) -> None:
    try:
        sheet = write_musicxml(score)
    except RenderingError:  # no note value lasts as long
        return
    assert _accidentals(write_musicxml(read(write(score)))) == _accidentals(sheet)


def _accidentals(musicxml: bytes) -> list[str]:
    return re.findall("<step>.|<accidental>[^<]+|<measure", musicxml.decode())


@pytest.mark.parametrize(
    ("field", "clef", "transposition"),
    [
        ("", ("G", "2", None), []), ("alto", ("C", "3", None), []), ("bass", ("F", "4", None), []),
        ("alto1", ("C", "1", None), []),
        ("treble-8", ("G", "2", "-1"), []), ("transpose=-2", ("G", "2", None), [("-1", "-2")]),
    ],
)  # fmt: skip
def test_clef_and_transposition_are_written(
    field: str, clef: tuple[str, str, str | None], transposition: list[tuple[str, str]]
) -> None:
    root = ElementTree.fromstring(write_musicxml(read(f"X:1\nM:2/4\nL:1/8\nK:D {field}\nd4|D4|\n")))
    (found,) = root.iter("clef")
    assert (found.findtext("sign"), found.findtext("line"), found.findtext("clef-octave-change")) == clef
    assert [(each.findtext("diatonic"), each.findtext("chromatic")) for each in root.iter("transpose")] == transposition
    octave = int(clef[2] or 0)  # MusicXML counts it as part of the pitch
    assert [each.findtext("octave") for each in root.iter("pitch")] == [str(5 + octave), str(4 + octave)]


VOICES = (
    "X:1\nM:2/4\nL:1/8\nK:D\nV:1\n|:D2A2|1d4:|2f4|]\nw:mer-ry day night\nw:* * two\nV:2 clef=bass octave=-1\n|:D4|1[DF]4:|2D4|]\n"
)


def test_each_voice_has_a_part_with_its_clef_and_notes() -> None:
    parsed = converter.parseData(write_musicxml(read(VOICES, all_voices=True)), format="musicxml")
    found = [[pitch.midi for each in part.recurse().notes for pitch in each.pitches] for part in parsed.parts]
    assert found == [[62, 69, 74, 78], [50, 50, 54, 50]]
    assert [each.sign for part in parsed.parts for each in part.recurse().getElementsByClass("Clef")] == ["G", "F"]
    (group,) = parsed.getElementsByClass(layout.StaffGroup)
    assert (group.symbol, len(group)) == ("bracket", 2)


def test_syllables_are_written_with_their_verse_and_position_in_the_word() -> None:
    text = write_musicxml(read(VOICES, all_voices=True)).decode()
    lyrics = re.findall(r'<lyric[^>]*number="(\d)"[^>]*>\s*<syllabic>(\w+)</syllabic>\s*<text>([^<]+)', text)
    assert lyrics == [
        ("1", "begin", "mer"),
        ("1", "end", "ry"),
        ("1", "single", "day"),
        ("2", "single", "two"),
        ("1", "single", "night"),
    ]


def test_an_invisible_rest_takes_time_and_is_not_printed() -> None:
    text = write_musicxml(read("X:1\nM:4/4\nL:1/4\nK:D\nd x z d|x4|X|]\n")).decode()
    rests = [block for block in re.findall("<note[^>]*>.*?</note>", text, re.DOTALL) if "<rest" in block]
    assert ['print-object="no"' in rest for rest in rests] == [True, False, True, True]


def _notes(text: str) -> list[note.Note]:
    return list(_parse(read(text)).recurse().getElementsByClass(note.Note))


def test_a_key_keeps_its_extra_accidentals() -> None:
    (signature,) = _parse(read("X:1\nM:4/4\nK:D ^g\nG8|\n")).recurse().getElementsByClass(keys.KeySignature)
    assert sorted(pitch.name for pitch in signature.alteredPitches) == ["C#", "F#", "G#"]


def test_ornaments_chord_symbols_slurs_and_grace_notes_are_written() -> None:
    part = _parse(read(REEL))
    assert len(list(part.recurse().getElementsByClass(spanner.Slur))) == 1
    (chord,) = part.recurse().getElementsByClass(harmony.ChordSymbol)
    assert chord.figure == "Am"
    notes = list(part.recurse().getElementsByClass(note.Note))
    assert sum(each.duration.isGrace for each in notes) == 3
    assert [type(mark) for each in notes for mark in each.expressions] == [expressions.Turn]
    assert [mark.name for each in notes for mark in each.articulations] == ["staccato"]


def test_chord_symbols_of_any_kind_keep_root_bass_and_text() -> None:
    body = " ".join(f'"{text}"C' for text in ("F#m7b5", "D7sus4", "Bbmaj7/D", "G13", "Eb"))
    chords = list(_parse(read(f"X:1\nM:5/4\nL:1/4\nK:C\n{body}|\n")).recurse().getElementsByClass(harmony.ChordSymbol))
    assert [chord.root().name for chord in chords] == ["F#", "D", "B-", "G", "E-"]
    assert [chord.chordKindStr for chord in chords] == ["m7♭5", "7sus4", "maj7", "13", ""]
    assert chords[2].bass().name == "D"


def test_a_tempo_whose_beat_is_no_note_value_is_written_in_quarter_notes() -> None:
    (mark,) = _parse(read("X:1\nQ:5/8=60\nM:5/8\nK:C\nCDEFG|\n")).recurse().getElementsByClass(tempo.MetronomeMark)
    assert (mark.number, mark.referent.type) == (150, "quarter")


def test_bars_of_the_same_rhythm_are_beamed_alike_and_by_their_metre() -> None:
    def beams(metre: str) -> list[str]:
        notes = _notes(f"X:1\nM:{metre}\nL:1/8\nK:C\nCDEFGA|CDEFGA|\n")
        return [
            "".join(each.beams.getTypes()[0][:2] if each.beams else "-" for each in notes[start : start + 6]) for start in (0, 6)
        ]

    assert beams("6/8") == ["stcost" * 2] * 2
    assert beams("3/4") != beams("6/8")
    assert beams("3/4")[0] == beams("3/4")[1]


def test_words_in_place_of_a_chord_symbol_are_written_as_words() -> None:
    half = Note((Pitch("C", 4),), Fraction(1, 2))
    bar = Bar((replace(half, chord_symbol="slowly"), replace(half, chord_symbol="Bb7")))
    part = _parse(Score((bar,), Key("C"), Metre(4, 4)))
    assert "slowly" in [each.content for each in part.recurse().getElementsByClass(expressions.TextExpression)]
    (chord,) = part.recurse().getElementsByClass(harmony.ChordSymbol)
    assert (chord.root().name, chord.chordKind) == ("B-", "dominant-seventh")


def test_bars_that_are_too_long_or_short_are_written_unchanged() -> None:
    measures = _measures(_parse(read("X:1\nM:4/4\nL:1/8\nK:C\nCDEFGABcd|C2|CDEFGABc|\n")))
    assert [measure.duration.quarterLength for measure in measures] == [4.5, 1.0, 4.0]


def test_writing_a_score_twice_gives_the_same_notes() -> None:
    first, second = (_heads(list(_parse(read(REEL)).recurse().notesAndRests)) for _ in range(2))
    assert first == second
