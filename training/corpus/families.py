"""Groups versions of the same tune into families and assigns each family to a split.

Versions share much of their melody, in any key or book. All members of a family are in the same split, so that
results on held-out tunes don't measure memorization.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from generator.notation.score import Score
from training.corpus.corpus import Split

RUN_NOTES = 11  # length of the note sequences that are compared
MIN_SHARED = 0.4  # share of the shorter tune's sequences that makes two tunes one family
MAX_HOLDERS = 60  # a sequence in more tunes than this, such as a long scale, is no sign of a common origin
HELD_OUT = 0.05  # share of the families in each of validation and test


def split_of(family: str) -> Split:
    """The split of a family. It depends on the family's name alone, so it stays the same when tunes are added."""
    share = int.from_bytes(hashlib.sha256(family.encode()).digest()[:4]) / 2**32
    return "test" if share < HELD_OUT else "validation" if share < 2 * HELD_OUT else "train"


def melodic_intervals(score: Score) -> list[int]:
    """The melody's intervals in semitones; repeats count once."""
    pitches = [pitch.midi for note in score.notes() if (pitch := note.melody)]
    return [after - before for before, after in pairwise(pitches)]


def find_families(tunes: Sequence[Sequence[Any]]) -> list[str]:
    """The family of each (intervals, id): the smallest id of its members. Kinship is transitive."""
    holders: dict[tuple[int, ...], list[int]] = defaultdict(list)
    sizes = []
    for index, (intervals, _) in enumerate(tunes):
        runs = {tuple(intervals[start : start + RUN_NOTES - 1]) for start in range(len(intervals) - RUN_NOTES + 2)}
        sizes.append(len(runs))
        for run in runs:
            holders[run].append(index)
    shared: Counter[tuple[int, int]] = Counter()
    for members in holders.values():
        if 1 < len(members) <= MAX_HOLDERS:
            shared.update((a, b) for index, a in enumerate(members) for b in members[index + 1 :])
    parent = list(range(len(tunes)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for (a, b), count in shared.items():
        if count >= MIN_SHARED * max(1, min(sizes[a], sizes[b])):
            parent[max(root(a), root(b))] = min(root(a), root(b))
    return [str(tunes[root(index)][1]) for index in range(len(tunes))]
