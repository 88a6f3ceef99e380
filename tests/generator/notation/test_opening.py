"""Openings: what is understood, what is guessed, and what is refused with a sentence."""

from fractions import Fraction

import pytest

from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.opening import opening_tokens, read_opening
from generator.notation.opening_end import parts_without_pick_up
from generator.notation.opening_modes import OPENING_MODES
from generator.notation.reader import read
from generator.notation.tokens import encode_opening
from generator.notation.variation import split_bars, variable_bars


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


def test_where_a_mode_alone_is_asked_for_its_commonest_key_is_taken_unless_one_is_written():
    assert read_opening("DFA dfa|", key="dorian").key == Key.parse("Ador")
    assert read_opening("DFA dfa|", key="major").key == Key("G")
    assert read_opening("K:Edor\nDFA dfa|", key="dorian").key == Key.parse("Edor")


def test_a_rhythm_written_in_the_opening_holds_if_it_fits_the_metre():
    assert read_opening("R:Jigs\nM:6/8\nK:D\nDFA|").rhythm == "jig"
    assert read_opening("R:reel\nM:6/8\nK:D\nDFA|").rhythm == ""
    assert read_opening("M:6/8\nK:D\nDFA|").rhythm == ""


@pytest.mark.parametrize(
    "text",
    [
        "DFA dfa|", "`DFA dfa|`", "```\nDFA dfa|\n```", "```abc\nDFA dfa|\n```", "```abc\r\nDFA dfa|\r\n```", "```DFA dfa|```",
        "here it is:\n```abc\nDFA dfa|\n```\nthank you", "\n\n  DFA dfa|  \n", "X:1\r\nT:x\r\nM:6/8\r\nK:D\r\nDFA dfa|\r\n",
        "M:6/8\rK:D\rDFA dfa|", "```abc\nM:6/8\nDFA dfa|", "DFA dfa|\n```", "> M:6/8\n> K:D\n> DFA dfa|",
        "x:1\nm:6/8\nk:d\nDFA dfa|", "Ｍ：６／８\nＫ：Ｄ\nＤＦＡ　ｄｆａ｜", "\ufeffX:1\nK:D\nD\u200bFA dfa|",
        "M:6/8\n\nK:D\n\nDFA\n \ndfa|", "M:6/8\n|DFA dfa|\nK:D", "X:1\nK:D\nDFA dfa|\n\nX:2\nM:4/4\nK:G\nG8|",
        "M:6/8\nDFA dfa|\nX:2\nM:4/4\nK:G\nG8|", "%%abc\n%\nM:6/8\nDFA dfa|%", "M:6/8\n{ga}[DA,]~F.A !trill!(dfa)|",
        "M:6/8\nDFA d\\\nfa\\|", ":|DFA dfa|", "V:1\nV:2\nK:D\n[V:1]DFA dfa|\n[V:2]ABc def|",
    ],
)  # fmt: skip
def test_what_is_typed_around_the_music_is_taken_off(text):
    assert [note.melody.midi for note in read_opening(text).notes()] == [62, 66, 69, 74, 78, 81]


