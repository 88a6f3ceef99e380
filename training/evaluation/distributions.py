"""Distributions over a set of tunes (pitch classes, intervals, contours, bar rhythms) and the divergence between two sets."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from generator.composer.measures import intervals, melody
from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.score import Score
from generator.notation.tokens import token_metre

Histogram = Counter[Any]
MAX_INTERVAL = 12  # semitones; wider intervals are clipped to this
HISTOGRAMS = {
    "pitch_class": "pitch class above the tonic, in semitones",
    "interval": "interval between two notes, in semitones",
    "bar_rhythm": "rhythm of a bar, as lengths in eighths",
    "contour": "direction of three intervals: down, level or up",
}
CONTOURS = ["".join(steps) for steps in product("-0+", repeat=3)]
BAR_RHYTHMS = 20  # the most frequent ones that are shown


def histograms(score: Score) -> dict[str, Histogram]:
    """The histograms of a tune, one for each of HISTOGRAMS; repeats count once."""
    notes = melody(score)
    steps = [min(max(step, -MAX_INTERVAL), MAX_INTERVAL) for step in intervals(notes)]
    directions = ["-" if step < 0 else "+" if step > 0 else "0" for step in steps]
    return {
        "pitch_class": Counter((note.midi - score.key.pitch_class) % 12 for note in notes),
        "interval": Counter(steps),
        "bar_rhythm": Counter(
            " ".join(("z" if note.rest else "") + str(note.duration * 8) for note in bar.notes) for bar in score.bars
        ),
        "contour": Counter("".join(three) for three in zip(directions, directions[1:], directions[2:], strict=False)),
    }


def sum_histograms(tunes: Iterable[Mapping[str, Histogram]]) -> dict[str, Histogram]:
    """Adds up the histograms of many tunes."""
    total: dict[str, Histogram] = {kind: Counter() for kind in HISTOGRAMS}
    for tune in tunes:
        for kind, counts in tune.items():
            total[kind].update(counts)
    return total


def divergence(one: Histogram, other: Histogram) -> float:
    """Jensen-Shannon divergence of two histograms in bits: 0 if they are equal, 1 if they have nothing in common."""
    sums = one.total(), other.total()
    if not all(sums):
        return 1.0
    bits = 0.0
    for name in one.keys() | other.keys():
        pair = one[name] / sums[0], other[name] / sums[1]
        middle = sum(pair) / 2
        bits += sum(share / 2 * math.log2(share / middle) for share in pair if share)
    return bits


def stratum_of(rhythm: str, metre: str, key: str) -> tuple[str, str, str]:
    """The stratum of a tune in comparisons: rhythm, metre (2/2 counts as 4/4) and mode."""
    parsed = Metre.parse(metre)
    return rhythm, str(token_metre(parsed)) if parsed else "", str(Key.parse(key).mode)


def stratified_sample(
    wanted: Sequence[tuple[str, str, str]], strata: Sequence[tuple[str, str, str]], rng: random.Random
) -> list[int]:
    """For each wanted stratum the index of a random tune of that stratum, each tune at most once.

    If none is left, a tune with the same rhythm and metre is used, else one with the same metre, else any.
    """
    levels = [(0, 1, 2), (0, 1), (1,), ()]
    by_level: list[defaultdict[tuple[str, ...], list[int]]] = [defaultdict(list) for _ in levels]
    for index in rng.sample(range(len(strata)), len(strata)):
        for fields, candidates in zip(levels, by_level, strict=True):
            candidates[tuple(strata[index][field] for field in fields)].append(index)
    used: set[int] = set()
    chosen = []
    for stratum in wanted:
        found = None
        for fields, candidates in zip(levels, by_level, strict=True):
            row = candidates[tuple(stratum[field] for field in fields)]
            while row and found is None:
                index = row.pop()
                found = index if index not in used else None
            if found is not None:
                break
        if found is None:
            raise ValueError(f"There are fewer than {len(wanted)} training tunes to compare with. Evaluate fewer tunes.")
        used.add(found)
        chosen.append(found)
    return chosen


def proportions(counts: Histogram, classes: Sequence[Any]) -> list[float]:
    """The proportion of each class. Other values count in the total only."""
    return [counts[name] / max(counts.total(), 1) for name in classes]
