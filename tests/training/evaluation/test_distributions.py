"""Histograms of tunes and how far they lie apart, against figures reckoned by hand."""

import random
from collections import Counter

import pytest

from generator.notation.reader import read
from training.evaluation.distributions import CONTOURS, alike, divergence, histograms, kind_of, shares, together

TUNE = "X:1\nM:6/8\nL:1/8\nK:Ador\nA2B cBA|A/B/cd e'3-|e'3 z3|]"


def test_a_tune_is_counted_from_its_tonic():
    found = histograms(read(TUNE))
    assert found["pitch_class"] == {0: 3, 2: 3, 3: 2, 5: 1, 7: 1}
    assert found["interval"] == {0: 1, 2: 3, 1: 2, -1: 1, -2: 1, 12: 1}  # d to e' is wider than an octave
    assert found["contour"] == {"++-": 1, "+--": 1, "--0": 1, "-0+": 1, "0++": 1, "+++": 2}
    assert found["bar_rhythm"] == {"2 1 1 1 1": 1, "1/2 1/2 1 1 3": 1, "3 z3": 1}
    assert len(CONTOURS) == len(set(CONTOURS)) == 27


def test_many_tunes_are_counted_together():
    one = histograms(read(TUNE))
    both = together([one, one])
    assert both["interval"] == {name: 2 * count for name, count in one["interval"].items()}
    assert one["interval"][2] == 3
    assert shares(both["pitch_class"], [0, 2, 11]) == [0.3, 0.3, 0]


def test_divergence_is_nothing_of_likes_and_one_of_strangers():
    assert divergence(Counter(a=1, b=3), Counter(a=2, b=6)) == 0
    assert divergence(Counter(a=1), Counter(b=7)) == 1
    assert divergence(Counter(a=5), Counter(a=1, b=1)) == pytest.approx(0.311278, abs=1e-6)
    assert divergence(Counter(a=1, b=1), Counter(a=5)) == pytest.approx(0.311278, abs=1e-6)
    assert divergence(Counter(), Counter(a=1)) == 1


def test_tunes_to_compare_with_are_of_the_same_kinds():
    reel, jig, minor = kind_of("reel", "2/2", "D"), kind_of("jig", "6/8", "G"), kind_of("reel", "4/4", "Em")
    assert reel == kind_of("reel", "4/4", "A")
    stock = [reel, reel, reel, jig, jig, minor]
    wanted = [reel, jig, reel, minor, reel, jig]
    chosen = alike(wanted, stock, random.Random(1))
    assert sorted(chosen) == [0, 1, 2, 3, 4, 5]
    assert [stock[index] for index in chosen] == wanted
    assert alike(wanted, stock, random.Random(1)) == chosen
    assert len({tuple(alike([reel, reel], stock, random.Random(seed))) for seed in range(20)}) > 1


def test_where_a_kind_is_used_up_the_nearest_stands_in():
    reel, jig, minor = kind_of("reel", "4/4", "D"), kind_of("jig", "6/8", "G"), kind_of("reel", "4/4", "Em")
    air = kind_of("air", "4/4", "Em")
    assert alike([reel, reel], [jig, air, minor, reel], random.Random(1)) == [3, 2]
    assert alike([reel, reel, reel, reel], [jig, air, minor, reel], random.Random(1)) == [3, 2, 1, 0]
    with pytest.raises(ValueError, match="fewer than 2"):
        alike([reel, reel], [reel], random.Random(1))
