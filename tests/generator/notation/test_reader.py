"""Each thing of ABC that the reader claims to know, and any text at all."""

from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.reader import read, split_tunes
from generator.notation.writer import write

EIGHTH = Fraction(1, 8)
TUNE = """X:7
T:The Paper Kettle
R:jig
Q:3/8=112
M:6/8
L:1/8
K:Edor
E|:"Em"~B2A (3Bcd {c}B>A|G<E.F [Ge]2z-|1 D3-D2E:|2 D6|]
"""


def midi(music: str, header: str = "M:none\nL:1/8\nK:C\n") -> list[list[int]]:
    return [[pitch.midi for pitch in note.pitches] for note in read(header + music).notes()]


def lengths(music: str, header: str = "M:none\nL:1/8\nK:C\n") -> list[Fraction]:
    return [note.duration / EIGHTH for note in read(header + music).notes()]


def marks(music: str) -> list[tuple[bool, int, tuple[int, ...], str]]:
    return [(bar.repeat_start, bar.repeat_end, bar.endings, bar.line) for bar in read("M:2/4\nL:1/8\nK:C\n" + music).bars]


def refused(text: str) -> NotationError:
    with pytest.raises(NotationError) as caught:
        read(text)
    return caught.value


def test_header():
    score = read(TUNE)
    assert (score.reference, score.title, score.rhythm) == (7, "The Paper Kettle", "jig")
    assert (score.metre, score.unit, score.key) == (Metre(6, 8), EIGHTH, Key.parse("Edor"))
    assert score.tempo == (Fraction(3, 8), 112)


def test_octaves():
    assert midi("C,,C,Ccc'c''") == [[36], [48], [60], [72], [84], [96]]


def test_an_accidental_holds_to_the_bar_line_in_every_octave():
    assert midi("^F F f F|F") == [[66], [66], [78], [66], [65]]
    assert midi("^^F _F =F __F F") == [[67], [64], [65], [63], [63]]


def test_a_key_signature_alters_every_octave_and_a_natural_lifts_it():
    assert midi("F f =F F|F", "L:1/8\nK:D\n") == [[66], [78], [65], [65], [66]]


def test_accidentals_of_the_key_field_join_or_replace_the_signature():
    assert midi("FCGB", "L:1/8\nK:D ^g _b\n") == [[66], [61], [68], [70]]
    assert midi("FCGB", "L:1/8\nK:D exp _b\n") == [[65], [60], [67], [70]]


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("M:4/4\n", "1/8"), ("M:6/8\n", "1/8"), ("M:3/4\n", "1/8"), ("M:2/4\n", "1/16"), ("M:C|\n", "1/8"), ("M:3/8\n", "1/16"),
        ("M:none\n", "1/8"), ("", "1/8"), ("M:2/4\nL:1/8\n", "1/8"), ("L:1/4\n", "1/4"), ("L:1\n", "1"),
    ],
)  # fmt: skip
def test_unit_note_length(header, unit):
    score = read(header + "K:C\nA|")
    assert score.unit == next(score.notes()).duration == Fraction(unit)


def test_a_metre_handed_in_holds_where_the_text_names_none_and_leaves_the_unit_alone():
    score = read("A2 BA|", metre=Metre(2, 4), key=Key("G"))
    assert (score.metre, score.unit, score.key) == (Metre(2, 4), EIGHTH, Key("G"))
    assert read("M:6/8\nK:D\nABc", metre=Metre(2, 4), key=Key("G")).metre == Metre(6, 8)


def test_fields_between_the_key_and_the_first_note_belong_to_the_header():
    score = read("X:1\nK:D\nM:2/4\nK:G\nAB|")
    assert (score.metre, score.key, score.unit, score.bars[0].metre, score.bars[0].key) == (
        Metre(2, 4), Key("G"), Fraction(1, 16), None, None,
    )  # fmt: skip


