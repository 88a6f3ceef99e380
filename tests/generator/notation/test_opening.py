"""Openings: what is understood, what is guessed, and what is refused with a sentence."""

from fractions import Fraction

import pytest

from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.opening import read_opening
from generator.notation.tokens import encode_opening


def sentence(text: str, **asked: str) -> str:
    with pytest.raises(NotationError) as caught:
        read_opening(text, **asked)
    return str(caught.value)


@pytest.mark.parametrize(
    ("music", "asked", "metre"),
    [
        ("DFA dfa|", {}, "6/8"), ("DFA def gab|", {}, "9/8"), ("D2FA d2fa|", {}, "4/4"), ("A2 BA|d2 ed|f2 ed|", {}, "2/4"),
        ("A|DFA dfa|d", {}, "6/8"), ("DFA dfa dfa dfa|", {}, "12/8"),
        ("A2 BA|d2 ed|", {"rhythm": "polka"}, "2/4"),
        ("D2FA", {"rhythm": "reel"}, "4/4"), ("G2B2d2|", {"rhythm": "waltz"}, "3/4"),
        ("DFA dfa|", {"rhythm": "slide"}, "12/8"), ("DFA dfa|DFA|", {"rhythm": "slide"}, "6/8"),
        ("A2FA|A2FA|", {"rhythm": "march"}, "2/4"), ("A2FA|", {"metre": "4/4"}, "4/4"),
        ("R:waltz\nK:G\nG2B2d2|", {}, "3/4"),
        ("R:jig\nK:D\nA|DFA dfa|", {}, "6/8"), ("R:jig\nDFA dfa|", {"rhythm": "jig"}, "6/8"),
        ("M:C|\nK:D\nD2FA d2fa|", {}, "2/2"), ("K:D\nM:9/8\nDFA dfa|", {}, "9/8"),
    ],
)  # fmt: skip
def test_the_metre_is_written_asked_for_or_guessed(music, asked, metre):
    score = read_opening(music, **asked)
    assert str(score.metre) == metre
    assert {note.duration for note in score.notes()} <= {Fraction(1, 8), Fraction(1, 4)}


def test_the_key_is_written_asked_for_or_d():
    assert read_opening("DFA dfa|").key == Key("D")
    assert read_opening("DFA dfa|", key="Ador").key == Key.parse("Ador")
    assert read_opening("K:G\nDFA dfa|").key == Key("G")


def test_a_rhythm_written_in_the_opening_holds_if_it_fits_the_metre():
    assert read_opening("R:Jigs\nM:6/8\nK:D\nDFA|").rhythm == "jig"
    assert read_opening("R:reel\nM:6/8\nK:D\nDFA|").rhythm == ""
    assert read_opening("M:6/8\nK:D\nDFA|").rhythm == ""


@pytest.mark.parametrize(
    "text",
    [
        "DFA dfa|", "`DFA dfa|`", "```\nDFA dfa|\n```", "```abc\nDFA dfa|\n```", "```abc\r\nDFA dfa|\r\n```", "```DFA dfa|```",
        "here it is:\n```abc\nDFA dfa|\n```\nthank you", "\n\n  DFA dfa|  \n", "X:1\r\nT:x\r\nM:6/8\r\nK:D\r\nDFA dfa|\r\n",
    ],
)  # fmt: skip
def test_a_code_block_is_taken_out(text):
    assert [note.melody.midi for note in read_opening(text).notes()] == [62, 66, 69, 74, 78, 81]


@pytest.mark.parametrize(
    ("text", "asked", "words"),
    [
        ("M:6/8\nK:D\nDFA dfa|DFA df|DFA dfa|", {}, ["Bar 2", "too short", "5 of 6 quavers"]),
        ("M:6/8\nK:D\nDFA dfa|DFA dfaa|", {}, ["Bar 2", "too long", "7 of 6 quavers"]),
        ("M:4/4\nL:1/16\nK:D\nD16|D17|D16|", {}, ["Bar 2", "17/2 of 8 quavers"]),
        ("M:6/8\nK:D\nDFA|dfa|dfa|", {}, ["Bar 2", "too short"]),
        ("K:G\nDFA dfa|", {"key": "Ador"}, ["G major", "A dorian", "Leave one"]),
        ("M:6/8\nDFA dfa|", {"metre": "4/4"}, ["6/8", "4/4", "Leave one"]),
        ("M:6/8\nDFA dfa|", {"rhythm": "reel"}, ["6/8", "no reel"]),
        ("M:6/8\nK:D\nDFA dfa|DFA (5dfada|", {}, ["I can't go on", "tuplet"]),
        ("M:6/8\nK:Dlyd\nDFA dfa|", {}, ["I can't go on", "lydian"]),
        ("M:6/8\nK:D\nDFA dfa|[K:G]DFA dfa|", {}, ["I can't go on", "change of key"]),
        ("M:5/4\nK:D\nD10|", {}, ["I can't go on", "metre 5/4"]),
        ("M:6/8\nK:D\nDFA ]fa|", {}, ["Line 3, column 5", "“]”"]),
        ("", {}, ["no notes"]),
        ("```\n```", {}, ["no notes"]),
        ("Hello there, play me a reel", {}, ["Line 1, column"]),
        ("M:6/8\nK:D\n" + "DFA dfa|" * 201, {}, ["too long", "200 bars"]),
        ("M:3/2\nK:D\nL:1/1\n" + "D3/2|" * 150, {}, ["plays for", "180 s"]),
    ],
)
def test_what_cannot_be_gone_on_from_is_refused_by_name_and_place(text, asked, words):
    said = sentence(text, **asked)
    assert all(word in said for word in words), said
    assert said.endswith(".")


