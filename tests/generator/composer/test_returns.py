"""Outlines: which bars of a tune return earlier ones, and how high its parts lie."""

from __future__ import annotations

import pytest

from generator.composer.returns import (
    ALL,
    AT_THE_END,
    IN_A_LATER_PART,
    IN_ITS_PART,
    MOST,
    NEVER,
    NOTHING,
    SOME,
    UNKNOWN,
    Outline,
    lift_class,
    outline_of,
    unplanned_returns,
)
from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.tokens import encode

A = ["CDE FGA", "c3 B3", "AGF EFG", "G3 E3", "CDE FGA", "c3 B2c", "GFE DEF", "E3 C2"]
B = ["efg a3", "d3 e3", "efg a2b", "e3 g3", "CDE FGA", "aba gfe", "GFE DEF", "E3 C2"]


def score(*parts: str) -> Score:
    return read("R:jig\nM:6/8\nL:1/8\nK:C\n" + "\n".join(parts))


def outline(*parts: str) -> Outline:
    return outline_of(encode(score(*parts)))


def tune(first: list[str] = A, second: list[str] = B) -> Score:
    return score(f"|:G|{'|'.join(first)}:|", f"|:g|{'|'.join(second)}:|")


def whole(first: list[str] = A, second: list[str] = B) -> Outline:
    return outline_of(encode(tune(first, second)))


def test_each_bar_names_the_earlier_bar_that_it_returns() -> None:
    found = whole()
    assert found.layout == [8, 8]
    assert found.returns[:8] == [
        (NOTHING, -1), (NOTHING, -1), (NOTHING, -1), (NOTHING, -1), (ALL, 0), (SOME, 1), (NOTHING, -1), (NOTHING, -1),
    ]  # fmt: skip
    assert found.returns[10] == (MOST, 8)  # four of five notes
    assert found.returns[12:] == [(ALL, 4), (NOTHING, -1), (ALL, 6), (ALL, 7)]


def test_the_end_of_a_part_returns_the_end_of_the_first_and_not_a_bar_in_between() -> None:
    assert whole(second=[*B[:3], "E3 C3", *B[4:]]).returns[15] == (ALL, 7)


def test_a_bar_is_the_same_only_with_the_same_note_lengths() -> None:
    longer = [*A[:4], "CDE F2A", *A[5:]]
    assert whole(longer).returns[4] == (MOST, 0)


def test_a_second_ending_counts_for_no_bar() -> None:
    found = outline("|:CDE FGA|[1 c3 B3:|[2 c3 G3||", "|:efg a3|c3 G3:|")
    assert found.layout == [2, 2]
    assert found.returns == [(NOTHING, -1), (NOTHING, -1), (NOTHING, -1), (ALL, 1)]


def test_parts_are_compared_by_their_mean_pitch() -> None:
    assert whole().lifts == [0, lift_class(3.0)]
    assert outline("|:c6|e6:|", "|:c6|e6:|", "|:C6|E6:|", "|:a6|b6:|").lifts == [0, lift_class(0), lift_class(-7), lift_class(5)]
    assert [lift_class(lift) for lift in (-1.1, -1, 0.9, 1, 2.4, 2.5)] == [1, 2, 2, 3, 3, 4]


def test_a_plan_tells_which_bars_are_returned_to() -> None:
    planned = whole().planned()
    assert planned[:, 0].tolist() == [likeness for likeness, _ in whole().returns]
    assert planned[[0, 1, 4, 6, 7], 2].tolist() == [IN_ITS_PART, NEVER, IN_A_LATER_PART, IN_A_LATER_PART, AT_THE_END]
    assert planned[2, 2] == NEVER
    assert UNKNOWN.planned().shape == (0, 3)


def test_bars_that_return_or_not_against_the_plan_are_counted() -> None:
    tokens, planned = encode(tune()), list(whole().returns)
    assert unplanned_returns(planned, tokens) == 0
    planned[4] = NOTHING, -1  # it returns the first bar, whole
    planned[0] = ALL, 3  # it returns none
    planned[5] = MOST, 1  # some of it returns: only whole bars count
    planned[15] = 0, -1  # nobody knows
    assert unplanned_returns(planned, tokens) == 2
    assert unplanned_returns((), tokens) == 0


@pytest.mark.parametrize("text", ["|:c6:|", "c6|", "|:z6|z6:|"])
def test_short_and_silent_tunes_have_an_outline(text: str) -> None:
    found = outline(text)
    assert len(found.returns) == sum(found.layout)