def test_note_lengths():
    assert lengths("A A2 A/ A// A3/2 A3/ A/4 A12") == [
        1, 2, Fraction(1, 2), Fraction(1, 4), Fraction(3, 2), Fraction(3, 2), Fraction(1, 4), 12,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sign", "first", "second"),
    [
        (">", "3/2", "1/2"),
        (">>", "7/4", "1/4"),
        (">>>", "15/8", "1/8"),
        ("<", "1/2", "3/2"),
        ("<<", "1/4", "7/4"),
        ("<<<", "1/8", "15/8"),
    ],
)
def test_broken_rhythm(sign, first, second):
    assert lengths(f"A{sign}B c") == [Fraction(first), Fraction(second), 1]
    assert lengths(f"A2 {sign} B2") == [2 * Fraction(first), 2 * Fraction(second)]


def test_broken_rhythm_in_a_chain_with_rests_and_chords():
    assert lengths("A>B>c") == [Fraction(3, 2), Fraction(3, 4), Fraction(1, 2)]
    assert lengths("z>[CE]") == [Fraction(3, 2), Fraction(1, 2)]


@pytest.mark.parametrize("music", ["A>>>>B", ">AB", "|>AB", "A> >B", "A>" + " >" * 500])
def test_broken_rhythm_that_makes_no_sense_is_refused(music):
    assert refused("K:C\n" + music).line == 2


@pytest.mark.parametrize(
    ("music", "metre", "share"),
    [
        ("(3ABc", "4/4", "2/3"), ("(2AB", "6/8", "3/2"),
        ("(4ABcd", "6/8", "3/4"), ("(5ABcde", "4/4", "2/5"), ("(5ABcde", "6/8", "3/5"),
        ("(6ABcdef", "4/4", "1/3"), ("(7ABcdefg", "6/8", "3/7"), ("(3:4ABc", "4/4", "4/3"), ("(3:2:4ABcd", "4/4", "2/3"),
        ("(3::2AB", "4/4", "2/3"), ("(3:2AzB", "4/4", "2/3"),
    ],
)  # fmt: skip
def test_tuplets(music, metre, share):
    notes = list(read(f"M:{metre}\nL:1/8\nK:C\n{music}A|").notes())
    *inside, after = notes
    assert {note.duration / EIGHTH for note in inside} == {Fraction(share)}
    assert [note.tuplet.index for note in inside] == list(range(len(inside)))
    assert (after.duration, after.tuplet) == (EIGHTH, None)


@pytest.mark.parametrize(("metre", "time"), [("6/8", 3), ("9/8", 3), ("12/8", 3), ("4/4", 2), ("C|", 2), ("3/4", 2), ("3/8", 2)])
def test_a_tuplet_s_time_where_it_names_none_depends_on_the_metre_for_five_seven_and_nine(metre, time):
    for count, normal in {2: 3, 3: 2, 4: 3, 5: time, 6: 2, 7: time, 8: 3, 9: time}.items():
        first = next(read(f"M:{metre}\nL:1/8\nK:C\n({count}{'A' * count}|").notes())
        assert (first.tuplet.actual, first.tuplet.normal, first.tuplet.size) == (count, normal, count)


@pytest.mark.parametrize(
    ("text", "actual", "normal", "size"), [("(3::", 3, 2, 3), ("(5:4", 5, 4, 5), ("(5:4:", 5, 4, 5), ("(3::4", 3, 2, 4)]
)
def test_a_tuplet_s_numbers_may_be_left_out_one_by_one(text, actual, normal, size):
    tuplet = next(read(f"M:4/4\nL:1/8\nK:C\n{text}ABcde|").notes()).tuplet
    assert (tuplet.actual, tuplet.normal, tuplet.size) == (actual, normal, size)


def test_a_tuplet_may_hold_uneven_notes():
    assert lengths("(3A2Bc") == [Fraction(4, 3), Fraction(2, 3), Fraction(2, 3)]
    assert lengths("(3A>Bc") == [1, Fraction(1, 3), Fraction(2, 3)]


def test_an_unfinished_tuplet_is_noticed():
    assert any("tuplet" in notice for notice in read("K:C\n(3AB").notices)


def test_grace_notes_take_no_time_and_keep_their_pitch():
    note = next(read("K:D\n{/gf}A2|").notes())
    assert [pitch.midi for pitch in note.grace] == [79, 78]
    assert note.duration == Fraction(1, 4)