def test_lines_are_counted_as_in_the_text_that_was_handed_in():
    assert sentence("here:\n```abc\nM:6/8\nDFA d]a|\n```").startswith("Line 4, column 6")
    assert sentence("\n\nM:6/8\nDFA d]a|").startswith("Line 4, column 6")


def test_an_unfinished_bar_stays_open_and_a_full_one_is_closed():
    assert encode_opening(read_opening("M:6/8\nDFA dfa|DF"))[-2:] == ["0", "2"]
    assert encode_opening(read_opening("M:6/8\nDFA dfa"))[-1] == "|"
    assert encode_opening(read_opening("M:6/8\n|:DFA dfa:|"))[-1] == ":|"


@pytest.mark.parametrize("text", ["A|:DFA dfa|gfe", "A|:DFA dfa|gfe dc:|", "A|:DFA dfa|1gfe dc:|2gfe def||"])
def test_a_pick_up_before_the_repeat_belongs_to_the_part(text):
    assert encode_opening(read_opening("M:6/8\n" + text))[4:8] == ["|:", "up24", "/24", "4"]


def test_a_pick_up_before_a_repeat_that_leaves_no_room_for_it_stands_alone():
    assert encode_opening(read_opening("M:6/8\nA|:DFA dfa|gfe dcd:|"))[4:8] == ["[|", "/24", "4", "||"]


def test_ornaments_are_kept_for_the_finished_tune():
    score = read_opening("M:6/8\nK:D\n~D{g}FA (dfa)|")
    first, second, *_ = score.notes()
    assert first.decorations == ("roll",)
    assert second.grace[0].midi == 79


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("M:4/4\nEF|", ["|:", "up48", "/24", "1", "2", "|"]),  # a bar line was typed: a pick-up
        ("M:4/4\nEF", ["|:", "/24", "1", "2"]),  # none was: the bar goes on
        ("M:4/4\nEFGA|", ["|:", "/24", "1", "2", "3", "4"]),  # half a bar is no pick-up
        ("M:4/4\n|:EF|G2A2B2c2|d6:|EF", ["|:", "up48", "/24", "1", "2"]),  # the next part begins as the first did
    ],
)
def test_a_lone_short_bar_is_a_pick_up_where_its_line_is_typed(text, tokens):
    found = encode_opening(read_opening(text))
    assert [token for token in found if token != "/0"][-len(tokens) :] == tokens or found[4 : 4 + len(tokens)] == tokens


@pytest.mark.parametrize("text", ["M:none\nK:D\nDFA dfa|", "M:\nK:D\nDFA dfa|"])
def test_free_metre_becomes_the_one_that_the_bars_fill(text):
    assert str(read_opening(text).metre) == "6/8"


def test_the_quotation_marks_of_phones_are_read():
    score = read_opening("M:6/8\nK:D\n“D”DFA dfa|")
    assert next(score.notes()).chord_symbol == "D"


def test_an_opening_that_leaves_no_time_for_a_tune_is_refused():
    part = "|:" + "D8|" * 7 + "D8:|"
    said = sentence("R:air\nM:4/4\nL:1/8\nK:D\n" + part * 3)
    assert "plays for 160 s" in said


def test_parts_that_are_played_again_by_their_order_take_their_time():
    tune = "R:air\nM:4/4\nL:1/8\nP:{}\nK:D\nP:A\n" + "D8|" * 8
    read_opening(tune.format("AAA"))
    assert "plays for 160 s" in sentence(tune.format("A6"))