@pytest.mark.parametrize(
    ("text", "asked", "words"),
    [
        ("M:6/8\nK:D\nDFA dfa|DFA df|DFA dfa|", {}, ["Bar 2", "too short", "5 of 6 quavers"]),
        ("M:6/8\nK:D\nDFA dfa|DFA dfaa|", {}, ["Bar 2", "too long", "7 of 6 quavers"]),
        ("M:4/4\nL:1/16\nK:D\nD16|D17|D16|", {}, ["Bar 2", "17/2 of 8 quavers"]),
        ("M:6/8\nK:D\nDFA|dfa|dfa|", {}, ["Bar 2", "too short"]),
        ("K:G\nDFA dfa|", {"key": "Ador"}, ["G major", "A dorian", "Leave out one"]),
        ("M:6/8\nDFA dfa|", {"metre": "4/4"}, ["6/8", "4/4", "Leave out one"]),
        ("M:6/8\nDFA dfa|", {"rhythm": "reel"}, ["6/8", "“reel” isn't written"]),
        ("M:6/8\nK:D\nDFA dfa|DFA (5dfada|", {}, ["I can't use", "tuplet"]),
        ("M:6/8\nK:Dlyd\nDFA dfa|", {}, ["I can't use", "lydian"]),
        ("M:6/8\nK:D\nDFA dfa|[K:G]DFA dfa|", {}, ["I can't use", "change of key"]),
        ("M:5/4\nK:D\nD10|", {}, ["I can't use", "metre 5/4"]),
        ("M:7/8\nK:D\nDFA dfab|", {}, ["I can't use", "metre 7/8"]),
        ("M:6/8\nFA dfa|DFA dfa|", {}, ["Bar 1", "too short", "5 of 6 quavers"]),
        ("M:4/4\nL:1/64\nK:D\nD63E|", {}, ["I can't use", "a note of 63/64"]),
        ("M:4/4\nK:D\n(3D2E D4|", {}, ["I can't use", "uneven triplet"]),
        ("M:4/4\nK:D\nDEFG (3AB", {}, ["I can't use", "unfinished triplet"]),
        ("M:6/8\nK:B\nd3 d3|B,,3 d3|", {}, ["Bar 2", "too low", "B2"]),
        ("M:6/8\nK:D\nd''fa dfa|", {}, ["Bar 1", "too high", "D7"]),
        ("M:6/8\nK:D\nD,,,,,,FA dfa|", {}, ["Line 3, column 1", "every instrument's range"]),
        ("M:4/4\nK:Bb\n^^B2A2 d4|", {}, ["I can't use", "B##4"]),
        ("M:6/8\n|:DFA dfa|1 gfe d", {}, ["I can't use", "first ending without a second"]),
        ("M:6/8\n|:DFA dfa|1 gfe d3:|2 gfe", {}, ["I can't use", "ending that is not closed"]),
        ("M:6/8\n|::DFA dfa|gfe d3::|", {}, ["I can't use", "more than twice"]),
        ("X:1\nT:Nothing\nM:6/8\nK:D\n", {}, ["no notes"]),
        ("```abc\n```", {}, ["no notes"]),
        ("M:6/8\nK:D\nDFA\x00dfa|", {}, ["Line 3, column 4"]),
        ("K:G\nDFA dfa|", {"key": "dorian"}, ["G major", "dorian", "Leave out one"]),
        ("M:6/8\nK:D\nDFA ]fa|", {}, ["Line 3, column 5", "“]”"]),
        ("", {}, ["no notes"]),
        ("```\n```", {}, ["no notes"]),
        ("Hello there, play me a reel", {}, ["Line 1, column"]),
        ("M:6/8\nK:D\n" + "DFA dfa|" * 201, {}, ["too long", "200 bars"]),
        ("M:3/2\nK:D\nL:1/1\n" + "DD/|" * 150, {}, ["plays for", "180 s"]),
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


def test_what_stands_after_a_blank_line_is_read_on():
    assert len(list(read_opening("M:6/8\nK:D\nDFA dfa|\n\nABc def|").notes())) == 12


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("M:2/4\nd2 ed|ce f2|", "|: /48 7 /24 8 7 | 6 8 /48 9"),  # by the standard semiquavers: half of each bar
        ("M:2/4\nA|dd fe|", "|: up24 /24 4 | 7 7 9 8"),
        ("M:2/4\nd2 e", "|: /48 7 /24 8"),
        ("M:2/4\nd4e2d2|c2e2 f4|", "|: /48 7 /24 8 7 | 6 8 /48 9"),
        ("M:2/4\nL:1/16\nd2ed|", "|: /24 7 /12 8 7"),
    ],
)
def test_without_a_unit_note_length_two_four_may_be_in_quavers(text, tokens):
    assert " ".join(opening_tokens(read_opening(text))) == tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("M:6/8\ndfa|DFA dfa|", "|: up72 /24 7 9 11 | 0 2 4 7 9 11"),  # begins in the middle of a bar
        ("M:6/8\n|:ABc d2:|\ne", "|: /24 4 5 6 /48 7 :| |: up24 /24 8"),  # completes the bar before
        ("M:6/8\nDFA d3-|", "|: /24 0 2 4 /72 7"),
        ("M:4/4\nD>EF>", "|: /36 0 /12 1 /36 2"),
        ("M:4/4\nL:1/16\nD5E3 D8", "|: /60 0 /36 1 /96 0"),
        ("M:6/8\n|:DFA dfa|1 gfe d3:|2 gfe f3|", "|: /24 0 2 4 7 9 11 [1 10 9 8 /72 7 :| [2 /24 10 9 8 /72 9 ||"),
        ("M:6/8\n|:DFA dfa|1 gfe d3:|2 gfe f3|ABc", "|: /24 0 2 4 7 9 11 [1 10 9 8 /72 7 :| [2 /24 10 9 8 /72 9 || |: /24 4 5 6"),
        ("M:6/8\n|:A|DFA dfa|1 gfe d2:|2 gfe f3|", "|: up24 /24 4 | 0 2 4 7 9 11 [1 10 9 8 /48 7 :| [2 /24 10 9 8 /72 9 ||"),
    ],
)
def test_what_ends_or_begins_anywhere_is_gone_on_from(text, tokens):
    assert " ".join(opening_tokens(read_opening(text))) == tokens


