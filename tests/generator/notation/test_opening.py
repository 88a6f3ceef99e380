"""Openings and tunes to play: what is stated, requested and assumed."""

from __future__ import annotations

from fractions import Fraction

import pytest

from generator.notation.keys import Key
from generator.notation.opening import read_opening
from generator.notation.opening_modes import OPENING_MODES, OpeningMode
from generator.notation.reader import read
from generator.notation.score import Score


def test_the_key_is_stated_requested_or_d() -> None:
    assert read_opening("DFA dfa|").key == Key("D")
    assert read_opening("DFA dfa|", key="Ador").key == Key.parse("Ador")
    assert read_opening("K:G\nDFA dfa|").key == Key("G")


def test_a_requested_mode_gets_its_commonest_key_unless_the_text_states_one() -> None:
    assert read_opening("DFA dfa|", key="dorian").key == Key.parse("Ador")
    assert read_opening("DFA dfa|", key="major").key == Key("G")
    assert read_opening("K:Edor\nDFA dfa|", key="dorian").key == Key.parse("Edor")


def test_a_stated_rhythm_is_kept_if_it_fits_the_metre() -> None:
    assert read_opening("R:Jigs\nM:6/8\nK:D\nDFA|").rhythm == "jig"
    assert read_opening("R:reel\nM:6/8\nK:D\nDFA|").rhythm == ""
    assert read_opening("M:6/8\nK:D\nDFA|").rhythm == ""


def test_ornaments_and_grace_notes_are_kept() -> None:
    score = read_opening("M:6/8\nK:D\n~D{g}FA (dfa)|")
    first, second, *_ = score.notes()
    assert first.decorations == ("roll",)
    assert second.grace[0].midi == 79


@pytest.mark.parametrize("mode", OPENING_MODES)
def test_no_mode_changes_the_notes(mode: OpeningMode) -> None:
    text = "M:6/8\nK:D\n~A|" + "{g}DFA [df]fa|" * 7 + "d3 d2|"
    assert list(read_opening(text, mode=mode).notes()) == list(read_opening(text).notes())


def read_to_play(text: str, key: str | None = None) -> Score:
    return read_opening(text, key=key, mode="play")


def test_a_tune_to_play_is_read_unchanged() -> None:
    text = "X:7\nT:Mine\nR:my own reel\nM:5/4\nL:1/8\nQ:1/4=77\nK:Clyd\nC10|[M:none]CD E|]\n"
    played, plain = read_to_play(text), read(text)
    assert played == plain
    assert (played.title, played.tempo, played.rhythm, played.notices) == ("Mine", (Fraction(1, 4), 77), "my own reel", ())
    assert read_to_play("M:4/4\nR:Reels\nK:C\nC8|").rhythm == "reel"


def test_a_fragment_to_play_gets_the_metre_of_its_bars_and_a_notice_about_its_key() -> None:
    played = read_to_play("D|DFA dfa|a3 d3|")
    assert (str(played.metre), str(played.key)) == ("6/8", "D major")
    assert played.notices == ("The tune states no key (K:), so I took D major.",)
    assert read_to_play("DFA dfa|", key="G").notices == ()
    assert read_to_play("K:D\nDFAd f|DF A|").metre is None
    assert read_to_play("M:none\nK:D\nDFA dfa|").metre is None


@pytest.mark.parametrize(
    ("text", "skipped"),
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
def test_a_notice_names_what_is_left_out_of_a_tune_to_play(text: str, skipped: str) -> None:
    played = read_to_play("X:1\nM:4/4\nL:1/8\nK:C\n" + text)
    assert [skipped in notice and notice.endswith(".") for notice in played.notices] == [True]
    assert len(played.bars) == 1


def test_comments_chord_symbols_and_blank_lines_cause_no_notice() -> None:
    assert read_to_play('X:1\nM:4/4\nL:1/8\nK:C\n% a remark\n"Am"C8|\n\n"G7"D8|] % the end\n').notices == ()