def test_decorations_stand_with_the_note_that_follows():
    notes = list(read('K:C\n~A .B !trill!c +accent+d Te uf vg "Am"A "^above"B').notes())
    assert [note.decorations for note in notes] == [
        ("roll",), ("staccato",), ("trill",), ("accent",), ("trill",), ("upbow",), ("downbow",), (), (),
    ]  # fmt: skip
    assert [note.chord_symbol for note in notes[-2:]] == ["Am", None]


@pytest.mark.parametrize(
    ("sign", "name"),
    [
        (".", "staccato"), ("~", "roll"), ("H", "fermata"), ("L", "accent"), ("M", "lowermordent"), ("O", "coda"),
        ("P", "uppermordent"), ("S", "segno"), ("T", "trill"), ("u", "upbow"), ("v", "downbow"),
        ("!turn!", "turn"), ("+turn+", "turn"), ("!4!", "4"), ("!>!", ">"), ("!D.C.!", "D.C."), ("!crescendo(!", "crescendo("),
    ],
)  # fmt: skip
def test_each_decoration_is_read_and_written(sign, name):
    score = read(f"K:C\nA {sign}B2 c|")
    assert [note.decorations for note in score.notes()] == [(), (name,), ()]
    assert read(write(score)) == score


@pytest.mark.parametrize(
    ("quoted", "symbol"),
    [
        ("G", "G"), ("Am", "Am"), ("F#m7", "F#m7"), ("Bb", "Bb"), ("D/F#", "D/F#"), ("Gsus4", "Gsus4"), ("(Em)", "Em"),
        ("^slow", None), ("_pp", None), ("<(", None), (">)", None), ("@3,4 here", None), ("2nd time", None), ("", None),
        ("a | b :| [K:G] !x!", None),
    ],
)  # fmt: skip
def test_quoted_text_is_a_chord_symbol_or_an_annotation_which_is_left_out(quoted, symbol):
    first, second = read(f'K:C\nA"{quoted}"B|').notes()
    assert (first.chord_symbol, second.chord_symbol) == (None, symbol)


def test_chords_lie_lowest_first_with_their_first_length():
    assert midi("[eCG]") == [[60, 67, 76]]
    assert lengths("[C2E2]2 [CE]/ [CE]3") == [4, Fraction(1, 2), 3]
    assert midi("[CCC]") == [[60]]


def test_rests_and_quoted_text_in_a_chord_hang_on_its_notes():
    assert midi("[C2z2] [zE]") == [[60], [64]]
    (note,) = read('K:C\n["Am"CE]2|').notes()
    assert (note.chord_symbol, len(note.pitches)) == ("Am", 2)
    assert "empty" in refused("K:C\n[z]|").reason


def test_two_spellings_of_one_pitch_in_a_chord_have_one_order():
    assert [str(pitch) for pitch in next(read("K:C\n[c^B]").notes()).pitches] == ["B#4", "C5"]


def test_rests():
    assert midi("z2 A x") == [[], [69], []]
    score = read("M:3/4\nL:1/8\nK:C\nA6|Z2|B6|")
    assert [bar.duration for bar in score.bars] == [Fraction(3, 4)] * 4
    assert [note.rest for note in score.notes()] == [False, True, True, False]


def test_rests_of_whole_bars_follow_the_metre():
    score = read("M:6/8\nL:1/8\nK:C\nZ|A6|Z3|[M:2/4]Z|X|")
    assert [bar.duration for bar in score.bars] == [Fraction(3, 4)] * 5 + [Fraction(1, 2)] * 2
    assert [note.rest for note in score.notes()] == [True, False, True, True, True, True, True]


def test_space_is_no_music():
    assert lengths("A y B y4 c ` d\xa0e") == [1] * 5


@pytest.mark.parametrize("music", ["(AB", "AB)", "((AB)c", "(A(B)c"])
def test_slurs_that_do_not_pair_are_read_with_a_notice(music):
    score = read(f"K:C\n{music}|")
    assert len(list(score.notes())) == music.count("A") + music.count("B") + music.count("c")
    assert any("slurs" in notice for notice in score.notices)
    assert read("K:C\n(AB|cd) (e(f)g)|").notices == ()


