"""Histograms of tunes and their divergence, compared with values computed by hand."""

import random
from collections import Counter

import pytest

from generator.notation.reader import read
from training.evaluation.distributions import (
    CONTOURS,
    divergence,
    histograms,
    proportions,
    stratified_sample,
    stratum_of,
    sum_histograms,
)

TUNE = "X:1\nM:6/8\nL:1/8\nK:Ador\nA2B cBA|A/B/cd e'3-|e'3 z3|]"


def test_histograms_of_a_tune() -> None:
    found = histograms(read(TUNE))
    assert found["pitch_class"] == {0: 3, 2: 3, 3: 2, 5: 1, 7: 1}
    assert found["interval"] == {0: 1, 2: 3, 1: 2, -1: 1, -2: 1, 12: 1}  # d to e' is wider than an octave
    assert found["contour"] == {"++-": 1, "+--": 1, "--0": 1, "-0+": 1, "0++": 1, "+++": 2}
    assert found["bar_rhythm"] == {"2 1 1 1 1": 1, "1/2 1/2 1 1 3": 1, "3 z3": 1}
    assert len(CONTOURS) == len(set(CONTOURS)) == 27


def test_many_tunes_are_counted_sum_histograms() -> None:
    one = histograms(read(TUNE))
    both = sum_histograms([one, one])
    assert both["interval"] == {name: 2 * count for name, count in one["interval"].items()}
    assert one["interval"][2] == 3
    assert proportions(both["pitch_class"], [0, 2, 11]) == [0.3, 0.3, 0]


def test_divergence_is_0_for_equal_and_1_for_disjoint_histograms() -> None:
    assert divergence(Counter(a=1, b=3), Counter(a=2, b=6)) == 0
    assert divergence(Counter(a=1), Counter(b=7)) == 1
    assert divergence(Counter(a=5), Counter(a=1, b=1)) == pytest.approx(0.311278, abs=1e-6)
    assert divergence(Counter(a=1, b=1), Counter(a=5)) == pytest.approx(0.311278, abs=1e-6)
    assert divergence(Counter(), Counter(a=1)) == 1


def test_a_sample_has_the_wanted_strata() -> None:
    reel, jig, minor = stratum_of("reel", "2/2", "D"), stratum_of("jig", "6/8", "G"), stratum_of("reel", "4/4", "Em")
    assert reel == stratum_of("reel", "4/4", "A")
    strata = [reel, reel, reel, jig, jig, minor]
    wanted = [reel, jig, reel, minor, reel, jig]
    chosen = stratified_sample(wanted, strata, random.Random(1))
    assert sorted(chosen) == [0, 1, 2, 3, 4, 5]
    assert [strata[index] for index in chosen] == wanted
    assert stratified_sample(wanted, strata, random.Random(1)) == chosen
    assert len({tuple(stratified_sample([reel, reel], strata, random.Random(seed))) for seed in range(20)}) > 1


def test_an_exhausted_stratum_is_replaced_by_the_nearest() -> None:
    reel, jig, minor = stratum_of("reel", "4/4", "D"), stratum_of("jig", "6/8", "G"), stratum_of("reel", "4/4", "Em")
    air = stratum_of("air", "4/4", "Em")
    assert stratified_sample([reel, reel], [jig, air, minor, reel], random.Random(1)) == [3, 2]
    assert stratified_sample([reel, reel, reel, reel], [jig, air, minor, reel], random.Random(1)) == [3, 2, 1, 0]
    with pytest.raises(ValueError, match="fewer than 2"):
        stratified_sample([reel, reel], [reel], random.Random(1))
