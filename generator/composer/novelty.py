"""Which known tune a melody shares its longest run of notes with, in whatever key and rhythm.

A run is a stretch of intervals, so a tune that was transposed or put in other note lengths is found all the same; a repeat
counts once, as it is written. The index is the corpus' melodies and, made on reading, the order of all their places by the
intervals that follow: the places that go on like an asked one stand together in it. Training writes it (`training.ranking`).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generator.composer.weights import SHIPPED, WeightsError

NEAR_COPY = 33  # notes: a tune that shares so many in a row with a known one is a copy of it, and never posted
GIVEN = 12  # notes in a row that a melody has from what was handed in are not its own, wherever they stand
FILE = "novelty.npz"

_WINDOW, _BITS = 10, 6  # intervals that a place is ordered by, and the bits of each: 60 of a key's 64
_WIDEST = 30  # semitones; the corpus holds one wider interval
_BETWEEN, _ASKED = 0, 1  # behind a known melody, and behind an asked one or instead of what was given: alike to nothing

Codes = NDArray[np.uint8]
Keys = NDArray[np.uint64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Closest:
    """The known tune that shares the longest run with a melody, and the notes of that run; no title and 0 where none does."""

    title: str
    notes: int


class Novelty:
    """The melodies of known tunes. One for all threads: nothing in it changes."""

    def __init__(self, titles: Sequence[str], codes: Codes, starts: Places) -> None:
        """`codes` are all melodies' intervals, each melody ended by _BETWEEN; `starts` are the places where they begin."""
        self._titles, self._codes, self._starts = titles, codes, starts
        self._keys = _keys(codes, _BETWEEN)
        self._order = np.argsort(self._keys, kind="stable").astype(np.int32)
        self._sorted = self._keys[self._order]

    @classmethod
    def of(cls, tunes: Iterable[tuple[str, Sequence[int]]]) -> Novelty:
        """An index of tunes, each its title and its MIDI pitches as written."""
        titles, melodies = [], []
        for title, pitches in tunes:
            titles.append(" ".join(title.split()))
            melodies.append(np.append(_codes(pitches), np.uint8(_BETWEEN)))
        starts = np.cumsum([0, *map(len, melodies)])[:-1]
        return cls(titles, np.concatenate(melodies) if melodies else np.zeros(0, np.uint8), starts)

    @classmethod
    def load(cls, path: Path | None = None) -> Novelty:
        """The index in a file, the shipped one without it; raises WeightsError."""
        path = path or SHIPPED / FILE
        try:
            with np.load(path, allow_pickle=False) as file:
                codes = file["codes"].astype(np.uint8)
                titles = bytes(file["titles"]).decode().split("\n")
            starts = np.flatnonzero(np.append(_BETWEEN, codes) == _BETWEEN)[:-1]
            if len(titles) != len(starts):
                raise ValueError(f"{len(titles)} titles of {len(starts)} tunes")
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise WeightsError(f"The known tunes in {path} cannot be read ({error}). Restore them with git.") from error
        return cls(titles, codes, starts)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, codes=self._codes, titles=np.frombuffer("\n".join(self._titles).encode(), np.uint8))

    def closest(self, melodies: Sequence[Sequence[int]], given: Sequence[int] = ()) -> list[Closest]:
        """For each melody, MIDI pitches as they are written, the known tune that is nearest.

        `given` are the pitches that somebody handed in: an opening, or the tune that is varied. What a melody begins with of
        them, and any GIVEN notes in a row that it has from them, is passed over, so that only what was composed counts.
        """
        asked = [_codes(pitches) for pitches in melodies]
        if len(given) > 1:
            asked = _without(asked, _codes(given))
        joined = np.concatenate([np.zeros(0, np.uint8), *(np.append(codes, np.uint8(_ASKED)) for codes in asked)])
        lengths, places = self._longest(joined)
        found, start = [], 0
        for codes in asked:
            best = start + int(np.argmax(lengths[start : start + len(codes) + 1]))
            start += len(codes) + 1
            if lengths[best]:
                tune = int(np.searchsorted(self._starts, places[best], side="right")) - 1
                found.append(Closest(self._titles[tune], int(lengths[best]) + 1))
            else:
                found.append(Closest("", 0))
        return found

    def _longest(self, asked: Codes) -> tuple[Places, Places]:
        """For each place where a run begins its intervals, and where they stand in the known melodies.

        What lies inside a run may be told too short, or 0.
        """
        lengths, places = np.zeros(len(asked), np.int64), np.zeros(len(asked), np.int64)
        if not len(asked) or not len(self._codes):
            return lengths, places
        keys = _keys(asked, _ASKED)
        first = np.searchsorted(self._sorted, keys)
        for beside in (np.maximum(first - 1, 0), np.minimum(first, len(self._sorted) - 1)):  # the most alike stand beside it
            common = _alike(keys, self._sorted[beside])
            places = np.where(common > lengths, self._order[beside], places)
            lengths = np.maximum(common, lengths)
        whole = np.flatnonzero(lengths == _WINDOW)
        if not len(whole):
            return lengths, places
        # Every known place that has the whole window, unless the interval before is the same, too.
        first, last = first[whole], np.searchsorted(self._sorted, keys[whole], side="right")
        counts = last - first
        at = np.repeat(whole, counts)
        known = self._order[np.repeat(first - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())].astype(np.int64)
        begins = (at == 0) | (known == 0) | (asked[at - 1] != self._codes[known - 1])
        at, known = at[begins], known[begins]
        runs, going = np.full(len(at), _WINDOW), np.arange(len(at))
        while len(going):
            common = _alike(keys[at[going] + runs[going]], self._keys[known[going] + runs[going]])
            runs[going] += common
            going = going[common == _WINDOW]
        lengths[whole] = 0
        np.maximum.at(lengths, at, runs)
        longest = lengths[at] == runs
        places[at[longest][::-1]] = known[longest][::-1]  # of several the first in the order
        return lengths, places


def _codes(pitches: Sequence[int]) -> Codes:
    steps = np.diff(np.asarray(pitches, np.int64))
    return (np.clip(steps, -_WIDEST, _WIDEST) + 32).astype(np.uint8)


def _keys(codes: Codes, behind: int) -> Keys:
    """For each place the intervals that follow as one number, the first in its highest bits."""
    padded = np.concatenate([codes, np.full(_WINDOW, behind, np.uint8)])
    keys = np.zeros(len(codes), np.uint64)
    for ahead in range(_WINDOW):
        keys = keys << np.uint64(_BITS) | padded[ahead : ahead + len(codes)]
    return keys


def _alike(some: Keys, others: Keys) -> Places:
    """How many intervals each two keys have in common from the first on."""
    differ = some ^ others
    found = np.zeros(len(differ), np.int64)
    for rest in range(_WINDOW):
        found += differ >> np.uint64(_BITS * rest) == 0
    return found


def _without(asked: Sequence[Codes], given: Codes) -> list[Codes]:
    """The melodies with _ASKED in the place of intervals that they have from what was given."""
    least = GIVEN - 1
    runs = {bytes(given[at : at + least]) for at in range(len(given) - least + 1)}
    found = []
    for codes in asked:
        shorter = min(len(codes), len(given))
        differ = np.flatnonzero(codes[:shorter] != given[:shorter])
        own = codes.copy()
        own[: differ[0] if len(differ) else shorter] = _ASKED
        for at in range(len(codes) - least + 1):
            if bytes(codes[at : at + least]) in runs:
                own[at : at + least] = _ASKED
        found.append(own)
    return found
