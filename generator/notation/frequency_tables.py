"""How common rhythms and keys are in Irish music.

Counts of tunes in the corpus's training split: 4,353 tunes, of which 3,307 name a rhythm. What neither the request nor the
model chooses is drawn from these counts.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from itertools import accumulate
from typing import TypeVar

from generator.notation.keys import Key, Mode

Item = TypeVar("Item")

RHYTHM_COUNTS = {
    "reel": 1061, "jig": 733, "hornpipe": 570, "air": 470, "march": 170, "slip jig": 133, "strathspey": 83, "polka": 42,
    "slide": 31, "waltz": 14,
}  # fmt: skip
# Keys of at least 2 % of the tunes in their mode.
KEY_COUNTS = {
    Key.parse(name): tunes
    for name, tunes in {
        "G": 1535, "D": 1276, "A": 361, "C": 120, "F": 102, "Bb": 102,
        "Em": 155, "Am": 128, "Gm": 89, "Dm": 52, "Bm": 37,
        "Ador": 115, "Edor": 61, "Ddor": 13, "Gdor": 12, "Bdor": 5,
        "Amix": 74, "Dmix": 72, "Gmix": 13,
    }.items()
}  # fmt: skip


def weighted_choice(counts: Mapping[Item, float], chance: float) -> Item:
    """The item that `chance`, a number from 0 to 1, selects; each item's interval is proportional to its count."""
    sums = list(accumulate(counts.values()))
    return list(counts)[min(bisect(sums, chance * sums[-1]), len(sums) - 1)]


def key_counts(mode: Mode) -> dict[Key, int]:
    """The common keys of a mode with their counts."""
    return {key: tunes for key, tunes in KEY_COUNTS.items() if key.mode is mode}
