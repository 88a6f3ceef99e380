"""Words are told from music, although all of ABC is letters."""

from __future__ import annotations

import pytest

from generator.notation.opening_modes import OPENING_MODES, OpeningMode
from generator.notation.prose import prose_start
from generator.notation.reader import read
from tests.generator.notation.excerpts import pitches, read_error, refusal


@pytest.mark.parametrize(
    "line",
    [
        "please write me a nice tune", "a jig in G", "A reel", "hello", "nice", "make it fast", "PLEASE WRITE ME A TUNE",
        "ein schöner Reel bitte", "une gigue gaie", "una polca alegre", "port i Sol", "Dm7", "Dm7 G7 C",
        "like the one before | but faster", "|:GABc dedB| thanks", "I don't know",
    ],
)  # fmt: skip
def test_words_are_no_music(line: str) -> None:
    assert prose_start(line) is not None


@pytest.mark.parametrize(
    "line",
    [
        "|:GABc dedB|1 A2AB d2:|2 z4 x2y2||", "vuGHLcMOPSTd .a~b", '"Dm7"DFA "^slowly"dfa "Gmaj7"B3|', "!trill!A +fermata+B",
        "!D.C.!c [K:Ddor]DEF [M:6/8]GAB [r:a remark]c|", "RdBc JABc kf3 kvG2 (kA<F)", "^c_d=e (3efg [ceg]2 {gab}a", "cabbage",
        "Adde fsedf|", "",
    ],
)  # fmt: skip
def test_music_has_no_words(line: str) -> None:
    assert prose_start(line) is None


def test_letters_that_the_tune_defines_are_ornaments() -> None:
    assert prose_start("tABc twd") == 0
    assert prose_start("tABc twd", {"t", "w"}) is None
    assert pitches("tABc nd|", "U:t=!turn!\nU: n = !tenuto!\nM:none\nK:C\n") == [[69], [71], [72], [74]]


@pytest.mark.parametrize("mode", OPENING_MODES)
def test_prose_is_no_opening_in_any_mode(mode: OpeningMode) -> None:
    for text in ("please write me a nice tune", "K:D\n|:DFA dfa:|\nplease write me a nice tune"):
        assert "“please write me a nice tune” is not ABC. Write notes" in refusal(text, mode=mode)


def test_the_message_quotes_the_words_and_says_where_they_are() -> None:
    error = read_error("K:D\n|:DFA dfa:| and so on, until everybody in the room has left")
    assert (error.line, error.column, error.text) == (2, 13, "and so on, until everybody in the room h")


def test_words_in_fields_remarks_and_other_voices_are_no_music() -> None:
    tune = "X:1\nT:Please write me a nice tune\nM:6/8\nK:D\nV:1\nDFA dfa| % a remark\nw:some words\nV:2\nnot read\n"
    assert len(read(tune).bars) == 1
