"""Header fields, fields in the body, voices, line endings and errors; and any text at all."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.reader import read, split_tunes
from generator.notation.writer import write
from tests.generator.notation.excerpts import EIGHTH, TUNE, read_error


def test_the_header_fields_are_read() -> None:
    score = read(TUNE)
    assert (score.reference, score.title, score.rhythm) == (7, "The Paper Kettle", "jig")
    assert (score.metre, score.unit, score.key) == (Metre(6, 8), EIGHTH, Key.parse("Edor"))
    assert score.tempo == (Fraction(3, 8), 112)


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("M:4/4\n", "1/8"), ("M:6/8\n", "1/8"), ("M:3/4\n", "1/8"), ("M:2/4\n", "1/16"), ("M:C|\n", "1/8"), ("M:3/8\n", "1/16"),
        ("M:none\n", "1/8"), ("", "1/8"), ("M:2/4\nL:1/8\n", "1/8"), ("L:1/4\n", "1/4"), ("L:1\n", "1"),
    ],
)  # fmt: skip
def test_the_unit_note_length_is_stated_or_depends_on_the_metre(header: str, unit: str) -> None:
    score = read(header + "K:C\nA|")
    assert score.unit == next(score.notes()).duration == Fraction(unit)


@pytest.mark.parametrize(
    ("field", "text", "tempo"),
    [
        ('"Allegro" 1/4=120', "Allegro", (Fraction(1, 4), 120)), ('3/8=100 "lightly"', "lightly", (Fraction(3, 8), 100)),
        ('"With  spirit"', "With spirit", None), ("Slowly", "Slowly", None),
        ('"Slow" 1/4=60 "ad lib."', "Slow ad lib.", (Fraction(1, 4), 60)),
        ("1/4=90", "", (Fraction(1, 4), 90)), ("C=90", "", None), ('"unclosed', "unclosed", None),
    ],
)  # fmt: skip
def test_the_words_of_the_tempo_are_kept(field: str, text: str, tempo: tuple[Fraction, int] | None) -> None:
    score = read(f"X:1\nQ:{field}\nK:D\nA|")
    assert (score.tempo_text, score.tempo, score.notices) == (text, tempo, ())
    assert read(write(score)) == score


def test_a_change_of_tempo_inside_the_tune_is_named() -> None:
    score = read('X:1\nQ:"Slow" 1/4=60\nK:D\nA|\nQ:1/4=120\nB|[Q:1/4=60]c|')
    assert (score.tempo, score.notices) == ((Fraction(1, 4), 60), ("I left out a change of tempo inside the tune (Q:).",))
    assert read("X:1\nQ:1/4=60\nK:D\nA|\nQ:1/4=60\nB|").notices == ()


def test_further_titles_are_kept() -> None:
    score = read("X:1\nT:The Kettle\nT:An Citeal\nT:100\\% Tin\nK:D\nA|\nT:Part two\nB|")
    assert (score.title, score.fields) == ("The Kettle", (("T", "An Citeal"), ("T", "100\\% Tin")))
    assert read(write(score)) == score


def test_the_given_metre_and_key_are_defaults_and_do_not_change_the_unit_note_length() -> None:
    score = read("A2 BA|", metre=Metre(2, 4), key=Key("G"))
    assert (score.metre, score.unit, score.key) == (Metre(2, 4), EIGHTH, Key("G"))
    assert read("M:6/8\nK:D\nABc", metre=Metre(2, 4), key=Key("G")).metre == Metre(6, 8)


def test_fields_between_the_key_and_the_first_note_belong_to_the_header() -> None:
    score = read("X:1\nK:D\nM:2/4\nK:G\nAB|")
    assert (score.metre, score.key, score.unit, score.bars[0].metre, score.bars[0].key) == (
        Metre(2, 4), Key("G"), Fraction(1, 16), None, None,
    )  # fmt: skip


def test_fields_between_notes_take_effect() -> None:
    score = read("M:4/4\nL:1/8\nK:C\nF8|[K:D]F8|[M:6/8]F6|[L:1/16]F12|[P:B]F12|")
    assert [note.pitches[0].midi for note in score.notes()] == [65, 66, 66, 66, 66]
    assert [bar.key for bar in score.bars] == [None, Key("D"), None, None, None]
    assert [bar.metre for bar in score.bars] == [None, None, Metre(6, 8), None, None]
    assert [bar.duration for bar in score.bars] == [1, 1, Fraction(3, 4), Fraction(3, 4), Fraction(3, 4)]
    assert score.bars[4].part == "B"


def test_fields_between_lines_of_music_take_effect() -> None:
    score = read("M:4/4\nL:1/8\nK:C\nF8|\nK:D\nM:3/4\nP:B\nF6|\nw:some words\nF6|")
    assert [note.pitches[0].midi for note in score.notes()] == [65, 66, 66]
    assert (score.bars[1].metre, score.bars[1].part) == (Metre(3, 4), "B")


def test_lines_without_music_are_skipped() -> None:
    plain = read("X:1\nM:2/4\nL:1/8\nK:C\nA2B2|c4|")
    dressed = read(
        "%%abc-version 2.1\nX:1\nT:No words % at all\nM:2/4\nL:1/8\nN:a note\n+:and more of it\nK:C\n%%staves 1\n"
        "A2B2| % a comment with | and [\n% c2c2|\nW:la\nr:remark\nc4|"
    )
    assert dressed.bars == plain.bars
    assert dressed.title == "No words"


@pytest.mark.parametrize(
    "line",
    [
        "W:la", "s:*!ff!*", "H:long ago", "N:x", "r:y", "U:T=!trill!", "m:~n2=n", "I:linebreak $", "%%text [",
        "%", "+:more", "O:Leitrim", "Z:me", "V:1", "Q:1/4=90", "T:Part two", "R:jig", "[r:remark]", "[N:x]", "[U:T=x]", "[I:y]",
    ],
)  # fmt: skip
def test_a_line_without_music_changes_nothing_after_it(line: str) -> None:
    header = "M:2/4\nL:1/8\nK:C\n"
    score = read(f"{header}A2(B2|\n{line}\nc2) d2:|\ne4|")
    assert score.bars == read(f"{header}A2(B2|\nc2) d2:|\ne4|").bars
    assert (len(score.bars), score.notices) == (3, ())


def test_blocks_of_directives_are_skipped_and_keep_the_numbers_of_the_lines() -> None:
    block = "%%begintext\nA tune of the valley\n\nof bees | G A B c\nK:F\n%%endtext\n"
    for text in (f"{block}X:1\nK:D\nAB|", f"X:1\n{block}K:D\nAB|", f"X:1\nK:D\n{block}AB|", "X:1\nK:D\nAB|\n%%begintext\nA|"):
        score = read(text)
        assert (score.bars, score.key, score.notices) == (read("K:D\nAB|").bars, Key("D"), ())
    error = read_error(f"X:1\nK:D\n{block}AB ] c|")
    assert (error.line, error.column) == (9, 4)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\\\n", "!\n", "$\n", " \n\t"])
def test_all_line_endings_are_read(end: str) -> None:
    assert read(TUNE.replace("|G<E", f"|{end}G<E")).bars == read(TUNE).bars
    assert read("M:2/4\nL:1/8\nK:C\nA2".replace("\n", "\r\n") + end + "B2|").bars == read("M:2/4\nL:1/8\nK:C\nA2B2|").bars


def test_a_blank_line_or_another_x_field_ends_the_tune() -> None:
    assert len(read("X:1\nK:C\nA|\n\nB|").bars) == 1
    assert len(read("X:1\nK:C\nA|\nX:2\nK:C\nB|").bars) == 1
    assert len(read("K:C\nA|\nX:2\nK:C\nB|").bars) == 1


def test_only_the_first_voice_is_read() -> None:
    score = read("X:1\nK:C\nV:1\nA|\nV:2\nB|\nV:1\nc|")
    assert [note.pitches[0].letter for note in score.notes()] == ["A", "C"]
    assert score.notices == ("Only the first voice was read.",)


def test_a_percent_sign_may_be_escaped_in_a_title() -> None:
    assert read("T:100\\% Wool\nK:C\nA").title == "100% Wool"


def test_a_collection_is_split_into_tunes() -> None:
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
def test_errors_name_the_line_column_and_text(text: str, line: int, column: int, piece: str) -> None:
    error = read_error(text)
    assert (error.line, error.column, error.text) == (line, column, piece)
    assert str(error).startswith(f"Line {line}, column {column}: ")


@pytest.mark.parametrize("text", ["", " \n\n", "X:1\nT:x\nK:C\n", "%%x", "K:C\n|||:|", "w:words"])
def test_text_without_notes_is_refused(text: str) -> None:
    assert "no notes" in read_error(text).reason


def test_the_unit_of_the_score_is_the_one_in_force_at_the_first_note() -> None:
    score = read("M:none\nL:1/8\nK:C\nL:1/16\nA4|[L:1/4]A|")
    assert score.unit == Fraction(1, 16)
    assert [note.duration for note in score.notes()] == [Fraction(1, 4)] * 2
    assert read(write(score)) == score


@pytest.mark.parametrize(
    "field",
    ["X:²", "X:" + "9" * 5000, "Q:" + "1" * 5000, "Q:99999/4=100", "Q:1/4=99999", "Q:fast", "P:" + "A]" * 50],
)
def test_unreadable_values_of_minor_fields_are_skipped(field: str) -> None:
    score = read(f"{field}\nK:C\nA")
    assert (score.reference, score.tempo) == (1, None)


ABC_LIKE_TEXT = st.text("ABCDEFGabcdefgzxZ|:[]()123456789/<>^_=,'-~.{}\"!+ \n\\&%TuvyX", max_size=80)


@st.composite
def mutated_tunes(draw: st.DrawFn) -> str:
    text = TUNE
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.one_of(ABC_LIKE_TEXT, st.text(max_size=4))) + text[at + draw(st.integers(0, 8)) :]
    return text


@settings(max_examples=550, deadline=None)
@given(st.one_of(st.text(max_size=120), ABC_LIKE_TEXT, ABC_LIKE_TEXT.map(lambda music: "M:6/8\nK:D\n" + music), mutated_tunes()))
@example("K:C\nA|[1-9-9B")
@example("K:C\n(9:9:9A")
@example("X:١\nM:٤/٤\nL:1/٨\nK:C\nA٣(٣BCD|١ C")
def test_any_text_is_read_or_refused_with_a_position(text: str) -> None:
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


def test_the_metre_can_become_free() -> None:
    score = read("M:3/4\nL:1/8\nK:C\nA6|[M:none]A9|A2|")
    assert [(bar.metre, bar.free) for bar in score.bars] == [(None, False), (None, True), (None, False)]
    assert "[M:none]A9" in write(score)


def test_a_change_after_the_first_note_of_a_bar_takes_effect_in_the_next() -> None:
    score = read("M:4/4\nL:1/8\nK:C\nF4 [K:D]F4|F4 [P:B]F4|F8|[K:D]F8|")
    assert [note.pitches[0].midi for note in score.notes()] == [65, 66, 66, 66, 66, 66]
    assert [(bar.key, bar.part) for bar in score.bars] == [(None, ""), (Key("D"), ""), (None, "B"), (None, "")]
    assert score.key == Key("C")


def test_of_alternating_lines_of_two_voices_the_first_is_read() -> None:
    score = read("X:1\nK:C\n[V:1]A2 B2|\n[V:2]E2 E2|\n[V:1]c2 [V:2]E2|[V:1]d2|")
    assert [note.pitches[0].letter for note in score.notes()] == ["A", "B", "C", "D"]
    assert score.notices == ("Only the first voice was read.",)


def test_a_line_before_the_key_that_is_not_a_field_gives_a_notice() -> None:
    score = read("X:1\nT:Kettle\n3/8=120\nN bars 3 and 4 are torn\nK:C\nA|")
    assert (score.title, len(list(score.notes()))) == ("Kettle", 1)
    assert score.notices == ("I left out a line before K: that isn't a field.",)


def test_the_order_of_parts_is_read_from_the_header() -> None:
    score = read("X:1\nP:A(AB)2\nK:C\nP:A\nA|\nP:B\nB|")
    assert score.order == "AABAB"
    assert [bar.part for bar in score.bars] == ["A", "B"]
    assert read(write(score)) == score


@pytest.mark.parametrize("order", ["((A", "A)", "(A9)9(A9)9", "A0", "(" * 3000 + "A", "A9" * 2000, "(((A9)9)9)9", "2A", "A^B"])
def test_an_unreadable_order_of_parts_gives_a_notice(order: str) -> None:
    score = read(f"X:1\nP:{order}\nK:C\nP:A\nA|")
    assert score.order == ""
    assert score.notices == ("I couldn't read the order of the parts (P:) in the header.",)
