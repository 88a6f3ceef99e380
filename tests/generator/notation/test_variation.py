"""Bars that a variation may change."""

from __future__ import annotations

from generator.notation.opening import opening_tokens, read_opening
from generator.notation.variation import split_bars, variable_bars


def test_only_inner_bars_that_are_no_cadence_and_not_tied_are_variable() -> None:
    first = "|:A|" + "".join(f"{note}6|" for note in "BcdefgA") + "1 B3 f2:|2 B6||\n"  # each bar by the degree of its note
    second = "|:d6|e6|f6-|f6|g6|a6|b6-|b6|A6|B6|c6|d6:|"
    bars = split_bars(opening_tokens(read_opening("M:6/8\nK:D\n" + first + second, mode="vary")))
    assert [bars[index][-1] for index in variable_bars(bars)] == ["6", "7", "9", "10", "8", "10", "11", "4", "5", "6"]
    kept_too = variable_bars(bars, before_cadences=False)
    assert [bars[index][-1] for index in kept_too] == ["6", "9", "10", "8", "10", "11", "4", "5"]


def test_bars_before_cadences_are_variable_if_no_others_are() -> None:
    bars = split_bars(opening_tokens(read_opening("M:6/8\nK:D\n|:d6|e6|d6:|", mode="vary")))
    assert [bars[index][-1] for index in variable_bars(bars, before_cadences=False)] == ["8"]