EIGHT = "DFA dfa|" * 7


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        (EIGHT + "d6|", "|: /24 0", "/144 7 :|"),
        (EIGHT + "d6", "|: /24 0", "/144 7 :|"),
        ("|:" + EIGHT + "d6:|", "|: /24 0", "/144 7 :|"),
        (EIGHT + "d6||", "[| /24 0", "/144 7 ||"),  # played once, as it is written
        ("A|" + EIGHT + "d5|", "|: up24 /24 4 |", "/120 7 :|"),
        ("A|:" + EIGHT + "d5|", "|: up24 /24 4 |", "/120 7 :|"),
        ("A|" + EIGHT + "d3", "|: up24 /24 4 |", "| /72 7"),  # the model completes the bar
        ("A|" + EIGHT + "d6|", "[| /24 4 || |: 0", "/144 7 :|"),  # no room for the pick-up: it is played once
        ("|:A|" + EIGHT + "d6|", "[| /24 4 || |: 0", "/144 7 :|"),
        ("|:" + EIGHT + "d6:|\nB2", "|: /24 0", ":| |: /48 5"),
    ],
)
def test_a_first_part_is_closed_before_the_second(text, begins, ends):
    tokens = " ".join(opening_tokens(read_opening("M:6/8\nK:D\n" + text.replace("d5", "d3d2"), mode="second part")))
    ends = ends.replace("/120 7", "/72 7 /48 7")
    assert (tokens[: len(begins)], tokens[-len(ends) :]) == (begins, ends)


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        ("DFA dfa|d6|", "second part", ["a whole first part", "4 bars", "shorter"]),
        (("|:" + EIGHT + "d6:|") * 2, "second part", ["a single first part", "2 parts"]),
        ("AB|" + EIGHT + "d3d2|", "second part", ["last bar", "pick-up"]),
        ("A|", "answer", ["at least one bar", "only a pick-up"]),
        ("|:DFA dfa|d6:|", "vary", ["nothing to vary"]),
        ("|:" + "d3 d3-|" * 7 + "d6:|", "vary", ["nothing to vary"]),
    ],
)
def test_an_opening_that_its_mode_can_do_nothing_with_is_refused(text, mode, words):
    said = sentence("M:6/8\nK:D\n" + text, mode=mode)
    assert all(word in said for word in words), said
    assert said.endswith(".")


@pytest.mark.parametrize("mode", OPENING_MODES)
def test_no_mode_touches_the_notes(mode):
    text = "M:6/8\nK:D\n~A|" + "{g}DFA [df]fa|" * 7 + "d3 d2|"
    assert list(read_opening(text, mode=mode).notes()) == list(read_opening(text).notes())


