"""How tunes are made up on the whole: pitch classes, intervals, contours and bar rhythms, and how far two sets lie apart."""

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
WIDEST = 12  # semitones; wider intervals count as this
KINDS = {
    "pitch_class": "pitch class above the tonic, in semitones",
    "interval": "interval between two notes, in semitones",
    "bar_rhythm": "rhythm of a bar, as lengths in eighths",
    "contour": "direction of three intervals: down, level or up",
}
CONTOURS = ["".join(steps) for steps in product("-0+", repeat=3)]
BAR_RHYTHMS = 20  # the commonest are named


def histograms(score: Score) -> dict[str, Histogram]:
    """One tune's counts of each of KINDS; repeats count once."""
    notes = melody(score)
    steps = [min(max(step, -WIDEST), WIDEST) for step in intervals(notes)]
    directions = ["-" if step < 0 else "+" if step > 0 else "0" for step in steps]
    return {
        "pitch_class": Counter((note.midi - score.key.pitch_class) % 12 for note in notes),
        "interval": Counter(steps),
        "bar_rhythm": Counter(
            " ".join(("z" if note.rest else "") + str(note.duration * 8) for note in bar.notes) for bar in score.bars
        ),
        "contour": Counter("".join(three) for three in zip(directions, directions[1:], directions[2:], strict=False)),
    }


def together(tunes: Iterable[Mapping[str, Histogram]]) -> dict[str, Histogram]:
    """The counts of many tunes."""
    total: dict[str, Histogram] = {kind: Counter() for kind in KINDS}
    for tune in tunes:
        for kind, counts in tune.items():
            total[kind].update(counts)
    return total


def divergence(one: Histogram, other: Histogram) -> float:
    """The Jensen-Shannon divergence of two histograms in bits: 0 for the same, 1 for nothing in common."""
    sums = one.total(), other.total()
    if not all(sums):
        return 1.0
    bits = 0.0
    for name in one.keys() | other.keys():
        shares = one[name] / sums[0], other[name] / sums[1]
        middle = sum(shares) / 2
        bits += sum(share / 2 * math.log2(share / middle) for share in shares if share)
    return bits


def kind_of(rhythm: str, metre: str, key: str) -> tuple[str, str, str]:
    """What must be alike in two sets of tunes that are compared: rhythm, metre (2/2 being 4/4) and mode."""
    bars = Metre.parse(metre)
    return rhythm, str(token_metre(bars)) if bars else "", str(Key.parse(key).mode)


def alike(wanted: Sequence[tuple[str, str, str]], stock: Sequence[tuple[str, str, str]], rng: random.Random) -> list[int]:
    """For each wanted kind the index of a tune of that kind, at random, each at most once; where none is left one that is
    alike in rhythm and metre, in metre, or in nothing."""
    depths = [(0, 1, 2), (0, 1), (1,), ()]
    waiting: list[defaultdict[tuple[str, ...], list[int]]] = [defaultdict(list) for _ in depths]
    for index in rng.sample(range(len(stock)), len(stock)):
        for places, depth in zip(depths, waiting, strict=True):
            depth[tuple(stock[index][place] for place in places)].append(index)
    used: set[int] = set()
    chosen = []
    for kind in wanted:
        found = None
        for places, depth in zip(depths, waiting, strict=True):
            row = depth[tuple(kind[place] for place in places)]
            while row and found is None:
                index = row.pop()
                found = index if index not in used else None
            if found is not None:
                break
        if found is None:
            raise ValueError(f"There are fewer than {len(wanted)} training tunes to compare with: ask for fewer.")
        used.add(found)
        chosen.append(found)
    return chosen


def shares(counts: Histogram, classes: Sequence[Any]) -> list[float]:
    """Each class's share; what is none of them belongs to none."""
    return [counts[name] / max(counts.total(), 1) for name in classes]
