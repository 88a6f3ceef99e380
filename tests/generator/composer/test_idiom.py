"""Idiom: what is common among tunes, counted by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from generator.composer.idiom import COMMON, Idiom, cadences, half_bars
from generator.composer.music import music_of
from generator.notation.reader import read
from generator.notation.score import Score


def tune(bars: str, *, key: str = "D", rhythm: str = "jig", metre: str = "6/8") -> Score:
    return read(f"X:1\nT:x\nR:{rhythm}\nM:{metre}\nL:1/8\nK:{key}\n|:{bars}:|\n")


def test_half_bars_are_those_of_the_metre_and_relative_to_the_tonic() -> None:
    quaver, crotchet = Fraction(1, 8), Fraction(1, 4)
    assert half_bars(tune("DFA z2^G"))[1] == ((-99, 0, crotchet), (3, 1, quaver))
    assert half_bars(tune("DFA d3")) == half_bars(tune("CEG c3", key="C"))
    assert [len(half_bar) for half_bar in half_bars(tune("DEFG A2d2|D2 E4 F2", rhythm="reel", metre="4/4"))] == [4, 2, 3]
    assert len(half_bars(tune("D2E2F2|G6", rhythm="waltz", metre="3/4"))) == 2


def test_cadences_are_the_last_degrees_of_each_part() -> None:
    assert cadences(tune("DFA def|gfe d3:|\n|:fed cBA|GEC D3")) == [(4, 3, 2, 1), (4, 2, 7, 1)]


def test_what_several_tunes_have_is_common() -> None:
    known, odd = tune("DFA def|gfe d3"), tune("FFF GGG|AAA B2B")
    idiom = Idiom.of([(score, music_of(score)) for score in [known] * COMMON + [odd]])

    def traits(score: Score, *, counted: bool = False) -> dict[str, float]:
        return idiom.traits(score, music_of(score), counted=counted)

    found = traits(tune("DFA GGG|gfe d3"))
    assert found["half-bars common"] == 3 / 4
    assert found["half-bars"] == pytest.approx(3 / 4 * math.log(COMMON))
    assert found["cadences common"] == 1.0
    assert found["bar rhythms"] == pytest.approx((math.log(COMMON + 1) + math.log(COMMON)) / 2)  # odd has the first one too
    assert traits(odd)["rarest bar rhythm"] == 0.0
    assert traits(tune("FFF GGG"))["half-bars common"] == 0.0
    assert traits(tune("DFA def", rhythm="slide"))["half-bars common"] == 0.0  # nothing is known of slides
    assert traits(known, counted=True)["half-bars common"] == 0.0  # only four others have them