def test_a_phrase_that_is_answered_goes_on_after_a_double_bar_and_a_repeat_stays():
    assert opening_tokens(read_opening("M:6/8\nDFA dfa|d6||", mode="answer"))[-1] == "7"
    assert opening_tokens(read_opening("M:6/8\nA|DFA dfa|d3d2|]", mode="answer"))[-1] == "7"
    assert opening_tokens(read_opening("M:6/8\nDFA dfa|d6:|", mode="answer"))[-1] == ":|"


def test_inner_bars_are_free_to_vary_and_edges_cadences_and_tied_bars_are_not():
    first = "|:A|" + "".join(f"{note}6|" for note in "BcdefgA") + "1 B3 f2:|2 B6||\n"  # each bar by the degree of its note
    second = "|:d6|e6|f6-|f6|g6|a6|b6-|b6|A6|B6|c6|d6:|"
    bars = split_bars(opening_tokens(read_opening("M:6/8\nK:D\n" + first + second, mode="vary")))
    assert [bars[index][-1] for index in variable_bars(bars)] == ["6", "7", "9", "10", "8", "10", "11", "4", "5", "6"]


def test_a_tune_that_is_varied_ends_where_it_ends():
    assert opening_tokens(read_opening("M:6/8\nK:D\n|:" + EIGHT + "d6:|" + EIGHT + "d6|", mode="vary"))[-1] == "||"


def test_a_pick_up_that_stands_alone_is_no_part():
    assert len(parts_without_pick_up(read_opening("M:6/8\nA|:DFA dfa|gfe dcd:|B6|"))) == 2


def play(text, **asked):
    return read_opening(text, mode="play", **asked)


def test_a_tune_to_play_is_read_as_it_stands():
    text = "X:7\nT:Mine\nR:my own reel\nM:5/4\nL:1/8\nQ:1/4=77\nK:Clyd\nC10|[M:none]CD E|]\n"
    played, plain = play(text), read(text)
    assert played == plain
    assert (played.title, played.tempo, played.rhythm, played.notices) == ("Mine", (Fraction(1, 4), 77), "my own reel", ())
    assert play("M:4/4\nR:Reels\nK:C\nC8|").rhythm == "reel"


def test_a_fragment_to_play_is_in_the_metre_that_its_bars_fill_and_says_what_key_it_took():
    played = play("D|DFA dfa|a3 d3|")
    assert (str(played.metre), str(played.key)) == ("6/8", "D major")
    assert played.notices == ("The tune states no key (K:), so I took D major.",)
    assert play("DFA dfa|", key="G").notices == ()
    assert play("K:D\nDFAd f|DF A|").metre is None
    assert play("M:none\nK:D\nDFA dfa|").metre is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("C8|\nw: some words\n", "lyrics"),
        ("%%scale 9\nC8|", "directives"),
        ("I:abc-include /etc/passwd\nC8|", "directives"),
        ("[I:x]C8|", "directives"),
        ("m:~n3=n{o}n{m}n\nC8|", "macros"),
        ('"^slowly"C8|', "text above"),
        ("C8&E8|", "second voice"),
        ("C8|]\n\nX:2\nT:Another\nK:D\nD8|]\n", "first tune"),
    ],
)
def test_what_is_not_drawn_of_a_tune_to_play_is_named(text, named):
    played = play("X:1\nM:4/4\nL:1/8\nK:C\n" + text)
    assert [named in notice and notice.endswith(".") for notice in played.notices] == [True]
    assert len(played.bars) == 1


def test_programs_and_page_texts_are_no_music():
    lines = "%%beginjs\nCDE('/etc/passwd')\n%%endjs\n%%begintext\nG A B | c\n%%endtext\n"
    assert len(list(play("M:4/4\nL:1/8\nK:C\n" + lines + "C8|").notes())) == 1
    assert "Line 10, column 1" in sentence("M:4/4\nL:1/8\nK:C\n" + lines + "]]|", mode="play")


def test_a_comment_a_chord_symbol_and_a_blank_line_are_nothing_to_speak_of():
    assert play('X:1\nM:4/4\nL:1/8\nK:C\n% a remark\n"Am"C8|\n\n"G7"D8|] % the end\n').notices == ()
