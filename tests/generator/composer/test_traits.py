"""The traits of a tune, computed by hand."""

import pytest

from generator.composer.music import music_of
from generator.composer.traits import traits_of
from generator.notation.reader import read

# Bars 5 and 6 equal 1 and 2; bar 7 has five of bar 3's six notes at the same offset, bar 8 none of bar 4's.
A = "DFA dAF|GBG FAF|EFG EFG|FED CDE|DFA dAF|GBG FAF|EFG EFA|D3 D3"
B = "dfd cec|BdB AFA|GBG FAF|EFG ECE|dfd cec|BdB AFA|EFG EFA|D3 D3"


def traits(body: str) -> dict[str, float]:
    found = traits_of(music_of(read(f"X:1\nT:x\nR:jig\nM:6/8\nL:1/8\nK:D\n{body}\n")))
    return {name: value for group in found.values() for name, value in group.items()}


def test_the_traits_of_a_jig() -> None:
    found = traits(f"|:{A}:|\n|:{B}:|")
    assert found["same as 4 before"] == (12 + 5 + 12 + 1) / 40
    assert found["parts end alike"] == 8 / 20  # the last two bars, of four
    assert found["parts begin alike"] == 2 / 24  # a G and an E
    assert (found["last bar alike"], found["last two bars alike"]) == (1, 1)
    assert found["distinct bars"] == 9 / 16
    assert found["range"] == 17  # C sharp to F sharp
    assert found["steps 5"] == 2 / 87  # D3 D3, twice
    assert found["length 24"] == pytest.approx(84 / 88)
    assert found["bars of equal notes"] == 1
    assert found["notes a bar"] == 88 / 16
    assert found["bar lengths"] == 2 / 16
    assert found["parts end on the tonic"] == 1
    assert found["bars of the first part"] == 8
    assert found["parts"] == 2
    assert found["second part higher"] == pytest.approx(131 / 44)  # semitones, from the sums of both parts


def test_what_is_unusual_shows() -> None:
    assert traits("|:DFA dAF|DFA dAF|DFA dAF|DFA dAF:|")["same as 1 before"] == 1
    assert traits("|:DFA ^GAB|^GDF D3:|")["altered and not resolved"] == 1 / 10
    assert traits("|:DFA dAF|DFA d3:|\n|:B2c d3|ABc d3:|")["parts end with 7-1"] == 1 / 2
    assert traits("|:DEF GFE|dEF GFE|EFG AGF|DDD DDD:|")["octave slips"] == 1 / 4
    assert traits("|:DEF GFE|EFG AGF|DDD DDD|dfd AAA:|")["sequences"] == 0.0  # the second bar's steps have other sizes
    assert traits("|:EFG ABc|BAG FED|EFG A2z|z6:|")["rests"] == pytest.approx(2 / 18)


def test_silence_has_finite_traits() -> None:
    found = traits("|:z6|z6:|")
    assert found["rests"] == 1
    assert found["range"] == 0
