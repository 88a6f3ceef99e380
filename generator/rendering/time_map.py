"""The time map: when notes, bars and beats sound, so that a page can follow a recording on the sheet and practise with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any, Protocol

from generator.notation.score import Score
from generator.notation.tempo import seconds, tempo
from generator.notation.transpose import sounding
from generator.rendering.performance.harmony import with_chord_symbols
from generator.rendering.performance.played_bars import PlayedBar
from generator.rendering.sheet.layout import bar_numbers


class Onset(Protocol):
    """A sound of the melody: its onset in whole notes, and the indices of its note in `Score.bars` and `Bar.notes`."""

    @property
    def onset(self) -> Fraction: ...
    @property
    def bar(self) -> int: ...
    @property
    def note(self) -> int: ...


def write_time_map(score: Score, sounds: Iterable[Onset], bars: Sequence[PlayedBar], *, delay_ms: float = 0) -> bytes:
    """JSON with three lists, the first two in playing order with repeats played out:

    - `notes`: `{"onset_ms": 536, "bar": 0, "note": 1}`. `music21_score.note_id` gives the id of the note on the sheet. The notes
      of a chord have one entry together, and so has a note with its grace notes and cuts.
    - `bars`: `{"bar": 0, "number": 1, "onset_ms": 25, "end_ms": 1960, "beats_ms": [25, 992]}`, in strict time, with the
      number on the sheet.
    - `written`: `{"bar": 0, "note": 1, "pitches": [69], "chord": "Am"}`, the notes as written, with the MIDI pitches that sound,
      and the chord of the backing that begins there.

    `bar` and `note` are indices from 0. Times count from the start of a recording that begins `delay_ms` before the tune.
    """
    beat_tempo = tempo(score)

    def ms(onset: Fraction) -> int:
        return max(round(delay_ms + 1_000 * seconds(onset, beat_tempo)), 0)

    groups = groupby(sorted(sounds, key=lambda sound: sound.onset), key=lambda sound: (sound.bar, sound.note))
    notes = [{"onset_ms": ms(next(group).onset), "bar": bar, "note": note} for (bar, note), group in groups]
    numbers = bar_numbers(score)
    played = [
        {
            "bar": bar.index,
            "number": numbers[bar.index],
            "onset_ms": ms(bar.onset),
            "end_ms": ms(bar.end),
            "beats_ms": [ms(beat) for beat in _beats(bar)],
        }
        for bar in bars
    ]
    data = {"notes": notes, "bars": played, "written": _written(score)}
    return json.dumps(data, separators=(",", ":")).encode()


def _beats(bar: PlayedBar) -> list[Fraction]:
    """The onsets of the beats in a bar. A bar in free metre has one, at its start."""
    if bar.metre is None:
        return [bar.onset]
    beat = bar.metre.beat
    first = -(-bar.bar_offset // beat)  # a pick-up begins between two beats
    offsets = (beat * number - bar.bar_offset for number in range(first, first + bar.metre.beats + 1))
    return [bar.onset + offset for offset in offsets if offset < bar.duration]


def _written(score: Score) -> list[dict[str, Any]]:
    melody = sounding(with_chord_symbols(score).by_voice()[0])
    return [
        {"bar": index, "note": number, "pitches": [pitch.midi for pitch in note.pitches]}
        | ({"chord": note.chord_symbol} if note.chord_symbol else {})
        for index, bar in enumerate(melody.bars)
        for number, note in enumerate(bar.notes)
    ]
