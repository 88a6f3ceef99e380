"""What is common among training tunes."""

from collections import Counter

import pytest

from generator.notation.reader import read
from generator.notation.score import Score
from training.evaluation.common import (
    COMMON_HALF_BARS,
    ENOUGH_TUNES,
    KNOWN_CADENCES,
    CommonMusic,
    total_variation,
)


def reel(body: str, key: str = "D") -> Score:
    return read(f"X:1\nT:x\nR:reel\nM:4/4\nL:1/8\nK:{key}\n{body}\n")


def test_a_half_bar_is_common_if_several_training_tunes_have_it() -> None:
    common = CommonMusic.of([reel("|:DFAd DFAd|D8:|")] * COMMON_HALF_BARS + [reel("|:FAFA FAFA|F8:|")])
    assert common.common_half_bars(reel("|:DFAd FAFA|D8:|"), "reel") == (2, 3)
    assert common.common_half_bars(reel("|:GBdg BdBd|G8:|", "G"), "reel") == (2, 3)  # in any key
    assert common.common_half_bars(reel("|:DFAd FAFA|D8:|"), "hornpipe") == (0, 0)


def test_a_half_bar_counts_once_for_each_tune() -> None:
    common = CommonMusic.of([reel("|:" + COMMON_HALF_BARS * "DFAd DFAd|" + "D8:|")])
    assert common.common_half_bars(reel("|:DFAd DFAd|D8:|"), "reel")[0] == 0


def test_a_cadence_is_known_if_several_parts_end_with_it() -> None:
    common = CommonMusic.of([reel("|:DFAd FEDC|D8:|")] * KNOWN_CADENCES + [reel("|:DFAd FEGE|D8:|")])
    assert common.known_cadences(reel("|:dfaf FEDC|D8:|\n|:DFAd FEGE|D8:|")) == (1, 2)


def test_the_distance_of_forms_compares_shares() -> None:
    one, other = Counter(a=3, b=1), Counter(a=2, c=2)
    assert total_variation(one, other) == 0.5
    assert total_variation(one, Counter(a=6, b=2)) == 0
    assert total_variation(one, Counter(d=1)) == 1


def test_forms_are_compared_with_those_of_the_rhythm() -> None:
    repeated, once = reel("|:DFAd fdAF|D8:|"), reel("|DFAd fdAF|D8|]")
    common = CommonMusic.of([repeated] * (ENOUGH_TUNES // 2) + [once] * (ENOUGH_TUNES // 2))
    assert common.form_distance([repeated], "reel") == 0.5
    assert common.form_distance([repeated, once], "reel") == 0
    assert common.form_distance([], "reel") is None
    assert common.form_distance([repeated], "jig") is None
    assert common.form_distance_by_chance(1, "reel") == pytest.approx(0.5)
    many = common.form_distance_by_chance(10_000, "reel")
    assert many is not None
    assert many < 0.01


def test_rare_forms_count_as_one() -> None:
    usual, rare, other = reel("|:D8:|"), reel("|:D8|E8|F8:|"), reel("|:D8|E8|F8|G8:|")
    common = CommonMusic.of([usual] * 98 + [rare] * 2)
    assert common.form_distance([usual] * 98 + [other] * 2, "reel") == 0


def test_forms_of_a_rhythm_with_few_tunes_are_not_compared() -> None:
    common = CommonMusic.of([reel("|:D8:|")] * (ENOUGH_TUNES - 1))
    assert common.form_distance([reel("|:D8:|")], "reel") is None