def test_ties_and_slurs():
    notes = list(read("K:C\nA-A (Bc) [C-E-][CE] z-|").notes())
    assert [note.tie for note in notes] == [True, False, False, False, True, False, False]
    assert (notes[2].slurs_open, notes[3].slurs_close) == (1, 1)


def test_a_pick_up_is_a_bar_of_its_own():
    score = read("M:6/8\nL:1/8\nK:C\nA|B3c3|")
    assert [bar.duration for bar in score.bars] == [EIGHTH, Fraction(3, 4)]


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("A4|B4|", [(False, 0, (), "|"), (False, 0, (), "|")]),
        ("|:A4|B4:|", [(True, 0, (), "|"), (False, 1, (), "|")]),
        ("A4:|B4:|", [(False, 1, (), "|"), (False, 1, (), "|")]),
        ("A4::B4", [(False, 1, (), "|"), (True, 0, (), "")]),
        ("A4:|:B4", [(False, 1, (), "|"), (True, 0, (), "")]),
        ("A4:||:B4", [(False, 1, (), "||"), (True, 0, (), "")]),
        ("A4:|\n|:B4:|", [(False, 1, (), "|"), (True, 1, (), "|")]),
        ("A4::|", [(False, 2, (), "|")]),
        ("|::A4::|", [(True, 2, (), "|")]),
        ("A4:", [(False, 1, (), "|")]),
        ("A4||\\\n:B4:|", [(False, 0, (), "||"), (True, 1, (), "|")]),
        ("A4||B4|]", [(False, 0, (), "||"), (False, 0, (), "|]")]),
        ("[|A4[|B4", [(False, 0, (), "||"), (False, 0, (), "")]),
        ("A4:|]", [(False, 1, (), "|]")]),
        ("A4|1B4:|2C4||", [(False, 0, (), "|"), (False, 1, (1,), "|"), (False, 0, (2,), "||")]),
        ("A4|[1B4:|[2C4|]", [(False, 0, (), "|"), (False, 1, (1,), "|"), (False, 0, (2,), "|]")]),
        ("A4|[1,3B4:|[2C4|", [(False, 0, (), "|"), (False, 1, (1, 3), "|"), (False, 0, (2,), "|")]),
        ("A4|1-3 B4:|4 C4|", [(False, 0, (), "|"), (False, 1, (1, 2, 3), "|"), (False, 0, (4,), "|")]),
        ("A4| [1 B4:| [2 C4|", [(False, 0, (), "|"), (False, 1, (1,), "|"), (False, 0, (2,), "|")]),
        ("A4 .| B4 |", [(False, 0, (), "|"), (False, 0, (), "|")]),
        ("A4||:B4:||", [(False, 0, (), "||"), (True, 1, (), "||")]),
        ("A4|]|:B4:|]", [(False, 0, (), "|]"), (True, 1, (), "|]")]),
        ("[|:A4:|]", [(True, 1, (), "|]")]),
        ("A4:|||:B4:|", [(False, 1, (), "||"), (True, 1, (), "|")]),
        ("A4 :|: B4 :|", [(False, 1, (), "|"), (True, 1, (), "|")]),
        ("A4|1,3B4:|2,4C4:|", [(False, 0, (), "|"), (False, 1, (1, 3), "|"), (False, 1, (2, 4), "|")]),
        ("A4|[1-2,4B4:|[3C4|]", [(False, 0, (), "|"), (False, 1, (1, 2, 4), "|"), (False, 0, (3,), "|]")]),
        ("A4|1B4:|\n[2C4|]", [(False, 0, (), "|"), (False, 1, (1,), "|"), (False, 0, (2,), "|]")]),
    ],
)
def test_bar_lines_repeats_and_endings(music, expected):
    assert marks(music) == expected


@pytest.mark.parametrize("music", ["A:::::|", "A" + ":" * 3000, "A|12 B", "A|[1-40 B"])
def test_repeats_beyond_sense_are_refused(music):
    assert "." in refused("K:C\n" + music).reason


