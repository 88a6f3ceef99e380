"""Novelty: finds the known tune that shares the longest run of notes with a melody.

A run is a sequence of intervals, so it is found in any key and in any note lengths. Repeats count once, as they are written.
The index holds the melodies of the corpus. When it is read, all positions in them are sorted by the intervals that follow, so
positions that continue alike are neighbours. Training writes the file (see training.ranking_data).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generator.composer.arrays import Int64Array, UInt8Array, UInt64Array
from generator.composer.weights import SHIPPED, WeightsError

NEAR_COPY = 33  # notes: a tune that shares a run of this length with a known tune is a copy and never posted
GIVEN = 12  # notes: runs of this length that a melody shares with what the user gave are not counted, wherever they are
FILE = "novelty.npz"

_WINDOW, _BITS = 10, 6  # number of intervals that positions are sorted by, and bits for each: 60 of a sort key's 64
_WIDEST = 30  # semitones; the corpus has one wider interval
# Codes that equal no interval and not each other: the end of a known melody; the end of a new one, and what was given in it.
_KNOWN_END, _NEW_END = 0, 1

Codes = UInt8Array  # one interval each
Keys = UInt64Array  # the next _WINDOW intervals of a position


@dataclass(frozen=True, slots=True)
class Closest:
    """The known tune that shares the longest run with a melody, and the length of that run; "" and 0 if no tune shares one."""

    title: str
    notes: int


class Novelty:
    """The melodies of known tunes. It never changes, so threads can share it."""

    def __init__(self, titles: Sequence[str], codes: Codes, starts: Int64Array) -> None:
        """codes: the intervals of all melodies, with _KNOWN_END after each melody; starts: the positions where they begin."""
        self._titles, self._codes, self._starts = titles, codes, starts
        self._keys = _keys(codes, _KNOWN_END)
        self._order = np.argsort(self._keys, kind="stable").astype(np.int32)
        self._sorted = self._keys[self._order]

    @classmethod
    def of(cls, tunes: Iterable[tuple[str, Sequence[int]]]) -> Novelty:
        """An index of tunes: for each its title and its MIDI pitches as they are written."""
        titles, melodies = [], []
        for title, pitches in tunes:
            titles.append(" ".join(title.split()))
            melodies.append(np.append(_codes(pitches), np.uint8(_KNOWN_END)))
        starts = np.cumsum([0, *map(len, melodies)])[:-1]
        return cls(titles, np.concatenate(melodies) if melodies else np.zeros(0, np.uint8), starts)

    @classmethod
    def load(cls, path: Path | None = None) -> Novelty:
        """Reads what `save` wrote, by default the shipped file. Raises WeightsError."""
        path = path or SHIPPED / FILE
        try:
            with np.load(path, allow_pickle=False) as file:
                codes = file["codes"].astype(np.uint8)
                titles = bytes(file["titles"]).decode().split("\n")
            starts = np.flatnonzero(np.append(_KNOWN_END, codes) == _KNOWN_END)[:-1]
            if len(titles) != len(starts):
                raise ValueError(f"{len(titles)} titles for {len(starts)} tunes")
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise WeightsError(f"The known tunes in {path} cannot be read ({error}). Restore them with git.") from error
        return cls(titles, codes, starts)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, codes=self._codes, titles=np.frombuffer("\n".join(self._titles).encode(), np.uint8))

    def closest(self, melodies: Sequence[Sequence[int]], given: Sequence[int] = ()) -> list[Closest]:
        """The closest known tune for each melody.

        melodies: MIDI pitches as they are written; given: the pitches that the user gave (an opening, or the tune to vary).
        The notes with which a melody begins like `given`, and any GIVEN notes in a row that it shares with it, are not
        counted: only what was composed counts.
        """
        new = [_codes(pitches) for pitches in melodies]
        if len(given) > 1:
            new = _without(new, _codes(given))
        joined = np.concatenate([np.zeros(0, np.uint8), *(np.append(codes, np.uint8(_NEW_END)) for codes in new)])
        lengths, positions = self._longest(joined)
        found, start = [], 0
        for codes in new:
            best = start + int(np.argmax(lengths[start : start + len(codes) + 1]))
            start += len(codes) + 1
            if lengths[best]:
                tune = int(np.searchsorted(self._starts, positions[best], side="right")) - 1
                found.append(Closest(self._titles[tune], int(lengths[best]) + 1))
            else:
                found.append(Closest("", 0))
        return found

    def _longest(self, new: Codes) -> tuple[Int64Array, Int64Array]:
        """For each position in `new`: the number of intervals of the run that begins there, and its position in the known
        melodies. For positions inside a run the number may be too small.
        """
        lengths, positions = np.zeros(len(new), np.int64), np.zeros(len(new), np.int64)
        if not len(new) or not len(self._codes):
            return lengths, positions
        keys = _keys(new, _NEW_END)
        first = np.searchsorted(self._sorted, keys)
        for neighbour in (np.maximum(first - 1, 0), np.minimum(first, len(self._sorted) - 1)):  # one of them is most alike
            common = _alike(keys, self._sorted[neighbour])
            positions = np.where(common > lengths, self._order[neighbour], positions)
            lengths = np.maximum(common, lengths)
        whole = np.flatnonzero(lengths == _WINDOW)
        if not len(whole):
            return lengths, positions
        # All known positions with the same window, unless the interval before is the same too: then the run began earlier.
        first, last = first[whole], np.searchsorted(self._sorted, keys[whole], side="right")
        counts = last - first
        start = np.repeat(whole, counts)
        known = self._order[np.repeat(first - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())].astype(np.int64)
        begins = (start == 0) | (known == 0) | (new[start - 1] != self._codes[known - 1])
        start, known = start[begins], known[begins]
        runs, growing = np.full(len(start), _WINDOW), np.arange(len(start))
        while len(growing):
            common = _alike(keys[start[growing] + runs[growing]], self._keys[known[growing] + runs[growing]])
            runs[growing] += common
            growing = growing[common == _WINDOW]
        lengths[whole] = 0
        np.maximum.at(lengths, start, runs)
        longest = lengths[start] == runs
        positions[start[longest][::-1]] = known[longest][::-1]  # of several, the first in the sort order
        return lengths, positions


def _codes(pitches: Sequence[int]) -> Codes:
    steps = np.diff(np.asarray(pitches, np.int64))
    return (np.clip(steps, -_WIDEST, _WIDEST) + 32).astype(np.uint8)


def _keys(codes: Codes, end: int) -> Keys:
    """The next _WINDOW intervals of each position as one number, the first in the highest bits. end: code for padding."""
    padded = np.concatenate([codes, np.full(_WINDOW, end, np.uint8)])
    keys = np.zeros(len(codes), np.uint64)
    for ahead in range(_WINDOW):
        keys = keys << np.uint64(_BITS) | padded[ahead : ahead + len(codes)]
    return keys


def _alike(some: Keys, others: Keys) -> Int64Array:
    """How many of the first intervals are equal in each pair of keys."""
    differ = some ^ others
    found = np.zeros(len(differ), np.int64)
    for rest in range(_WINDOW):
        found += differ >> np.uint64(_BITS * rest) == 0
    return found


def _without(melodies: Sequence[Codes], given: Codes) -> list[Codes]:
    """The melodies with _NEW_END instead of the intervals that come from what the user gave."""
    least = GIVEN - 1
    runs = {bytes(given[start : start + least]) for start in range(len(given) - least + 1)}
    found = []
    for codes in melodies:
        shorter = min(len(codes), len(given))
        differ = np.flatnonzero(codes[:shorter] != given[:shorter])
        own = codes.copy()
        own[: differ[0] if len(differ) else shorter] = _NEW_END
        for start in range(len(codes) - least + 1):
            if bytes(codes[start : start + least]) in runs:
                own[start : start + least] = _NEW_END
        found.append(own)
    return found
