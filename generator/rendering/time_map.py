"""The time map: when each written note sounds, so that a page can highlight it on the sheet while the recording plays."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction
from itertools import groupby
from typing import Protocol

from generator.notation.score import Score
from generator.notation.tempo import seconds, tempo


class Onset(Protocol):
    """A sound of the melody: its onset in whole notes, and the indices of its note in `Score.bars` and `Bar.notes`."""

    @property
    def onset(self) -> Fraction: ...
    @property
    def bar(self) -> int: ...
    @property
    def note(self) -> int: ...


def write_time_map(score: Score, sounds: Iterable[Onset], *, delay_ms: float = 0) -> bytes:
    """JSON: `[{"onset_ms": 536, "bar": 0, "note": 1}, …]` in playing order, with repeats played out.

    `onset_ms` counts from the start of a recording that begins `delay_ms` before the tune. `bar` and `note` are indices from 0;
    `music21_score.note_id` gives the id of the note on the sheet. The notes of a chord have one entry together, and so has a
    note with its grace notes and cuts.
    """
    beat_tempo = tempo(score)
    notes = groupby(sorted(sounds, key=lambda sound: sound.onset), key=lambda sound: (sound.bar, sound.note))
    entries = [
        {"onset_ms": max(round(delay_ms + 1_000 * seconds(next(group).onset, beat_tempo)), 0), "bar": bar, "note": note}
        for (bar, note), group in notes
    ]
    return json.dumps(entries, separators=(",", ":")).encode()
