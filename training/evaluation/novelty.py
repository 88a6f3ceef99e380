"""How much of a melody stands in the training tunes already, note for note, in whatever key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

LONGEST = 128  # intervals up to which a run is followed: no tune of ours is known to be shared farther

_BETWEEN, _PADDING = 1, 2  # between known melodies, and behind an asked one: neither is an interval, nor like the other


class KnownMelodies:
    """Every place of every melody, in the order of what follows from there (a suffix array)."""

    def __init__(self, melodies: Iterable[Sequence[int]]) -> None:
        """Each melody is its intervals in semitones."""
        joined = [byte for melody in melodies for byte in (*map(_byte, melody), _BETWEEN)]
        self._windows = np.sort(_windows(joined, _BETWEEN))

    def longest_runs(self, melodies: Sequence[Sequence[int]]) -> list[int]:
        """For each melody the notes of its longest run that a known melody has too; 0 for a melody without intervals."""
        joined = [byte for melody in melodies for byte in (*map(_byte, melody), _PADDING)]
        if not joined:
            return []
        asked = _windows(joined, _PADDING)
        after = np.searchsorted(self._windows, asked)
        last = len(self._windows) - 1
        common = np.zeros(len(asked), np.int64)
        for neighbour in (np.maximum(after - 1, 0), np.minimum(after, last)):  # what begins most alike stands beside it
            common = np.maximum(common, _common(asked, self._windows[neighbour]))
        ends = np.cumsum([len(melody) + 1 for melody in melodies])
        runs = [int(part.max(initial=0)) for part in np.split(common, ends[:-1])]
        return [run + 1 if run else min(len(melody), 1) for run, melody in zip(runs, melodies, strict=True)]


def _byte(interval: int) -> int:
    return min(max(interval, -100), 100) + 128


def _windows(values: Sequence[int], padding: int) -> NDArray[np.bytes_]:
    """What follows from each place, as byte strings of LONGEST."""
    padded = np.array([*values, *[padding] * LONGEST], np.uint8)
    views = np.lib.stride_tricks.sliding_window_view(padded, LONGEST)[: len(values)]
    result: NDArray[np.bytes_] = np.ascontiguousarray(views).view(f"S{LONGEST}")[:, 0]
    return result


def _common(some: NDArray[np.bytes_], others: NDArray[np.bytes_]) -> NDArray[np.int64]:
    """How many bytes of each pair of strings are the same from the start."""
    equal = some.view(np.uint8).reshape(-1, LONGEST) == others.view(np.uint8).reshape(-1, LONGEST)
    result: NDArray[np.int64] = np.logical_and.accumulate(equal, axis=1).sum(1)
    return result
