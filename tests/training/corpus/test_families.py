"""Families of related tunes, and a split that keeps each family together."""

from collections import defaultdict

from tests.training.tunes import melody, raw, up_a_fifth, variant
from training.corpus.build import build
from training.corpus.families import HELD_OUT, find_families, split_of


def test_no_family_is_in_two_splits() -> None:
    tunes = []
    for seed in range(150):
        bars = melody(seed)
        tunes += [raw(bars), raw(variant(bars, seed)), raw(up_a_fifth(variant(bars, seed + 1)), key="A")]
    corpus = build(tunes)
    sides = defaultdict(set)
    members: defaultdict[str, int] = defaultdict(int)
    for entry in corpus.entries:
        sides[entry.family].add(entry.split)
        members[entry.family] += 1
    assert all(len(found) == 1 for found in sides.values())
    assert set(members.values()) == {3}
    assert len(members) == 150
    assert {entry.split for entry in corpus.entries} == {"train", "validation", "test"}
    assert sum(len(corpus.split(name)) for name in ("train", "validation", "test")) == len(corpus.entries)


def test_families_are_transitive() -> None:
    rng = list(range(1, 60))
    first, second, third = rng[:30], rng[12:42], rng[24:54]
    assert find_families([[first, "a"], [second, "b"], [third, "c"], [[0] * 20, "d"]]) == ["a", "a", "a", "d"]
    assert find_families([[first, "a"], [third, "c"]]) == ["a", "c"]


def test_tunes_too_short_to_compare_are_separate_families() -> None:
    assert find_families([[[1, 2], "a"], [[1, 2], "b"], [[], "c"]]) == ["a", "b", "c"]


def test_the_split_depends_on_the_family_alone_in_the_given_proportions() -> None:
    names = [f"book:{number}" for number in range(4000)]
    found = [split_of(name) for name in names]
    assert found == [split_of(name) for name in names]
    for side in ("validation", "test"):
        assert abs(found.count(side) / 4000 - HELD_OUT) < 0.015


def test_the_split_of_a_family_never_changes() -> None:
    sides = {"irish.abc:1": "train", "irish.abc:5": "test", "irish.abc:47": "test", "irish.abc:75": "validation"}
    assert {family: split_of(family) for family in sides} == sides
