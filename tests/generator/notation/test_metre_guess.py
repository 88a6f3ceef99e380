"""The metre and the unit note length of openings that don't state them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from generator.notation.opening import opening_tokens, read_opening
from tests.generator.notation.excerpts import Wanted


@pytest.mark.parametrize(
    ("music", "wanted", "metre"),
    [
        ("DFA dfa|", {}, "6/8"), ("DFA def gab|", {}, "9/8"), ("D2FA d2fa|", {}, "4/4"), ("A2 BA|d2 ed|f2 ed|", {}, "2/4"),
        ("A|DFA dfa|d", {}, "6/8"), ("DFA dfa dfa dfa|", {}, "12/8"),
        ("A2 BA|d2 ed|", {"rhythm": "polka"}, "2/4"),
        ("D2FA", {"rhythm": "reel"}, "4/4"), ("G2B2d2|", {"rhythm": "waltz"}, "3/4"),
        ("DFA dfa|", {"rhythm": "slide"}, "6/8"), ("DFA dfa|DFA|", {"rhythm": "slide"}, "6/8"),
        ("A2FA|A2FA|", {"rhythm": "march"}, "2/4"), ("A2FA|", {"metre": "4/4"}, "4/4"),
        ("R:waltz\nK:G\nG2B2d2|", {}, "3/4"),
        ("R:jig\nK:D\nA|DFA dfa|", {}, "6/8"), ("R:jig\nDFA dfa|", {"rhythm": "jig"}, "6/8"),
        ("M:C|\nK:D\nD2FA d2fa|", {}, "2/2"), ("K:D\nM:9/8\nDFA dfa|", {}, "9/8"),
    ],
)  # fmt: skip
def test_the_metre_is_stated_requested_or_guessed(music: str, wanted: Wanted, metre: str) -> None:
    score = read_opening(music, **wanted)
    assert str(score.metre) == metre
    assert {note.duration for note in score.notes()} <= {Fraction(1, 8), Fraction(1, 4)}


@pytest.mark.parametrize("text", ["M:none\nK:D\nDFA dfa|", "M:\nK:D\nDFA dfa|"])
def test_free_metre_becomes_the_metre_that_the_bars_fill(text: str) -> None:
    assert str(read_opening(text).metre) == "6/8"


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("M:2/4\nd2 ed|ce f2|", "|: /48 7 /24 8 7 | 6 8 /48 9"),  # ABC means semiquavers, which would fill half of each bar
        ("M:2/4\nA|dd fe|", "|: up24 /24 4 | 7 7 9 8"),
        ("M:2/4\nd2 e", "|: /48 7 /24 8"),
        ("M:2/4\nd4e2d2|c2e2 f4|", "|: /48 7 /24 8 7 | 6 8 /48 9"),
        ("M:2/4\nL:1/16\nd2ed|", "|: /24 7 /12 8 7"),
    ],
)
def test_two_four_without_a_unit_note_length_may_be_in_quavers(text: str, tokens: str) -> None:
    assert " ".join(opening_tokens(read_opening(text))) == tokens
