"""The last bar of an opening is open or closed, as the mode needs it."""

from __future__ import annotations

import pytest

from generator.notation.opening import opening_tokens, read_opening
from generator.notation.opening_end import parts_without_pick_up
from generator.notation.tokens import encode_opening


def test_an_unfinished_last_bar_stays_open_and_a_full_one_is_closed() -> None:
    assert encode_opening(read_opening("M:6/8\nDFA dfa|DF"))[-2:] == ["0", "2"]
    assert encode_opening(read_opening("M:6/8\nDFA dfa"))[-1] == "|"
    assert encode_opening(read_opening("M:6/8\n|:DFA dfa:|"))[-1] == ":|"


@pytest.mark.parametrize("text", ["A|:DFA dfa|gfe", "A|:DFA dfa|gfe dc:|", "A|:DFA dfa|1gfe dc:|2gfe def||"])
def test_a_pick_up_before_the_repeat_belongs_to_the_part(text: str) -> None:
    assert encode_opening(read_opening("M:6/8\n" + text))[4:8] == ["|:", "up24", "/24", "4"]


def test_a_pick_up_before_a_repeat_that_leaves_no_room_for_it_is_a_part_of_its_own() -> None:
    assert encode_opening(read_opening("M:6/8\nA|:DFA dfa|gfe dcd:|"))[4:8] == ["[|", "/24", "4", "||"]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("M:4/4\nEF|", ["|:", "up48", "/24", "1", "2", "|"]),  # a bar line follows: a pick-up
        ("M:4/4\nEF", ["|:", "/24", "1", "2"]),  # no bar line: the bar is unfinished
        ("M:4/4\nEFGA|", ["|:", "/24", "1", "2", "3", "4"]),  # half a bar is not a pick-up
        ("M:4/4\n|:EF|G2A2B2c2|d6:|EF", ["|:", "up48", "/24", "1", "2"]),  # the next part begins as the first did
    ],
)
def test_a_single_short_bar_is_a_pick_up_if_a_bar_line_follows(text: str, tokens: list[str]) -> None:
    found = encode_opening(read_opening(text))
    assert [token for token in found if token != "/0"][-len(tokens) :] == tokens or found[4 : 4 + len(tokens)] == tokens


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
def test_an_opening_may_begin_and_end_anywhere(text: str, tokens: str) -> None:
    assert " ".join(opening_tokens(read_opening(text))) == tokens


SEVEN_BARS = "DFA dfa|" * 7


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        (SEVEN_BARS + "d6|", "|: /24 0", "/144 7 :|"),
        (SEVEN_BARS + "d6", "|: /24 0", "/144 7 :|"),
        ("|:" + SEVEN_BARS + "d6:|", "|: /24 0", "/144 7 :|"),
        (SEVEN_BARS + "d6||", "[| /24 0", "/144 7 ||"),  # played once, as it is written
        ("A|" + SEVEN_BARS + "d5|", "|: up24 /24 4 |", "/120 7 :|"),
        ("A|:" + SEVEN_BARS + "d5|", "|: up24 /24 4 |", "/120 7 :|"),
        ("A|" + SEVEN_BARS + "d3", "|: up24 /24 4 |", "| /72 7"),  # the model completes the bar
        ("A|" + SEVEN_BARS + "d6|", "[| /24 4 || |: 0", "/144 7 :|"),  # no room for the pick-up: it is played once
        ("|:A|" + SEVEN_BARS + "d6|", "[| /24 4 || |: 0", "/144 7 :|"),
        ("|:" + SEVEN_BARS + "d6:|\nB2", "|: /24 0", ":| |: /48 5"),
    ],
)
def test_a_first_part_is_closed_before_the_second(text: str, begins: str, ends: str) -> None:
    tokens = " ".join(opening_tokens(read_opening("M:6/8\nK:D\n" + text.replace("d5", "d3d2"), mode="second part")))
    ends = ends.replace("/120 7", "/72 7 /48 7")
    assert (tokens[: len(begins)], tokens[-len(ends) :]) == (begins, ends)


def test_an_answer_follows_a_double_bar_in_the_same_part_and_a_repeat_in_a_new_one() -> None:
    assert opening_tokens(read_opening("M:6/8\nDFA dfa|d6||", mode="answer"))[-1] == "7"
    assert opening_tokens(read_opening("M:6/8\nA|DFA dfa|d3d2|]", mode="answer"))[-1] == "7"
    assert opening_tokens(read_opening("M:6/8\nDFA dfa|d6:|", mode="answer"))[-1] == ":|"


def test_a_tune_to_vary_is_closed_at_its_end() -> None:
    assert opening_tokens(read_opening("M:6/8\nK:D\n|:" + SEVEN_BARS + "d6:|" + SEVEN_BARS + "d6|", mode="vary"))[-1] == "||"


def test_a_pick_up_of_its_own_is_not_counted_as_a_part() -> None:
    assert len(parts_without_pick_up(read_opening("M:6/8\nA|:DFA dfa|gfe dcd:|B6|"))) == 2
