"""Idiom: what is common among tunes, counted by hand."""

from __future__ import annotations

import math

import pytest

from generator.composer.idiom import COMMON, REST, HalfBar, Idiom, cadences, half_bars
from generator.composer.music import music_of
from generator.notation.reader import read
from generator.notation.score import Score


def tune(bars: str, *, key: str = "D", rhythm: str = "jig", metre: str = "6/8") -> Score:
    return read(f"X:1\nT:x\nR:{rhythm}\nM:{metre}\nL:1/8\nK:{key}\n|:{bars}:|\n")


def halves(bars: str, *, key: str = "D", rhythm: str = "jig", metre: str = "6/8") -> list[HalfBar]:
    score = tune(bars, key=key, rhythm=rhythm, metre=metre)
    return half_bars(music_of(score), score.metre)


def test_half_bars_are_relative_to_the_tonic() -> None:
    found = halves("DFAd z2^G2|D8", rhythm="reel", metre="4/4")
    assert found == [
        ((0, 0, 24), (2, 0, 24), (4, 0, 24), (7, 0, 24)),
        ((REST, 0, 48), (3, 1, 48)),
        ((0, 0, 192),),  # not divided
    ]
    assert halves("GBdg z2^c2|G8", key="G", rhythm="reel", metre="4/4") == found


@pytest.mark.parametrize(
    ("metre", "body", "number"), [("6/8", "DFA dAF|D6", 3), ("9/8", "DFA dAF D3", 3), ("3/4", "D6", 1), ("2/4", "DF Ad", 2)]
)
def test_compound_metres_are_divided_into_beats(metre: str, body: str, number: int) -> None:
    assert len(halves(body, rhythm="", metre=metre)) == number


def test_pick_ups_and_bars_of_the_wrong_length_have_no_half_bars() -> None:
    assert len(halves("A2|DFAd fdAF|DFA|D6", rhythm="reel", metre="4/4")) == 2


def test_cadences_are_the_last_degrees_of_each_part() -> None:
    assert cadences(music_of(tune("DFA def|gfe d3:|\n|:fed cBA|GEC D3"))) == ["4 3 2 1", "4 2 7 1"]


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
