"""Openings that the composer cannot use are refused with a message that names the problem."""

from __future__ import annotations

import pytest

from generator.notation.opening import read_opening
from generator.notation.opening_modes import OpeningMode
from tests.generator.notation.excerpts import Wanted, refusal


@pytest.mark.parametrize(
    ("text", "wanted", "words"),
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
def test_an_unusable_opening_is_refused_with_the_problem_and_its_position(text: str, wanted: Wanted, words: list[str]) -> None:
    message = refusal(text, **wanted)
    assert all(word in message for word in words), message
    assert message.endswith(".")


def test_an_opening_that_leaves_no_time_for_a_tune_is_refused() -> None:
    part = "|:" + "D8|" * 7 + "D8:|"
    message = refusal("R:air\nM:4/4\nL:1/8\nK:D\n" + part * 3)
    assert "plays for 160 s" in message


def test_repetitions_by_the_order_of_parts_count_as_playing_time() -> None:
    tune = "R:air\nM:4/4\nL:1/8\nP:{}\nK:D\nP:A\n" + "D8|" * 8
    read_opening(tune.format("AAA"))
    assert "plays for 160 s" in refusal(tune.format("A6"))


SEVEN_BARS = "DFA dfa|" * 7


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        ("DFA dfa|d6|", "second part", ["a whole first part", "4 bars", "shorter"]),
        (("|:" + SEVEN_BARS + "d6:|") * 2, "second part", ["a single first part", "2 parts"]),
        ("AB|" + SEVEN_BARS + "d3d2|", "second part", ["last bar", "pick-up"]),
        ("A|", "answer", ["at least one bar", "only a pick-up"]),
        ("|:DFA dfa|d6:|", "vary", ["nothing to vary"]),
        ("|:" + "d3 d3-|" * 7 + "d6:|", "vary", ["nothing to vary"]),
    ],
)
def test_an_opening_that_its_mode_cannot_use_is_refused(text: str, mode: OpeningMode, words: list[str]) -> None:
    message = refusal("M:6/8\nK:D\n" + text, mode=mode)
    assert all(word in message for word in words), message
    assert message.endswith(".")
