"""Idiom: what is common among tunes, counted by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from generator.composer.idiom import COMMON, Idiom, cadences, chromatics_resolved, half_bars, motifs, octave_slips
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


def test_chromatic_notes_are_resolved_by_step() -> None:
    assert chromatics_resolved(tune("DFA ^GAB|^GDF D3")) == 0.5
    assert chromatics_resolved(tune("DFA GAB")) is None


def test_a_phrase_in_which_single_notes_change_octave_is_a_slip() -> None:
    assert octave_slips(tune("efg efe|Efg efe")) == pytest.approx(2 / 3)
    assert octave_slips(tune("efg efe|EFG EFE")) == 0.0  # the whole phrase is an octave lower
    assert octave_slips(tune("efg efe|efg efe")) == 0.0


def test_motifs_come_again_on_any_degree() -> None:
    assert motifs(tune("DEF EFG|BAd c3")) == pytest.approx(2 / 3)


def test_what_several_tunes_have_is_common() -> None:
    idiom = Idiom.of([tune("DFA def|gfe d3")] * COMMON + [tune("FFF GGG|AAA BBB")])
    found = idiom.numbers(tune("DFA GGG|gfe d3"))
    assert found["half_bars_common"] == 3 / 4
    assert found["cadences_known"] == 1.0
    assert idiom.numbers(tune("FFF GGG"))["half_bars_common"] == 0.0
    assert "half_bars_common" not in idiom.numbers(tune("FFF GGG", rhythm="slide"))
    assert idiom.numbers(tune("DFA def|gfe d3"), counted=True)["half_bars_common"] == 0.0  # only four others have them