def test_inline_fields():
    score = read("M:4/4\nL:1/8\nK:C\nF8|[K:D]F8|[M:6/8]F6|[L:1/16]F12|[P:B]F12|")
    assert [note.pitches[0].midi for note in score.notes()] == [65, 66, 66, 66, 66]
    assert [bar.key for bar in score.bars] == [None, Key("D"), None, None, None]
    assert [bar.metre for bar in score.bars] == [None, None, Metre(6, 8), None, None]
    assert [bar.duration for bar in score.bars] == [1, 1, Fraction(3, 4), Fraction(3, 4), Fraction(3, 4)]
    assert score.bars[4].part == "B"


def test_fields_between_lines_of_music():
    score = read("M:4/4\nL:1/8\nK:C\nF8|\nK:D\nM:3/4\nP:B\nF6|\nw:some words\nF6|")
    assert [note.pitches[0].midi for note in score.notes()] == [65, 66, 66]
    assert (score.bars[1].metre, score.bars[1].part) == (Metre(3, 4), "B")


def test_lines_that_are_no_music_are_passed_over():
    plain = read("X:1\nM:2/4\nL:1/8\nK:C\nA2B2|c4|")
    dressed = read(
        "%%abc-version 2.1\nX:1\nT:No words % at all\nM:2/4\nL:1/8\nN:a note\n+:and more of it\nK:C\n%%staves 1\n"
        "A2B2| % a comment with | and [\n% c2c2|\nw:la la\nW:la\nr:remark\nc4|"
    )
    assert dressed.bars == plain.bars
    assert dressed.title == "No words"


@pytest.mark.parametrize(
    "line",
    [
        "w:la la |: [ (", "W:la", "s:*!ff!*", "H:long ago", "N:x", "r:y", "U:T=!trill!", "m:~n2=n", "I:linebreak $", "%%text [",
        "%", "+:more", "O:Leitrim", "Z:me", "V:1", "Q:1/4=90", "T:Part two", "R:jig", "[r:remark]", "[N:x]", "[U:T=x]", "[I:y]",
    ],
)  # fmt: skip
def test_a_line_in_the_body_that_is_no_music_loses_nothing_of_what_follows(line):
    header = "M:2/4\nL:1/8\nK:C\n"
    score = read(f"{header}A2(B2|\n{line}\nc2) d2:|\ne4|")
    assert score.bars == read(f"{header}A2(B2|\nc2) d2:|\ne4|").bars
    assert (len(score.bars), score.notices) == (3, ())


@pytest.mark.parametrize("end", ["\r\n", "\r", "\\\n", "!\n", "$\n", " \n\t"])
def test_ends_of_lines(end):
    assert read(TUNE.replace("|G<E", f"|{end}G<E")).bars == read(TUNE).bars
    assert read("M:2/4\nL:1/8\nK:C\nA2".replace("\n", "\r\n") + end + "B2|").bars == read("M:2/4\nL:1/8\nK:C\nA2B2|").bars


def test_a_blank_line_or_another_number_ends_the_tune():
    assert len(read("X:1\nK:C\nA|\n\nB|").bars) == 1
    assert len(read("X:1\nK:C\nA|\nX:2\nK:C\nB|").bars) == 1
    assert len(read("K:C\nA|\nX:2\nK:C\nB|").bars) == 1


def test_only_the_first_voice_is_read():
    score = read("X:1\nK:C\nV:1\nA|\nV:2\nB|\nV:1\nc|")
    assert [note.pitches[0].letter for note in score.notes()] == ["A", "C"]
    assert score.notices == ("Only the first voice was read.",)


def test_a_second_voice_in_a_bar_is_left_out():
    assert midi("A & B|c") == [[69], [72]]


def test_a_percent_sign_may_be_escaped_in_a_title():
    assert read("T:100\\% Wool\nK:C\nA").title == "100% Wool"


def test_splits_a_collection():
    assert [read(text).title for text in split_tunes("junk\nX:1\nT:one\nK:C\nA|\n\nX:2\nT:two\nK:C\nB|\n")] == ["one", "two"]


