"""What the tradition plays how often: counts of tunes in the corpus' training split, 4,353 tunes of which 3,307 name a rhythm.

Where a wish leaves something open that the model does not choose, it is drawn from these.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from itertools import accumulate
from typing import TypeVar

from generator.notation.keys import Key, Mode

T = TypeVar("T")

RHYTHM_SHARES = {
    "reel": 1061, "jig": 733, "hornpipe": 570, "air": 470, "march": 170, "slip jig": 133, "strathspey": 83, "polka": 42,
    "slide": 31, "waltz": 14,
}  # fmt: skip
# The keys that two or more in a hundred tunes of their mode stand in.
KEY_SHARES = {
    Key.parse(name): tunes
    for name, tunes in {
        "G": 1535, "D": 1276, "A": 361, "C": 120, "F": 102, "Bb": 102,
        "Em": 155, "Am": 128, "Gm": 89, "Dm": 52, "Bm": 37,
        "Ador": 115, "Edor": 61, "Ddor": 13, "Gdor": 12, "Bdor": 5,
        "Amix": 74, "Dmix": 72, "Gmix": 13,
    }.items()
}  # fmt: skip


def drawn(shares: Mapping[T, float], chance: float) -> T:
    """The one that a chance from 0 to 1 falls on, each as likely as its share of the sum."""
    sums = list(accumulate(shares.values()))
    return list(shares)[min(bisect(sums, chance * sums[-1]), len(sums) - 1)]


def keys_of(mode: Mode) -> dict[Key, int]:
    """The usual keys of a mode and their shares."""
    return {key: tunes for key, tunes in KEY_SHARES.items() if key.mode is mode}
