"""When each written note is heard, so that a page can light it up on the sheet while the recording plays."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction
from itertools import groupby
from typing import Protocol

from generator.notation.score import Score
from generator.notation.tempo import seconds, tempo


class Onset(Protocol):
    """A sound of the melody: its onset in whole notes, and the places of its note in `Score.bars` and `Bar.notes`."""

    @property
    def onset(self) -> Fraction: ...
    @property
    def bar(self) -> int: ...
    @property
    def note(self) -> int: ...


def write_time_map(score: Score, sounds: Iterable[Onset], *, delay_ms: float = 0) -> bytes:
    """JSON: `[{"ms": 536, "bar": 0, "note": 1}, …]` in the order played, repeats played out.

    `ms` counts from the start of a recording that begins `delay_ms` before the tune; `music21_score.note_id` names the note on
    the sheet. The heads of a chord, and the grace notes and cuts that adorn a note, are told as one.
    """
    at = tempo(score)
    told = groupby(sorted(sounds, key=lambda sound: sound.onset), key=lambda sound: (sound.bar, sound.note))
    entries = [
        {"ms": max(round(delay_ms + 1_000 * seconds(next(group).onset, at)), 0), "bar": bar, "note": note}
        for (bar, note), group in told
    ]
    return json.dumps(entries, separators=(",", ":")).encode()