@pytest.mark.parametrize(
    ("text", "line", "column", "piece"),
    [
        ("X:1\nK:C\nAB|c ] d|", 3, 6, "]"),
        ("X:1\nK:C\nAB|\nc2d [ceg f|", 4, 5, "[ceg f|"),
        ("X:1\nM:five\nK:C\nA", 2, 3, "five"),
        ("X:1\nK:H\nA", 2, 3, "H"),
        ("L:1/3\nK:C\nA", 1, 3, "1/3"),
        ("K:C\nAB ^|", 2, 4, "^"),
        ("K:C\n{AB", 2, 1, "{AB"),
        ('K:C\nA"Am', 2, 2, '"Am'),
        ("K:C\nA [K:nonsense]B", 2, 6, "nonsense"),
        ("K:C\n  A0", 2, 4, "0"),
        ("X:1\r\nK:C\r\nw:la\r\nAB (3c]", 4, 7, "]"),
        ("K:C\nAB|\\\nw:la ]\ncd ^z", 4, 4, "^"),
        ('K:C\n"Am"A [M:6/8] B [M:x]', 2, 20, "x"),
        ("K:C\nA4|[1-40 B", 2, 4, "[1-40"),
        ("K:C\nA>>>>B", 2, 2, ">>>>"),
        ("K:C\nA | (1B", 2, 5, "(1"),
        ("K:C\nA C,,,,,,", 2, 3, "C,,,,,,"),
        ("X:1\nM:4/4\nL:1/8\nK:D dur\nA", 4, 3, "D dur"),
    ],
)
def test_errors_name_line_column_and_text(text, line, column, piece):
    error = refused(text)
    assert (error.line, error.column, error.text) == (line, column, piece)
    assert str(error).startswith(f"Line {line}, column {column}: ")


@pytest.mark.parametrize("text", ["", " \n\n", "X:1\nT:x\nK:C\n", "%%x", "K:C\n|||:|", "w:words"])
def test_no_notes_is_an_error(text):
    assert "no notes" in refused(text).reason


@pytest.mark.parametrize(
    "music", ["A1000", "A/1000", "A1000/2", "z1000", "Z1000", "[CE]1000", "A////////", "A" + "9" * 5000, "A|1000B", "A0", "A/0"]
)
def test_numbers_of_four_digits_and_lengths_of_nothing_are_refused(music):
    assert refused("M:4/4\nK:C\n" + music).line == 3


@pytest.mark.parametrize(
    "music", ["[C999]999", "[C/999]/999", "A999>B", "L:1/64\nA|[L:1]B999", "L:1\nA|[L:1/64]B/999", "[L:1/64][M:32/1]Z"]
)
def test_lengths_that_grow_beyond_sense_are_refused(music):
    assert "can't be this long" in refused("K:C\n" + music).reason


def test_the_unit_is_that_of_the_first_note():
    score = read("M:none\nL:1/8\nK:C\nL:1/16\nA4|[L:1/4]A|")
    assert (score.unit, [note.duration * 4 for note in score.notes()]) == (Fraction(1, 16), [1, 1])
    assert read(write(score)) == score


@pytest.mark.parametrize(
    "field",
    ["X:²", "X:" + "9" * 5000, "Q:" + "1" * 5000, "Q:99999/4=100", "Q:1/4=99999", "Q:fast", "P:" + "A]" * 50],
)
def test_odd_values_of_harmless_fields_are_passed_over(field):
    score = read(f"{field}\nK:C\nA")
    assert (score.reference, score.tempo) == (1, None)


@pytest.mark.parametrize("music", ["c'''''", "C,,,,,,", "b''''", "A" + "'" * 3000, "{c'''''}A", "[Cc''''']"])
def test_notes_beyond_midi_are_refused(music):
    assert "range" in refused("K:C\n" + music).reason


def test_rests_cannot_make_bars_without_end():
    assert "too long" in refused("K:C\n" + "Z64" * 1300).reason


ABC = st.text("ABCDEFGabcdefgzxZ|:[]()123456789/<>^_=,'-~.{}\"!+ \n\\&%TuvyX", max_size=80)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = TUNE
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.one_of(ABC, st.text(max_size=4))) + text[at + draw(st.integers(0, 8)) :]
    return text


@settings(max_examples=550, deadline=None)
@given(st.one_of(st.text(max_size=120), ABC, ABC.map(lambda music: "M:6/8\nK:D\n" + music), mutated()))
@example("K:C\nA|[1-9-9B")
@example("K:C\n(9:9:9A")
@example("X:١\nM:٤/٤\nL:1/٨\nK:C\nA٣(٣BCD|١ C")
def test_any_text_is_a_tune_or_a_notation_error_that_says_where(text):
    try:
        score = read(text)
    except NotationError as error:
        assert error.reason.endswith(".")
        assert error.line is not None
        assert 1 <= error.line <= text.count("\n") + text.count("\r") + 1
        assert error.column is not None
        return
    assert score.bars
    assert all(bar.notes for bar in score.bars)
    assert all(0 <= pitch.midi <= 127 for note in score.notes() for pitch in note.pitches)
    again = read(write(score))
    assert [note.pitches for note in again.notes()] == [note.pitches for note in score.notes()]
    assert [bar.duration for bar in again.bars] == [bar.duration for bar in score.bars]


@pytest.mark.parametrize("music", ["(2AX", "(3AZ2B"])
def test_a_rest_of_whole_bars_in_a_tuplet_is_refused(music):
    assert "tuplet" in refused("K:C\n" + music).reason


def test_a_tie_carries_the_accidental_over_the_bar_line_to_the_tied_note_only():
    assert midi("^F-|F F|F") == [[66], [66], [65], [65]]
    assert midi("^F-|f F") == [[66], [77], [65]]


def test_an_accidental_of_a_grace_note_holds_within_its_braces():
    notes = list(read("M:none\nL:1/8\nK:C\n{^fgf}f F|").notes())
    assert [pitch.midi for pitch in notes[0].grace] == [78, 79, 78]
    assert [note.pitches[0].midi for note in notes] == [77, 65]


def test_the_metre_may_become_free():
    score = read("M:3/4\nL:1/8\nK:C\nA6|[M:none]A9|A2|")
    assert [(bar.metre, bar.free) for bar in score.bars] == [(None, False), (None, True), (None, False)]
    assert "[M:none]A9" in write(score)


def test_a_change_after_the_first_note_of_a_bar_stands_with_the_next():
    score = read("M:4/4\nL:1/8\nK:C\nF4 [K:D]F4|F4 [P:B]F4|F8|[K:D]F8|")
    assert [note.pitches[0].midi for note in score.notes()] == [65, 66, 66, 66, 66, 66]
    assert [(bar.key, bar.part) for bar in score.bars] == [(None, ""), (Key("D"), ""), (None, "B"), (None, "")]
    assert score.key == Key("C")


def test_lines_of_two_voices_in_turn_give_the_first():
    score = read("X:1\nK:C\n[V:1]A2 B2|\n[V:2]E2 E2|\n[V:1]c2 [V:2]E2|[V:1]d2|")
    assert [note.pitches[0].letter for note in score.notes()] == ["A", "B", "C", "D"]
    assert score.notices == ("Only the first voice was read.",)


def test_lines_before_the_key_that_are_no_fields_are_left_out_with_a_notice():
    score = read("X:1\nT:Kettle\n3/8=120\nN bars 3 and 4 are torn\nK:C\nA|")
    assert (score.title, len(list(score.notes()))) == ("Kettle", 1)
    assert score.notices == ("I left out a line before K: that isn't a field.",)


def test_the_order_of_parts_is_read_from_the_header():
    score = read("X:1\nP:A(AB)2\nK:C\nP:A\nA|\nP:B\nB|")
    assert score.order == "AABAB"
    assert [bar.part for bar in score.bars] == ["A", "B"]
    assert read(write(score)) == score


@pytest.mark.parametrize("order", ["((A", "A)", "(A9)9(A9)9", "A0", "(" * 3000 + "A", "A9" * 2000, "(((A9)9)9)9", "2A", "A^B"])
def test_an_order_of_parts_beyond_sense_is_passed_over_with_a_notice(order):
    score = read(f"X:1\nP:{order}\nK:C\nP:A\nA|")
    assert score.order == ""
    assert score.notices == ("I couldn't read the order of the parts (P:) in the header.",)


def test_signs_may_pile_up_before_a_note():
    assert midi("kv[CE] uT(AkB) H|c") == [[60, 64], [69], [71], [72]]


def test_an_ending_may_begin_a_line():
    assert marks("A4|\n1 B4:|\n2 C4|]") == [(False, 0, (), "|"), (False, 1, (1,), "|"), (False, 0, (2,), "|]")]
